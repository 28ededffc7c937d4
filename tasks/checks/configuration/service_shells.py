"""CFG-08c Accounts of services that could be used to log in (R132 系统配置检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.configuration import ACCOUNTS, Account, accounts
from tasks.checks.kinds import HostCheck, Known, Limits, Row, ok, warning
from tasks.operations.account import no_log_in
from tasks.operations.mend import Mend

# Their packages work through a shell of theirs (su postgres -c ...).
NEEDS_A_SHELL = {"postgres", "oracle", "grid", "mysql", "db2inst1", "git", "jenkins", "gitlab-runner", "sync"}


def judge(answer: tuple[list[Account], int], limits: Limits, known: Known) -> Iterator[Row]:
    open_ones = [account for account in answer[0] if 0 < account.uid < 1000 and account.may_log_in
                 and (account.password == "set" or account.name not in NEEDS_A_SHELL)]
    for account in open_ones:
        both = account.password == "set"
        yield warning(f"服务账户 {account.name} 有登录 shell" + ("和口令" if both else ""),
                      f"service account {account.name} has a log-in shell" + (" and a password" if both else ""), object=account.name)
    if not open_ones:
        yield ok("服务账户都不能登录", "no service account can log in")


def mend(row: Row, answer: tuple[list[Account], int], known: Known) -> Mend | Text:
    if row.object in NEEDS_A_SHELL:
        return Text(zh=f"{row.object} 的程序需要 shell,应锁定其口令:passwd -l {row.object}",
                    en=f"the programs of {row.object} need its shell; lock its password instead: passwd -l {row.object}")
    return no_log_in(row.object)


CHECK = HostCheck(
    id="CFG-08c",
    title=Text(zh="可登录的服务账户", en="Service accounts that can log in"),
    chapter="configuration",
    command=ACCOUNTS,
    parse=accounts,
    judge=judge,
    remedy=Text(zh="usermod -s /usr/sbin/nologin <账户>,或 passwd -l <账户>", en="usermod -s /usr/sbin/nologin <account>, or passwd -l <account>"),
    mend=mend,
    source="passwd(5), shadow(5); CIS Debian 12 5.4.2.7",
    clause="GB/T 22239-2019 8.1.4.2 b",
)
