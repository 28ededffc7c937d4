"""H-ACC-03d All passwords are in /etc/shadow (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.accounts import OF_PEOPLE, People
from tasks.controls.kinds import Bounds, HostControl, failed, passed


def judge(found: People, bounds: Bounds, known: Known) -> Iterator[Row]:
    those = [account.name for account in found.accounts if account.changed is None and account.password in ("set", "none")]
    for name in those:
        yield failed(f"账户 {name} 的口令不在 /etc/shadow 中", f"the password of {name} is not in /etc/shadow", object=name)
    if not those:
        yield passed("口令都在 /etc/shadow 中", "all passwords are in /etc/shadow")


CONTROL = HostControl(
    id="H-ACC-03d",
    **OF_PEOPLE,
    title=Text(zh="口令都在 /etc/shadow 中", en="All passwords are in /etc/shadow"),
    severity="medium",
    judge=judge,
    remedy=Text(zh="pwconv", en="pwconv"),
    clause="1.4.8 b", clause_2="1.4.1 a",
    rule="accounts_password_all_shadowed", cis="7.2.1",
)
