"""STO-03c Network mounts answer (R131 存储外设检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, critical, not_applicable, ok, whole
from tasks.checks.lines import until_end, words


def parse(output: str) -> list[tuple[str, bool]]:
    """Mount point, whether it answers."""
    lines = until_end(output)
    if not lines or not lines[-1].startswith("mounts "):
        raise Unreadable("the mounts were not counted", "没有给出挂载数量")
    count = whole(lines[-1].split()[1], "a count")
    found = [(path, verdict == "answers") for verdict, path in (words(line, 2) for line in lines[:-1])]
    if len(found) != count:
        raise Unreadable(f"{len(found)} of {count} mounts were asked", f"{count} 个挂载只询问了 {len(found)} 个")
    return found


def judge(found: list[tuple[str, bool]], limits: Limits, known: Known) -> Iterator[Row]:
    for path, good in found:
        if good:
            yield ok(f"{path} 有回应", f"{path} answers", object=path)
        else:
            yield critical(f"{path} 在 3 秒内没有回应", f"{path} does not answer within 3 s", object=path)
    if not found:
        yield not_applicable("没有网络挂载", "there are no network mounts")


CHECK = HostCheck(
    id="STO-03c",
    title=Text(zh="网络挂载的回应", en="Network mounts"),
    chapter="storage",
    # A question to a dead server cannot always be ended: it is asked in the background, with nothing of ours open, and left behind.
    command=r"""
set -f
points=$(while read -r device point kind rest; do case $kind in nfs|nfs4|cifs|smb3|glusterfs|ceph|fuse.*) echo "$point";; esac; done </proc/mounts)
n=0; asked=
for point in $points; do
  path=$(printf '%b' "$point")
  stat -f -- "$path" >/dev/null 2>&1 </dev/null 3>&- 4>&- &
  asked="$asked $!:$point"; n=$((n + 1))
done
tries=0; waiting=$asked
while [ -n "$waiting" ] && [ $tries -lt 15 ]; do
  sleep 0.2; tries=$((tries + 1)); left=
  for one in $waiting; do
    # a child that ended and was not waited for is a zombie
    { read -r line </proc/${one%%:*}/stat; } 2>/dev/null && case ${line##*) } in Z*) ;; *) left="$left $one";; esac
  done
  waiting=$left
done
for one in $asked; do
  case " $waiting " in *" $one "*) echo "hangs ${one#*:}";; *) echo "answers ${one#*:}";; esac
done
echo "mounts $n"
echo end
""",
    parse=parse,
    judge=judge,
    remedy=Text(zh="恢复文件服务器或网络;必要时 umount -l", en="Bring back the file server or the network; umount -l if need be"),
    source="stat(1) -f; nfs(5)",
)
