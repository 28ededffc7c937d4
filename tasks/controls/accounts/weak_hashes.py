"""H-ACC-03e No password has a weak hash (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.accounts import OF_PEOPLE, People
from tasks.controls.kinds import Bounds, HostControl, failed, passed


def judge(found: People, bounds: Bounds, known: Known) -> Iterator[Row]:
    those = [account for account in found.accounts if account.hash in ("md5", "weak")]
    for account in those:
        yield failed(f"{account.name} 的口令散列算法过弱({account.hash})", f"the password of {account.name} is hashed too weakly ({account.hash})",
                     object=account.name)
    if not those:
        yield passed("口令散列算法符合要求", "no password is hashed weakly")


CONTROL = HostControl(
    id="H-ACC-03e",
    **OF_PEOPLE,
    title=Text(zh="没有弱散列的口令", en="No password has a weak hash"),
    severity="medium",
    judge=judge,
    remedy=Text(zh="请该账户的使用者修改口令", en="have its user change the password"),
    clause="1.4.8 b", clause_2="1.4.1 a",
    rule="accounts_password_all_shadowed_sha512",
)
