"""H-SSH-11b A warning before the log-in (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.kinds import Bounds, HostControl, so
from tasks.controls.ssh import OF_SSHD, Sshd, sets


def judge(found: Sshd, bounds: Bounds, known: Known) -> Iterator[Row]:
    said = found.value("Banner")
    yield so(said not in ("none", ""), "Banner", said, "/etc/issue.net")


CONTROL = HostControl(
    id="H-SSH-11b",
    **OF_SSHD,
    title=Text(zh="登录前的警示", en="A warning before the log-in"),
    severity="medium",
    judge=judge,
    mend=sets("Banner", "/etc/issue.net"),
    remedy=Text(zh="Banner /etc/issue.net,内容由客户确定", en="Banner /etc/issue.net, with words the customer agreed to"),
    clause="1.4.1 b",
    rule="sshd_enable_warning_banner_net", cis="5.1.5",
    breaks=Text(zh="逐字解析登录输出的旧脚本可能出错", en="old scripts that read what a log-in prints may stumble"),
)
