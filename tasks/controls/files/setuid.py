"""H-FS-03 No strange program runs as its owner (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.files.tree import TREE, none_of, tree
from tasks.controls.kinds import HostControl

CONTROL = HostControl(
    id="H-FS-03",
    title=Text(zh="没有陌生的 setuid 程序", en="No strange program runs as its owner"),
    severity="medium",
    judge=none_of("setuid", "不属于任何软件包的 setuid 程序", "a setuid program of no package:"),
    family="files",
    command=TREE,
    parse=tree,
    time_limit_s=90,
    remedy=Text(zh="确认用途后 chmod u-s、g-s,或登记为例外", en="find out what for, then chmod u-s, g-s, or list an exception"),
    source="find(1)",
    clause="1.4.2 d",
    rule="file_permissions_unauthorized_suid",
    risk="medium",
    breaks=Text(zh="以普通账户运行它的人员将失去其权限", en="ordinary accounts that run it lose what it gave them"),
)
