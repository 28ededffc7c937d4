"""STO-03a What /etc/fstab and the inventory name is mounted, and writable where it should be (R131 存储外设检查). Inventory: `mounts`."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, critical, not_applicable, ok, warning
from tasks.checks.lines import until_end, words
from tasks.operations.attributes import mendable
from tasks.operations.mend import Mend
from tasks.operations.mount import mount

MOUNTS = r"""
[ -r /etc/fstab ] && while read -r device point kind options rest; do
  case $device in '#'*|'') continue;; esac
  echo "fstab $point $kind ${options:-defaults}"
  # what lies in a folder that something belongs over; a folder that is mounted is not looked into, it might hang
  case $point in /?*) grep -qF " $point " /proc/mounts || { [ -d "$point" ] && ls -A "$point" 2>/dev/null | grep -q . && echo "filled $point"; } ;; esac
done </etc/fstab
while read -r device point kind options rest; do echo "mount $point $kind ${options%%,*}"; done </proc/mounts
echo end
"""


Mounts = tuple[list[tuple[str, str, str]], dict[str, tuple[str, str]], set[str]]


def parse(output: str) -> Mounts:
    """fstab: mount point, type, options; mounts: type and rw or ro by mount point; places where nothing is mounted and files lie."""
    wanted: list[tuple[str, str, str]] = []
    filled: set[str] = set()
    there: dict[str, tuple[str, str]] = {}
    for line in until_end(output):
        kind, rest = words(line, 2)
        if kind == "fstab":
            point, what, options = words(rest, 3)
            wanted.append((point, what, options))
        elif kind == "filled":
            filled.add(rest)
        elif kind == "mount":
            point, what, how = words(rest, 3)
            there[point] = (what, how)
        else:
            raise Unreadable(f"{line[:60]!r} is no mount", f"{line[:60]!r} 不是挂载")
    if "/" not in there:
        raise Unreadable("the root is not among the mounts", "挂载中没有根文件系统")
    return wanted, there, filled


def judge(answer: Mounts, limits: Limits, known: Known) -> Iterator[Row]:
    wanted, there, _ = answer
    expected = [(point, "", "") for point in known.expected.get("mounts", []) if point not in {point for point, _, _ in wanted}]
    rows = False
    for point, kind, options in [*wanted, *expected]:
        told = options.split(",")
        if kind == "swap" or not point.startswith("/") or {"noauto", "x-systemd.automount"} & set(told):
            continue
        rows = True
        if point not in there:
            yield (warning if "nofail" in told else critical)(f"{point} 没有挂载", f"{point} is not mounted", object=point)
        elif there[point][1] == "ro" and "ro" not in told and kind not in ("iso9660", "squashfs"):
            yield critical(f"{point} 变为只读", f"{point} became read-only", object=point)
        else:
            yield ok(f"{point} 已挂载", f"{point} is mounted", object=point)
    if not rows:
        yield not_applicable("/etc/fstab 没有写明挂载", "/etc/fstab names no mounts")


def mend(row: Row, answer: Mounts, known: Known) -> Mend | Text:
    wanted, there, filled = answer
    if row.object in there:
        return Text(zh=f"{row.object} 变为只读:先查内核日志(LOG-02)并备份,再在窗口内 fsck",
                    en=f"{row.object} became read-only: look at the kernel's log (LOG-02) and back up first, then fsck in a window")
    if row.object not in {point for point, _, _ in wanted} or not mendable(row.object):
        return Text(zh=f"/etc/fstab 没有写明 {row.object},不知应挂载什么", en=f"/etc/fstab does not name {row.object}, so nobody knows what to mount there")
    if row.object in filled:
        return Text(zh=f"{row.object} 目录中有文件,挂载会将其遮住,请先查看", en=f"files lie in {row.object}, which a mount would hide: look at them first")
    return mount(row.object)


CHECK = HostCheck(
    id="STO-03a",
    title=Text(zh="应挂载的文件系统", en="Expected mounts"),
    chapter="storage",
    command=MOUNTS,
    parse=parse,
    judge=judge,
    remedy=Text(zh="mount -a;只读时先看 LOG-02,在窗口内 fsck", en="mount -a; where it is read-only see LOG-02 first, then fsck in a window"),
    mend=mend,
    source="fstab(5); proc_pid_mounts(5)",
)
