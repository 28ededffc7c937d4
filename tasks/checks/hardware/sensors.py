"""HW-06a Power supplies, fans and temperatures by the BMC (R128 硬件)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reports.records import Outcome, Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, ok
from tasks.checks.lines import until_end


def parse(output: str) -> list[tuple[str, str, str]]:
    """Sensor, reading, state. ipmitool sdr: name | reading | state."""
    found = []
    for line in until_end(output):
        parts = [part.strip() for part in line.split("|")]
        if len(parts) != 3:
            raise Unreadable(f"ipmitool printed {line[:60]!r}", f"ipmitool 输出了 {line[:60]!r}")
        found.append((parts[0], parts[1], parts[2]))
    if not found:
        raise Unreadable("the BMC named no sensor", "BMC 没有列出传感器")
    return found


def judge(found: list[tuple[str, str, str]], limits: Limits, known: Known) -> Iterator[Row]:
    # lnr, lcr, unc, ... in newer versions; cr, nc, nr in older ones
    grades = {"nc": Outcome.WARNING, "lnc": Outcome.WARNING, "unc": Outcome.WARNING}
    bad = [(name, reading, state) for name, reading, state in found if state.lower() not in ("ok", "ns", "na", "")]
    lost = [(name, reading, "lost") for name, reading, state in found if state.lower() == "ok" and re.search(r"failure|lost|predictive", reading, re.I)]
    for name, reading, state in bad + lost:
        yield Row(grades.get(state.lower(), Outcome.CRITICAL), f"{name}:{reading}({state})", f"{name}: {reading}, {state}", object=name)
    if not bad and not lost:
        yield ok(f"{len(found)} 个传感器正常", f"{len(found)} sensors are well")


CHECK = HostCheck(
    id="HW-06a",
    title=Text(zh="电源、风扇与温度", en="Power, fans, temperature"),
    chapter="hardware",
    command=r"""
[ -e /dev/ipmi0 ] || [ -e /dev/ipmi/0 ] || na "没有 BMC" "no BMC here"
command -v ipmitool >/dev/null || cannot "没有安装 ipmitool" "ipmitool is not installed"
timeout 25 ipmitool sdr 2>/dev/null || cannot "BMC 没有应答" "the BMC does not answer"
echo end
""",
    parse=parse,
    judge=judge,
    remedy=Text(zh="检查电源输入与风扇,更换故障部件", en="Check the feed and the fans, replace what failed"),
    source="ipmitool(1), sdr",
    time_limit_s=30,
)
