"""H-SSH-07a X11 is not forwarded (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.ssh import OF_SSHD, one_of, sets

CONTROL = HostControl(
    id="H-SSH-07a",
    **OF_SSHD,
    title=Text(zh="不转发 X11", en="X11 is not forwarded"),
    severity="medium",
    judge=one_of("X11Forwarding", "no"),
    mend=sets("X11Forwarding", "no"),
    remedy=Text(zh="X11Forwarding no", en="X11Forwarding no"),
    clause="1.4.4 b",
    rule="sshd_disable_x11_forwarding",
    breaks=Text(zh="需要图形界面的安装程序(如 Oracle)将无法显示", en="installers with a graphical face (Oracle) no longer show it"),
    cuts_off=True,
)
