"""H-SSH-07e No GSSAPI authentication (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.ssh import OF_SSHD, one_of, sets

CONTROL = HostControl(
    id="H-SSH-07e",
    **OF_SSHD,
    title=Text(zh="不使用 GSSAPI 认证", en="No GSSAPI authentication"),
    severity="medium",
    judge=one_of("GSSAPIAuthentication", "no"),
    mend=sets("GSSAPIAuthentication", "no"),
    remedy=Text(zh="GSSAPIAuthentication no", en="GSSAPIAuthentication no"),
    clause="1.4.4 b",
    rule="sshd_disable_gssapi_auth", cis="5.1.9",
    breaks=Text(zh="用 Kerberos 票据登录者将无法登录", en="who logs in by Kerberos ticket no longer can"),
    cuts_off=True,
)
