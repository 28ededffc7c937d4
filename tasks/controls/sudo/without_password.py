"""H-SUD-02a sudo asks for a password (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.kinds import Bounds, HostControl, failed, passed
from tasks.controls.sudo import OF_SUDO, Sudoers


def judge(found: Sudoers, bounds: Bounds, known: Known) -> Iterator[Row]:
    those = [(file, line) for file, line in found.rules if "NOPASSWD" in line]
    for file, line in those:
        who = line.split()[0]
        yield failed(f"{file}:{who} 使用 sudo 无需口令", f"{file}: {who} needs no password for sudo", object=who, evidence=line)
    if not those:
        yield passed("没有 NOPASSWD 规则", "no rule says NOPASSWD")


CONTROL = HostControl(
    id="H-SUD-02a",
    **OF_SUDO,
    title=Text(zh="sudo 需要口令", en="sudo asks for a password"),
    severity="medium",
    judge=judge,
    remedy=Text(zh="改为只允许确切的命令;我方运维账户登记为例外", en="allow the exact commands only; list our own account as an exception"),
    clause="1.4.2 d",
    level=3,
    rule="sudo_remove_nopasswd",
    risk="high",
    breaks=Text(zh="靠它的自动化(含我方)会失败", en="automation that relies on it fails, ours among it"),
    cuts_off=True,
)
