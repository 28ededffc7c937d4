"""H-MY-05c How long passwords last (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import DatabaseControl, at_most
from tasks.controls.mysql import figure

CONTROL = DatabaseControl(
    id="H-MY-05c",
    **figure("default_password_lifetime", "days"),
    title=Text(zh="口令的有效期", en="How long passwords last"),
    severity="low",
    bounds={"days": at_most(90, "days", "customary at assessments for GB/T 22239", off=0)},
    remedy=Text(zh="先对应用账户 ALTER USER … PASSWORD EXPIRE NEVER 并登记例外,再设 90 天",
                en="PASSWORD EXPIRE NEVER for applications' accounts first, with an exception, then 90 days"),
    clause="1.4.1 a",
    level=3,
    risk="high",
    breaks=Text(zh="应用账户到期后立即无法登录", en="applications' accounts no longer log in once it runs out"),
    cuts_off=True,
)
