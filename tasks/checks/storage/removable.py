"""STO-06 Removable media that are mounted (R131 存储外设检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, ok, warning, whole
from tasks.checks.lines import until_end, words


def parse(output: str) -> list[tuple[str, str]]:
    """Device and mount point; the last line counts the disks."""
    lines = until_end(output)
    if not lines or not lines[-1].startswith("disks "):
        raise Unreadable("the disks were not counted", "没有给出磁盘数量")
    whole(lines[-1].split()[1], "a count")
    return [tuple(words(line, 2)) for line in lines[:-1]]  # type: ignore[misc]


def judge(found: list[tuple[str, str]], limits: Limits, known: Known) -> Iterator[Row]:
    for device, point in found:
        yield warning(f"可移动介质 {device} 挂载在 {point}", f"removable medium {device} is mounted on {point}", object=device)
    if not found:
        yield ok("没有挂载可移动介质", "no removable medium is mounted")


CHECK = HostCheck(
    id="STO-06",
    title=Text(zh="可移动介质", en="Removable media"),
    chapter="storage",
    command=r"""
n=0
for d in /sys/block/*; do
  [ -r "$d/removable" ] || continue
  n=$((n + 1)); read -r removable <"$d/removable"
  # a USB disk does not call itself removable
  case $removable$(readlink "$d") in 1*|*/usb[0-9]*) ;; *) continue;; esac
  while read -r device point rest; do case $device in /dev/${d##*/}*) echo "$device $point";; esac; done </proc/mounts
done
echo "disks $n"
echo end
""",
    parse=parse,
    judge=judge,
    remedy=Text(zh="确认用途后卸下并按介质管理制度登记", en="Ask what it is for, take it out and register it"),
    source="Linux Documentation/ABI/stable/sysfs-block",
    clause="GB/T 22239-2019 8.1.10.3",
)
