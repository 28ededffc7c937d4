"""H-ACC-03a No uid is given twice (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.accounts import OF_PEOPLE, People
from tasks.controls.kinds import Bounds, HostControl, failed, passed


def judge(found: People, bounds: Bounds, known: Known) -> Iterator[Row]:
    several: dict[str, list[str]] = {}
    for one, other in ((str(account.uid), account.name) for account in found.accounts):
        several.setdefault(one, []).append(other)
    those = {one: others for one, others in several.items() if len(others) > 1}
    for one, others in those.items():
        yield failed(f"uid {one} 由多者共用:{'、'.join(others)}", f"the uid {one} is shared by {', '.join(others)}", object=one)
    if not those:
        yield passed(f"{len(several)} 个 uid 均不重复", f"none of {len(several)} is given twice")


CONTROL = HostControl(
    id="H-ACC-03a",
    **OF_PEOPLE,
    title=Text(zh="uid 不重复", en="No uid is given twice"),
    severity="medium",
    judge=judge,
    remedy=Text(zh="与负责人确认后改号,并 chown 其文件", en="ask who owns it, give it a number of its own and chown its files"),
    clause="1.4.1 a",
    rule="account_unique_id", cis="7.2.5",
    risk="medium",
    breaks=Text(zh="以原号码拥有的文件会换主人", en="files owned by the number change hands"),
)
