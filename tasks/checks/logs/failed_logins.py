"""LOG-06a Failed log-ins (R129 系统日志检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row
from tasks.checks.lines import listed
from tasks.checks.logs import LOGINS, logins


def judge(answer: tuple[list[tuple[int, str, str]], list[tuple[int, str]], int], limits: Limits, known: Known) -> Iterator[Row]:
    failed = sorted(answer[0], reverse=True)
    days: dict[str, int] = {}
    for count, day, _ in failed:
        days[day] = days.get(day, 0) + count
    most, worst_day = max(days.values(), default=0), max(days, key=days.__getitem__, default="")
    outcome = max(limits["address"].grade(failed[0][0] if failed else 0), limits["day"].grade(most), key=lambda outcome: outcome.weight)
    yield Row(outcome, f"30 天内登录失败 {sum(days.values())} 次;最多的一天 {most} 次",
              f"{sum(days.values())} failed log-ins in 30 days, {most} on the worst day {worst_day}".strip(),
              value=most, unit="per day", evidence=listed([f"{day} {address} {count}" for count, day, address in failed]))


CHECK = HostCheck(
    id="LOG-06a",
    title=Text(zh="登录失败", en="Failed log-ins"),
    chapter="log",
    command=LOGINS,
    parse=logins,
    judge=judge,
    limits={"address": Limit(100, None, "from one address in a day", "own judgement"), "day": Limit(500, None, "in a day", "own judgement")},
    remedy=Text(zh="封锁来源地址,限制 SSH 来源,启用 faillock 或 fail2ban", en="Block the address, restrict who may reach SSH, use faillock or fail2ban"),
    source=Text(zh="sshd(8) 的日志;journalctl(1)", en="sshd(8) log messages; journalctl(1)"),
    clause="GB/T 22239-2019 8.1.4.1 b",
)
