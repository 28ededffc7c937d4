"""What lies anywhere on the system's own file system, found in one walk: it never leaves it for the network, and has its time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tasks.checks.kinds import Known, Row, Unreadable, whole
from tasks.controls.kinds import Bounds, failed, passed
from tasks.controls.reading import by_kind

# Container layers belong to their images. A program that a package brought is looked after by its package.
TREE = r"""
found=$(find / -xdev \( -path /proc -o -path /sys -o -path /run -o -path /snap \
    -o -path /var/lib/docker -o -path /var/lib/containerd -o -path /var/lib/containers \) -prune \
  -o \( \( \( -type f -perm -0002 -o -type d -perm -0002 ! -perm -1000 \) -printf 'writable %p\n' -o -true \) \
    \( \( -nouser -o -nogroup \) -printf 'unowned %p\n' -o -true \) \( -type f \( -perm -4000 -o -perm -2000 \) -printf 'runs %p\n' -o -true \) \
    -type d -printf 'folder\n' \) 2>/dev/null |
  awk '$1 == "folder" { n++; next } ++told[$1] <= 100 { print } END { print "looked " n + 0 }')
printf '%s\n' "$found" | grep -v '^runs '
if command -v rpm >/dev/null && ! command -v dpkg >/dev/null; then
  printf '%s\n' "$found" | sed -n 's/^runs //p' | while read -r path; do rpm -qf "$path" >/dev/null 2>&1 || echo "setuid $path"; done
else
  # /usr may have been merged since a package was built: with and without it the path is the same
  printf '%s\n' "$found" | sed -n 's/^runs //p' | { cat; echo; cat /var/lib/dpkg/info/*.list 2>/dev/null; } |
    awk '$0 == "" { known = 1; next } { path = $0; sub(/^\/usr\//, "/", path) } !known { asked[path] = $0; next } path in asked { delete asked[path] }
      END { for (path in asked) print "setuid " asked[path] }'
fi
echo end
"""


def tree(output: str) -> dict[str, list[str]]:
    found = by_kind(output, "writable", "unowned", "setuid", "looked")
    if len(found["looked"]) != 1 or not whole(found["looked"][0], "a count"):
        raise Unreadable("no folder was looked at", "没有查看任何目录")
    return found


def none_of(kind: str, zh: str, en: str) -> Callable[[dict[str, list[str]], Bounds, Known], Iterator[Row]]:
    def judge(found: dict[str, list[str]], bounds: Bounds, known: Known) -> Iterator[Row]:
        for path in found[kind]:
            yield failed(f"{zh} {path}", f"{en} {path}", object=path)
        if not found[kind]:
            yield passed(f"查看了 {found['looked'][0]} 个目录,没有发现", f"looked at {found['looked'][0]} folders and found none")
    return judge
