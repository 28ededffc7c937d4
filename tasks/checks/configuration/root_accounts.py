"""CFG-08a Accounts with uid 0 besides root (R132 系统配置检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.configuration import ACCOUNTS, Account, accounts
from tasks.checks.kinds import HostCheck, Known, Limits, Row, critical, ok


def judge(answer: tuple[list[Account], int], limits: Limits, known: Known) -> Iterator[Row]:
    others = [account.name for account in answer[0] if account.uid == 0 and account.name != "root"]
    for name in others:
        yield critical(f"账户 {name} 的 uid 为 0", f"account {name} has uid 0", object=name)
    if not others:
        yield ok("只有 root 的 uid 为 0", "only root has uid 0")


CHECK = HostCheck(
    id="CFG-08a",
    title=Text(zh="uid 为 0 的账户", en="Accounts with uid 0"),
    chapter="configuration",
    command=ACCOUNTS,
    parse=accounts,
    judge=judge,
    remedy=Text(zh="确认来源;可能是入侵痕迹。停用该账户", en="Find out who made it, it may be an intrusion; lock it"),
    source="passwd(5); CIS Debian 12 7.2.5",
    clause="GB/T 22239-2019 8.1.4.2 c",
)
