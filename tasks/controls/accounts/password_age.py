"""H-ACC-05a How long existing passwords last (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.accounts import OF_PEOPLE, People
from tasks.controls.kinds import Bounds, HostControl, at_most, passed, so


def judge(found: People, bounds: Bounds, known: Known) -> Iterator[Row]:
    those = [account for account in found.with_password() if account.may_log_in]
    bad = [account for account in those if account.most is None or not bounds["days"].fits(account.most)]
    for account in bad:
        yield so(False, f"{account.name} PASS_MAX_DAYS", "-" if account.most is None else account.most, bounds["days"].wanted, object=account.name,
                 value=account.most, unit="days")
    if not bad:
        yield passed(f"{len(those)} 个有口令的账户都设有期限", f"all of {len(those)} passwords run out in time")


CONTROL = HostControl(
    id="H-ACC-05a",
    **OF_PEOPLE,
    title=Text(zh="现有账户口令的有效期", en="How long existing passwords last"),
    severity="medium",
    judge=judge,
    bounds={"days": at_most(90, "days", "customary at assessments for GB/T 22239; CIS Debian 12: 365", off=-1)},
    remedy=Text(zh="先把上次修改日设为今天:chage -d 今天 -M 90 <账户>;服务与管理账户用 -M -1 并登记例外",
                en="chage -d TODAY -M 90 <account>, never without the day; service and management accounts: -M -1, with an exception"),
    clause="1.4.1 a",
    rule="accounts_password_set_max_life_existing", cis="5.4.1.1",
    risk="high",
    breaks=Text(zh="上次修改已久的账户会立即无法登录,用密钥也不行", en="an account whose password is old can no longer log in at once, by key either"),
    cuts_off=True,
)
