"""H-SSH-09 Only named accounts or groups log in (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.kinds import Bounds, HostControl, failed, passed
from tasks.controls.ssh import OF_SSHD, Sshd

LISTS = ("allowgroups", "allowusers", "denygroups", "denyusers")


def judge(found: Sshd, bounds: Bounds, known: Known) -> Iterator[Row]:
    said = [f"{name} {found.values[name]}" for name in LISTS if found.values.get(name)]
    if any(line.startswith("allow") for line in said):
        yield passed("已限定:" + ";".join(said), "; ".join(said))
    else:
        yield failed("任何有口令或密钥的账户都能登录,应设 AllowGroups 或 AllowUsers",
                     "every account with a password or key may log in; AllowGroups or AllowUsers should be set")


CONTROL = HostControl(
    id="H-SSH-09",
    **OF_SSHD,
    title=Text(zh="限定可登录的账户", en="Only named accounts or groups log in"),
    severity="medium",
    judge=judge,
    remedy=Text(zh="groupadd ssh-users,加入现有登录账户,再设 AllowGroups ssh-users",
                en="groupadd ssh-users, put those who log in into it, then AllowGroups ssh-users"),
    clause="1.4.2 a",
    rule="sshd_limit_user_access", cis="5.1.4",
    risk="high",
    breaks=Text(zh="未加入该组的账户将无法登录", en="accounts that are not in the group no longer log in"),
    cuts_off=True,
)
