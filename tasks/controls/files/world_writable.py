"""H-FS-02a No file may be written by everybody (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.files.tree import TREE, none_of, tree
from tasks.controls.kinds import HostControl

CONTROL = HostControl(
    id="H-FS-02a",
    title=Text(zh="没有人人可写的文件", en="No file may be written by everybody"),
    severity="medium",
    judge=none_of("writable", "任何人都能改写", "everybody may write"),
    family="files",
    command=TREE,
    parse=tree,
    time_limit_s=90,
    remedy=Text(zh="chmod o-w <文件>;目录:chmod +t", en="chmod o-w on the file; on a folder chmod +t"),
    source="find(1)",
    clause="1.4.2 e", clause_2="1.4.2 a",
    rule="file_permissions_unauthorized_world_writable", cis="7.1.11",
    breaks=Text(zh="以其他账户写入此处的程序将失败", en="programs that write there as other accounts fail"),
)
