"""NET-05a The device has not restarted since the last inspection (R127 网络设备)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reports.records import Text
from tasks.checks.devices import HR_UPTIME, SYS_DESCR, SYS_UPTIME, columns, console, figure, scalar, words
from tasks.checks.kinds import DeviceCheck, Known, Limits, Row, Unreadable, ok, warning
from tasks.checks.tables import span

RUNS_OVER_S = (1 << 32) / 100  # hundredths of a second in 32 bits: 497 days


def parse(output: str) -> tuple[float, str]:
    """Seconds since it started, and what it calls itself. The machine's own uptime where it tells one; sysUpTime is only the agent's."""
    if said := console.printed(output):
        return _printed(said[1])
    found = columns(output)
    ticks = scalar(found, HR_UPTIME)
    ticks = scalar(found, SYS_UPTIME) if ticks is None else ticks
    return figure(ticks, "sysUpTime") / 100, words(scalar(found, SYS_DESCR) or "", "sysDescr")


def _printed(lines: list[str]) -> tuple[float, str]:
    """What all three vendors end a line with: `uptime is 12 weeks, 3 days`. It is told in minutes."""
    told = next((match for line in lines if (match := re.search(r"\buptime is (\d.*)", line))), None)
    if told is None:
        raise Unreadable("no uptime is told", "没有给出运行时间")
    version = next((line for line in lines if re.search(r"(?i)\bversion \S*\d", line)), lines[0])
    return console.span(told[1]), words(version, "the version")


def judge(answer: tuple[float, str], limits: Limits, known: Known) -> Iterator[Row]:
    seconds, _ = answer
    zh, en = span(seconds)
    before = known.before.get("")
    if before is not None and before.value is not None and known.days_since is not None:
        elapsed = known.days_since * 86400
        must, slack = before.value + elapsed, max(600, elapsed / 50)  # clocks of agents go wrong by a hundredth and more
        ran_over = must >= RUNS_OVER_S - slack and abs(must % RUNS_OVER_S - seconds) <= slack
        if seconds + slack < must and not ran_over:
            yield warning(f"上次巡检后重新启动过,已运行 {zh}", f"it restarted since the last inspection, and is up for {en}", value=seconds, unit="s")
            return
    yield ok(f"已运行 {zh}", f"up for {en}", value=seconds, unit="s")


CHECK = DeviceCheck(
    id="NET-05a",
    title=Text(zh="设备运行时间", en="Device uptime"),
    oids=(SYS_UPTIME, HR_UPTIME, SYS_DESCR),
    commands=console.VERSION,
    parse=parse,
    judge=judge,
    must=True,
    about=lambda answer: {"system": answer[1], "uptime": f"{answer[0] / 86400:.1f} d"},
    remedy=Text(zh="查明重启原因(断电、软件崩溃、人为),查看设备日志并与变更记录核对",
                en="Find out why (power, crash, somebody); see the device's log, compare with the change records"),
    source="RFC 3418 sysUpTime, RFC 2790 hrSystemUptime; display version, show version",
)
