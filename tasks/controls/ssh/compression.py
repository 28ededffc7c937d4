"""H-SSH-17c No compression (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.ssh import OF_SSHD, one_of, sets

CONTROL = HostControl(
    id="H-SSH-17c",
    **OF_SSHD,
    title=Text(zh="不压缩", en="No compression"),
    severity="low",
    judge=one_of("Compression", "no"),
    mend=sets("Compression", "no"),
    remedy=Text(zh="Compression no", en="Compression no"),
    clause="1.4.4 b",
    level=3,
    breaks=Text(zh="慢速线路上传输变慢", en="transfers over slow lines take longer"),
    cuts_off=True,
)
