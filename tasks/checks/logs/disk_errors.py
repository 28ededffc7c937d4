"""LOG-02 Errors of disks, controllers and file systems in the kernel's log (R129 系统日志检查)."""

from __future__ import annotations

from reports.records import Text
from tasks.checks.kinds import HostCheck, Limit
from tasks.checks.logs import KERNEL_LOG, kernel_lines, kernel_rows

CHECK = HostCheck(
    id="LOG-02",
    title=Text(zh="磁盘与文件系统错误", en="Disk and file system errors"),
    chapter="log",
    command=KERNEL_LOG,
    parse=lambda output: kernel_lines(output, "disk"),
    judge=lambda answer, limits, known: kernel_rows(answer, limits["errors"], "磁盘或文件系统报错", "disk or file system errors"),
    limits={"errors": Limit(1, 1, "lines", Text(zh="经验值:一次也不应有", en="own judgement: any is one too many"))},
    remedy=Text(zh="先备份;看 HW-03、HW-04;在窗口内 fsck", en="Back up first; see HW-03 and HW-04; fsck in a window"),
    source=Text(zh="journalctl(1);Linux 块设备、ext4、xfs 与 libata 的消息", en="journalctl(1); Linux block, ext4, xfs and libata messages"),
)
