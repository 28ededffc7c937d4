"""HW-04a Software RAID is whole (R128 硬件)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, critical, not_applicable, ok, warning
from tasks.checks.lines import until_end


def parse(output: str) -> list[tuple[str, int, int, str]]:
    """Array, members wanted, members there, what is going on (recovery, resync, check)."""
    text = "\n".join(until_end(output))
    if "Personalities" not in text:
        raise Unreadable("/proc/mdstat does not begin with its personalities", "/proc/mdstat 的开头不是 Personalities")
    found = []
    for piece in re.split(r"^(?=md\S* : )", text, flags=re.M)[1:]:
        name = piece.split()[0]
        members = re.search(r"\[(\d+)/(\d+)\]", piece)
        doing = re.search(r"(recovery|resync|reshape|check)\s*=", piece)
        if "inactive" in piece.splitlines()[0]:
            found.append((name, 1, 0, "inactive"))
        else:
            # Level 0 and linear have no spare members to count.
            found.append((name, int(members[1]) if members else 1, int(members[2]) if members else 1, doing[1] if doing else ""))
    return found


def judge(arrays: list[tuple[str, int, int, str]], limits: Limits, known: Known) -> Iterator[Row]:
    for name, wanted, there, doing in arrays:
        if there < wanted:
            yield critical(f"{name} 降级:{wanted} 个成员中有 {there} 个 {doing}", f"{name} is degraded: {there} of {wanted} members {doing}".rstrip(),
                           object=name,
                           value=there, unit="members")
        elif doing in ("recovery", "resync", "reshape"):
            yield warning(f"{name} 正在 {doing}", f"{name}: {doing} under way", object=name, value=there, unit="members")
        else:
            yield ok(f"{name} 的 {there} 个成员都在", f"all {there} members of {name} are there", object=name, value=there, unit="members")
    if not arrays:
        yield not_applicable("没有软 RAID", "there is no software RAID")


CHECK = HostCheck(
    id="HW-04a",
    title=Text(zh="软 RAID", en="Software RAID"),
    chapter="hardware",
    command="""
[ -r /proc/mdstat ] || na "内核没有软 RAID" "no software RAID in this kernel"
cat /proc/mdstat
echo end
""",
    parse=parse,
    judge=judge,
    remedy=Text(zh="mdadm --detail;更换磁盘后 mdadm --add,观察重建", en="mdadm --detail; replace the disk, mdadm --add, watch the rebuild"),
    source="md(4); node-exporter mixin NodeRAIDDegraded",
)
