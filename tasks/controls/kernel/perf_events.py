"""H-SYS-05i Only root looks at performance events (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kernel import OF_KERNEL, are, values, written
from tasks.controls.kinds import HostControl

WANTED = {"kernel.perf_event_paranoid": ("2", "3", "4")}

CONTROL = HostControl(
    id="H-SYS-05i",
    **OF_KERNEL,
    title=Text(zh="普通用户不能观测性能事件", en="Only root looks at performance events"),
    severity="low",
    judge=are(WANTED),
    mend=values(WANTED),
    remedy=written(WANTED),
    clause="1.4.4 a",
    level=3,
    rule="sysctl_kernel_perf_event_paranoid",
    breaks=Text(zh="以普通账户运行的性能剖析会失败", en="profiling as an ordinary account fails"),
)
