"""H-SUD-03 Only one group may use su (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.kinds import Bounds, HostControl, failed, passed
from tasks.controls.passwords import OF_PASSWORDS, Passwords


def judge(found: Passwords, bounds: Bounds, known: Known) -> Iterator[Row]:
    if found.used("pam_wheel", "auth", "su"):
        yield passed("只有指定组的成员可以使用 su", "only members of one group may use su")
    else:
        yield failed("任何知道口令的账户都能 su", "every account that knows the password may use su")


CONTROL = HostControl(
    id="H-SUD-03",
    **OF_PASSWORDS | {"family": "sudo"},
    title=Text(zh="限制 su 的使用者", en="Only one group may use su"),
    severity="medium",
    judge=judge,
    remedy=Text(zh="/etc/pam.d/su 中启用:auth required pam_wheel.so use_uid group=<组>",
                en="in /etc/pam.d/su: auth required pam_wheel.so use_uid group=<group>"),
    source="pam_wheel(8)",
    clause="1.4.2 d",
    rule="use_pam_wheel_group_for_su", cis="5.2.7",
    risk="medium",
    breaks=Text(zh="以普通账户使用 su 的脚本会失败", en="scripts that use su as ordinary accounts fail"),
    cuts_off=True,
)
