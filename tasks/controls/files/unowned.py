"""H-FS-02b No file is without an owner (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.files.tree import TREE, none_of, tree
from tasks.controls.kinds import HostControl

CONTROL = HostControl(
    id="H-FS-02b",
    title=Text(zh="没有无主文件", en="No file is without an owner"),
    severity="medium",
    judge=none_of("unowned", "属于已不存在的账户或组:", "belongs to an account or group that is gone:"),
    family="files",
    command=TREE,
    parse=tree,
    time_limit_s=90,
    remedy=Text(zh="chown 给负责的账户,或删除", en="chown to who is in charge of it, or delete it"),
    source="find(1)",
    clause="1.4.2 e", clause_2="1.4.2 a",
    rule="file_permissions_ungroupowned", cis="7.1.12",
)
