"""H-ACC-02a Only root has uid 0 (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.accounts import OF_PEOPLE, People
from tasks.controls.kinds import Bounds, HostControl, failed, passed


def judge(found: People, bounds: Bounds, known: Known) -> Iterator[Row]:
    those = [account.name for account in found.accounts if account.uid == 0 and account.name != "root"]
    for name in those:
        yield failed(f"{name} 的 uid 为 0,等同 root", f"{name} has uid 0 and is as mighty as root", object=name)
    if not those:
        yield passed("只有 root 的 uid 为 0", "only root has uid 0")


CONTROL = HostControl(
    id="H-ACC-02a",
    **OF_PEOPLE,
    title=Text(zh="只有 root 的 uid 为 0", en="Only root has uid 0"),
    severity="high",
    judge=judge,
    remedy=Text(zh="与负责人确认后锁定该账户(passwd -l、nologin),不要删除", en="ask who owns it, then lock it (passwd -l, nologin); never delete it"),
    clause="1.4.1 a",
    rule="accounts_no_uid_except_zero", cis="5.4.2.1",
    risk="high",
    breaks=Text(zh="以此账户运行的任务将失败", en="what runs as this account fails"),
    cuts_off=True,
)
