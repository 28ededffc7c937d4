"""HW-06b New entries of the BMC's event log (R128 硬件)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, Unreadable, whole
from tasks.checks.lines import until_end


def parse(output: str) -> tuple[int, list[str]]:
    """Entries in all, the last of them."""
    lines = until_end(output)
    if not lines or not lines[0].startswith("entries "):
        raise Unreadable("the entries were not counted", "没有给出条目数量")
    return whole(lines[0].split()[1], "a count"), lines[1:]


def judge(answer: tuple[int, list[str]], limits: Limits, known: Known) -> Iterator[Row]:
    count, lines = answer
    before = known.before.get("")
    # The first time all are old; a smaller figure than last time: somebody cleared the log.
    new = count - before.value if before and before.value is not None and before.value <= count else (count if before else 0)
    yield Row(limits["new"].grade(new), f"BMC 日志新增 {new:.0f} 条(共 {count} 条)", f"{new:.0f} new entries in the BMC's log, {count} in all", value=count,
              unit="entries", evidence="\n".join(lines[-5:]))


CHECK = HostCheck(
    id="HW-06b",
    title=Text(zh="BMC 事件日志", en="BMC's event log"),
    chapter="hardware",
    command=r"""
[ -e /dev/ipmi0 ] || [ -e /dev/ipmi/0 ] || na "没有 BMC" "no BMC here"
command -v ipmitool >/dev/null || cannot "没有安装 ipmitool" "ipmitool is not installed"
entries=$(timeout 10 ipmitool sel info 2>/dev/null | sed -n 's/^Entries *: *//p') && [ -n "$entries" ] || cannot "BMC 没有应答" "the BMC does not answer"
echo "entries $entries"
timeout 15 ipmitool sel list last 10 2>/dev/null
echo end
""",
    parse=parse,
    judge=judge,
    limits={"new": Limit(1, None, "new entries", "own judgement")},
    remedy=Text(zh="ipmitool sel elist;联系硬件厂商", en="ipmitool sel elist; call the vendor"),
    source="ipmitool(1), sel",
    time_limit_s=30,
)
