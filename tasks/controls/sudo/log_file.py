"""H-SUD-01b sudo has a log of its own (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.sudo import OF_SUDO, default, switched_on

CONTROL = HostControl(
    id="H-SUD-01b",
    **OF_SUDO,
    title=Text(zh="sudo 有自己的日志", en="sudo has a log of its own"),
    severity="low",
    judge=switched_on("logfile"),
    mend=default("logfile", '"/var/log/sudo.log"'),
    remedy=Text(zh="Defaults logfile=\"/var/log/sudo.log\"", en="Defaults logfile=\"/var/log/sudo.log\""),
    clause="1.4.3 a",
    rule="sudo_custom_logfile", cis="5.2.3",
    cuts_off=True,
)
