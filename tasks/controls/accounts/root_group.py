"""H-ACC-02b Only root has group 0 (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.accounts import OF_PEOPLE, People
from tasks.controls.kinds import Bounds, HostControl, failed, passed

MEANT = ("root", "sync", "shutdown", "halt", "operator")  # of Red Hat's base system


def judge(found: People, bounds: Bounds, known: Known) -> Iterator[Row]:
    those = [account.name for account in found.accounts if account.gid == 0 and account.name not in MEANT]
    those += [f"group {name}" for name, gid in found.groups if gid == 0 and name != "root"]
    for name in those:
        yield failed(f"{name} 的组号为 0", f"{name} has group number 0", object=name)
    if not those:
        yield passed("只有 root 属于 0 号组", "only root belongs to group 0")


CONTROL = HostControl(
    id="H-ACC-02b",
    **OF_PEOPLE,
    title=Text(zh="只有 root 的主组为 0", en="Only root has group 0"),
    severity="high",
    judge=judge,
    objects={"group": "组"},
    remedy=Text(zh="为其分配自己的组", en="give it a group of its own"),
    clause="1.4.2 d",
    rule="groups_no_zero_gid_except_root", cis="5.4.2.3",
    breaks=Text(zh="靠 0 号组读文件的程序可能无法读取", en="what reads files by group 0 may no longer"),
)
