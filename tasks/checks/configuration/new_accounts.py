"""CFG-08e Accounts that came or went since the last inspection (R132 系统配置检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.configuration import ACCOUNTS, Account, accounts
from tasks.checks.kinds import HostCheck, Known, Limits, Row, ok, warning


def judge(answer: tuple[list[Account], int], limits: Limits, known: Known) -> Iterator[Row]:
    people = [account for account in answer[0] if account.may_log_in and (account.password == "set" or account.uid >= 1000 or account.uid == 0)]
    if not people:
        yield ok("没有可登录的账户", "no account can log in")
    for account in people:
        if known.before_at and known.before and account.name not in known.before:
            yield warning(f"新账户 {account.name}(uid {account.uid})", f"new account {account.name}, uid {account.uid}", object=account.name)
        else:
            yield ok(f"账户 {account.name}(uid {account.uid})", f"account {account.name}, uid {account.uid}", object=account.name)


CHECK = HostCheck(
    id="CFG-08e",
    title=Text(zh="可登录的账户", en="Accounts of people"),
    chapter="configuration",
    command=ACCOUNTS,
    parse=accounts,
    judge=judge,
    remedy=Text(zh="与变更记录核对;不明账户立即停用", en="Compare with the change records; lock what nobody knows"),
    source="passwd(5)",
    clause="GB/T 22239-2019 8.1.4.2 a",
)
