"""H-SUD-01d sudo takes no program from the current folder (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.sudo import OF_SUDO, default, switched_on

CONTROL = HostControl(
    id="H-SUD-01d",
    **OF_SUDO,
    title=Text(zh="sudo 不执行当前目录中的程序", en="sudo takes no program from the current folder"),
    severity="medium",
    judge=switched_on("ignore_dot"),
    mend=default("ignore_dot"),
    remedy=Text(zh="Defaults ignore_dot", en="Defaults ignore_dot"),
    clause="1.4.2 d",
    level=3,
    rule="sudo_add_ignore_dot",
    cuts_off=True,
)
