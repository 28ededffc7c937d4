"""H-ACC-05b No password was changed in the future (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.accounts import OF_PEOPLE, People
from tasks.controls.kinds import Bounds, HostControl, failed, passed


def judge(found: People, bounds: Bounds, known: Known) -> Iterator[Row]:
    those = [account for account in found.with_password() if (account.changed or 0) > found.today + 1]
    for account in those:
        yield failed(f"{account.name} 的口令修改日期在将来,永不到期", f"the password of {account.name} was changed in the future and never runs out",
                     object=account.name)
    if not those:
        yield passed("口令修改日期都不在将来", "no password was changed in the future")


CONTROL = HostControl(
    id="H-ACC-05b",
    **OF_PEOPLE,
    title=Text(zh="口令修改日期不在将来", en="No password was changed in the future"),
    severity="medium",
    judge=judge,
    remedy=Text(zh="chage -d 今天 <账户>", en="chage -d TODAY <account>"),
    clause="1.4.1 a",
    rule="accounts_password_last_change_is_in_past", cis="5.4.1.6",
    cuts_off=True,
)
