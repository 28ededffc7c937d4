"""CFG-08d Two accounts with one number or one name (R132 系统配置检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.configuration import ACCOUNTS, Account, accounts
from tasks.checks.kinds import HostCheck, Known, Limits, Row, ok, warning
from tasks.checks.lines import listed


def judge(answer: tuple[list[Account], int], limits: Limits, known: Known) -> Iterator[Row]:
    names: dict[int, list[str]] = {}
    for account in answer[0]:
        names.setdefault(account.uid, []).append(account.name)
    bad = False
    for uid, those in names.items():
        # A second uid 0 is CFG-08a's.
        if len(those) > 1 and uid:
            bad = True
            yield warning(f"uid {uid} 属于多个账户:{listed(those)}", f"uid {uid} belongs to several accounts: {listed(those)}", object=f"uid {uid}")
    if not bad:
        yield ok("uid 没有重复", "no uid is used twice")


CHECK = HostCheck(
    id="CFG-08d",
    title=Text(zh="重复的 uid", en="Accounts with the same number"),
    chapter="configuration",
    command=ACCOUNTS,
    parse=accounts,
    judge=judge,
    remedy=Text(zh="为其中一个账户换 uid,并改正其文件的属主", en="Give one of them another number, and its files their owner"),
    source="passwd(5); CIS Debian 12 7.2.7",
)
