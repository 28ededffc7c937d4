"""CFG-08b Accounts without a password (R132 系统配置检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.configuration import ACCOUNTS, Account, accounts
from tasks.checks.kinds import HostCheck, Known, Limits, Row, critical, ok
from tasks.operations.account import lock_empty_password
from tasks.operations.mend import Mend


def judge(answer: tuple[list[Account], int], limits: Limits, known: Known) -> Iterator[Row]:
    empty = [account.name for account in answer[0] if account.password == "empty"]
    for name in empty:
        yield critical(f"账户 {name} 没有口令", f"account {name} has no password", object=name)
    if not empty:
        yield ok(f"{len(answer[0])} 个账户都没有空口令", f"none of {len(answer[0])} accounts has an empty password")


def mend(row: Row, answer: tuple[list[Account], int], known: Known) -> Mend | Text:
    return lock_empty_password(row.object)


CHECK = HostCheck(
    id="CFG-08b",
    title=Text(zh="空口令账户", en="Empty passwords"),
    chapter="configuration",
    command=ACCOUNTS,
    parse=accounts,
    judge=judge,
    remedy=Text(zh="passwd -l <账户>", en="passwd -l <account>"),
    mend=mend,
    source="shadow(5); CIS Debian 12 7.2.2",
    clause="GB/T 22239-2019 8.1.4.1 a",
)
