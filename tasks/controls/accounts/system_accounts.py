"""H-ACC-04 System accounts cannot log in (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.accounts import OF_PEOPLE, People
from tasks.controls.kinds import Bounds, HostControl, failed, passed

# Their databases' own tools and jobs begin with `su - postgres`.
EXEMPT = ("root", "postgres", "mysql", "oracle", "grid", "dm", "dmdba", "kingbase", "sync", "shutdown", "halt")


def judge(found: People, bounds: Bounds, known: Known) -> Iterator[Row]:
    those = [account for account in found.accounts if 0 < account.uid < 1000 and account.may_log_in and account.name not in EXEMPT]
    for account in those:
        yield failed(f"系统账户 {account.name} 的登录 shell 为 {account.shell}", f"the system account {account.name} has the shell {account.shell}",
                     object=account.name)
    if not those:
        yield passed("系统账户都不可登录", "no system account can log in")


CONTROL = HostControl(
    id="H-ACC-04",
    **OF_PEOPLE,
    title=Text(zh="系统账户不可登录", en="System accounts cannot log in"),
    severity="medium",
    judge=judge,
    remedy=Text(zh="usermod -s /usr/sbin/nologin <账户>", en="usermod -s /usr/sbin/nologin <account>"),
    clause="1.4.2 c",
    rule="no_shelllogin_for_systemaccounts", cis="5.4.2.7",
    risk="medium",
    breaks=Text(zh="以 su - <账户> 开始的脚本会失败", en="scripts that begin with su - <account> fail"),
    cuts_off=True,
)
