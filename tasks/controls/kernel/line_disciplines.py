"""H-SYS-05k Nobody but root makes the kernel load line disciplines (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kernel import OF_KERNEL, are, values, written
from tasks.controls.kinds import HostControl

WANTED = {"dev.tty.ldisc_autoload": "0"}

CONTROL = HostControl(
    id="H-SYS-05k",
    **OF_KERNEL,
    title=Text(zh="普通用户不能触发加载串行线路规程模块", en="Nobody but root makes the kernel load line disciplines"),
    severity="low",
    judge=are(WANTED),
    mend=values(WANTED),
    remedy=written(WANTED),
    clause="1.4.4 a",
    breaks=Text(zh="以普通账户运行、首次使用串行拨号(PPP)等线路规程的程序会失败",
                en="programs of ordinary accounts that are the first to use a line discipline (PPP, serial buses) fail"),
)
