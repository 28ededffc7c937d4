"""H-SSH-01 Root does not log in over SSH (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.kinds import HostControl
from tasks.controls.ssh import OF_SSHD, Sshd, one_of, sets
from tasks.operations.mend import Mend


def mend(row: Row, found: Sshd, known: Known) -> Mend | Text:
    if known.account in ("", "root"):
        return Text(zh="我方以 root 登录该主机；先建立带 sudo 的个人账户", en="we log in as root ourselves; make an account with sudo first")
    return sets("PermitRootLogin", "no")(row, found, known)


CONTROL = HostControl(
    id="H-SSH-01",
    **OF_SSHD,
    title=Text(zh="禁止 root 经 SSH 登录", en="Root does not log in over SSH"),
    severity="medium",
    judge=one_of("PermitRootLogin", "no"),
    mend=mend,
    remedy=Text(zh="PermitRootLogin no,改用个人账户加 sudo", en="PermitRootLogin no; people log in under their own names and use sudo"),
    clause="1.4.2 b",
    rule="sshd_disable_root_login", cis="5.1.20",
    risk="high",
    breaks=Text(zh="以 root 登录的备份、集群与运维任务将无法登录", en="backups, cluster nodes and jobs that log in as root no longer can"),
    cuts_off=True,
)
