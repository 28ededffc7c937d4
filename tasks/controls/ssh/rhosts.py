"""H-SSH-07d .rhosts is ignored (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.ssh import OF_SSHD, one_of, sets

CONTROL = HostControl(
    id="H-SSH-07d",
    **OF_SSHD,
    title=Text(zh="忽略 .rhosts", en=".rhosts is ignored"),
    severity="medium",
    judge=one_of("IgnoreRhosts", "yes"),
    mend=sets("IgnoreRhosts", "yes"),
    remedy=Text(zh="IgnoreRhosts yes", en="IgnoreRhosts yes"),
    clause="1.4.1 a",
    rule="sshd_disable_rhosts", cis="5.1.11",
    cuts_off=True,
)
