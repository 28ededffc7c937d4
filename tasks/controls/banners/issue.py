"""H-BAN-01a /etc/issue gives nothing away (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.banners import OF_BANNERS, gives_nothing_away, warns
from tasks.controls.kinds import HostControl

CONTROL = HostControl(
    id="H-BAN-01a",
    **OF_BANNERS,
    title=Text(zh="/etc/issue 不透露系统信息", en="/etc/issue gives nothing away"),
    severity="medium",
    judge=gives_nothing_away("/etc/issue"),
    mend=warns("/etc/issue"),
    remedy=Text(zh="写入客户认可的警示文字(中英文),不含系统名称与版本",
                en="write the warning that the customer agreed to, without name and version of the system"),
    clause="1.4.1 b",
    rule="banner_etc_issue_cis", cis="1.6.2",
)
