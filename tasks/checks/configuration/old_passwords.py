"""CFG-08f Passwords that were never changed for long (R132 系统配置检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.configuration import ACCOUNTS, Account, accounts
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, ok, warning


def judge(answer: tuple[list[Account], int], limits: Limits, known: Known) -> Iterator[Row]:
    found, today = answer
    used = [account for account in found if account.password == "set" and account.may_log_in]
    for account in used:
        if account.changed is None:
            yield warning(f"{account.name} 的口令没有修改日期", f"nobody knows when the password of {account.name} was changed", object=account.name)
            continue
        days = today - account.changed
        yield Row(limits["age"].grade(days), f"{account.name} 的口令已用 {days} 天", f"the password of {account.name} is {days} days old", object=account.name,
                  value=days, unit="days")
    if not used:
        yield ok("没有账户用口令登录", "no account logs in with a password")


CHECK = HostCheck(
    id="CFG-08f",
    title=Text(zh="口令使用时间", en="Age of passwords"),
    chapter="configuration",
    command=ACCOUNTS,
    parse=accounts,
    judge=judge,
    limits={"age": Limit(365, None, "days", "CIS Debian 12 5.4.1.1 PASS_MAX_DAYS 365")},
    remedy=Text(zh="更换口令,并设置有效期:chage -M 365 <账户>", en="Change it, and let it expire: chage -M 365 <account>"),
    source="shadow(5)",
    clause="GB/T 22239-2019 8.1.4.1 a",
)
