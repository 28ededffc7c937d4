"""H-SUD-01a sudo gives each command a terminal of its own (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.sudo import OF_SUDO, default, switched_on

CONTROL = HostControl(
    id="H-SUD-01a",
    **OF_SUDO,
    title=Text(zh="sudo 使用独立的伪终端", en="sudo gives each command a terminal of its own"),
    severity="medium",
    judge=switched_on("use_pty"),
    mend=default("use_pty"),
    remedy=Text(zh="Defaults use_pty(不是 requiretty:那会中断自动化)", en="Defaults use_pty (never requiretty: that ends all automation)"),
    clause="1.4.2 d",
    rule="sudo_add_use_pty", cis="5.2.2",
    cuts_off=True,
)
