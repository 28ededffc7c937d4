"""H-SUD-02b Nobody is let off the password by !authenticate (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.kinds import Bounds, HostControl, failed, passed
from tasks.controls.sudo import OF_SUDO, Sudoers


def judge(found: Sudoers, bounds: Bounds, known: Known) -> Iterator[Row]:
    those = [whom or "Defaults" for name, value, whom in found.defaults if name == "authenticate" and value == "!"]
    for whom in those:
        yield failed(f"{whom} 设有 !authenticate", f"{whom} says !authenticate", object=whom)
    if not those:
        yield passed("没有 !authenticate", "nothing says !authenticate")


CONTROL = HostControl(
    id="H-SUD-02b",
    **OF_SUDO,
    title=Text(zh="没有 !authenticate", en="Nobody is let off the password by !authenticate"),
    severity="medium",
    judge=judge,
    remedy=Text(zh="删除 !authenticate", en="take !authenticate away"),
    clause="1.4.2 d",
    rule="sudo_remove_no_authenticate", cis="5.2.5",
    risk="high",
    breaks=Text(zh="靠它的自动化会失败", en="automation that relies on it fails"),
    cuts_off=True,
)
