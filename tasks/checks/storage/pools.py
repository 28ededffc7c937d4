"""STO-07b Pools of ZFS and volumes of Btrfs are well (R131 存储外设检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, critical, ok, whole
from tasks.checks.lines import until_end, words


def parse(output: str) -> list[tuple[str, str, str]]:
    """Kind, name, state: ONLINE for ZFS, number of errors for Btrfs."""
    found = []
    for line in until_end(output):
        kind, name, state = words(line, 3)
        if kind not in ("zfs", "btrfs"):
            raise Unreadable(f"{line[:60]!r} is no pool", f"{line[:60]!r} 不是存储池")
        found.append((kind, name, state))
    if not found:
        raise Unreadable("no pool was named", "没有列出存储池")
    return found


def judge(found: list[tuple[str, str, str]], limits: Limits, known: Known) -> Iterator[Row]:
    for kind, name, state in found:
        good = state == "ONLINE" if kind == "zfs" else whole(state, "a count") == 0
        if good:
            yield ok(f"{name}({kind})正常", f"{name}, {kind}, is well", object=name)
        else:
            yield critical(f"{name}({kind})状态 {state}", f"{name}, {kind}: {state}", object=name)


CHECK = HostCheck(
    id="STO-07b",
    title=Text(zh="ZFS 与 Btrfs", en="ZFS and Btrfs"),
    chapter="storage",
    command=r"""
n=0
if command -v zpool >/dev/null; then
  out=$(zpool list -H -o name,health 2>&1) || cannot "zpool 报错" "zpool failed" "$out"
  [ -n "$out" ] && echo "$out" | sed 's/^/zfs /' && n=1
fi
points=$(while read -r _ point kind _; do [ "$kind" = btrfs ] && echo "$point"; done </proc/mounts)
if [ -n "$points" ]; then
  command -v btrfs >/dev/null || cannot "缺少 btrfs" "btrfs is missing"
  for point in $points; do
    out=$(btrfs device stats "$point" 2>&1) || cannot "btrfs 报错" "btrfs failed" "$out"
    echo "btrfs $point $(echo "$out" | awk '{ n += $2 } END { print n + 0 }')"; n=1
  done
fi
[ $n = 1 ] || na "没有 ZFS 或 Btrfs" "neither ZFS nor Btrfs here"
echo end
""",
    parse=parse,
    judge=judge,
    remedy=Text(zh="zpool status -v;btrfs scrub start;更换磁盘", en="zpool status -v; btrfs scrub start; replace the disk"),
    source="zpool-list(8); btrfs-device(8)",
)
