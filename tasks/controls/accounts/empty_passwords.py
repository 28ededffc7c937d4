"""H-ACC-01 No account has an empty password (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.accounts import OF_PEOPLE, People
from tasks.controls.kinds import Bounds, HostControl, failed, passed


def judge(found: People, bounds: Bounds, known: Known) -> Iterator[Row]:
    those = [account.name for account in found.accounts if account.password == "empty"]
    for name in those:
        yield failed(f"账户 {name} 没有口令", f"the account {name} has no password", object=name)
    if not those:
        yield passed(f"{len(found.accounts)} 个账户都没有空口令", f"none of {len(found.accounts)} accounts has an empty password")


CONTROL = HostControl(
    id="H-ACC-01",
    **OF_PEOPLE,
    title=Text(zh="没有空口令账户", en="No account has an empty password"),
    severity="high",
    judge=judge,
    remedy=Text(zh="passwd -l <账户>", en="passwd -l <account>"),
    clause="1.4.1 a",
    rule="no_empty_passwords_etc_shadow", cis="7.2.2",
    breaks=Text(zh="靠空口令登录的账户将无法登录", en="who relies on the empty password no longer logs in"),
    cuts_off=True,
)
