"""H-SSH-04b Connections that have not logged in yet (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row, Unreadable, whole
from tasks.controls.kinds import Bounds, HostControl, at_most, so
from tasks.controls.ssh import OF_SSHD, Sshd, sets
from tasks.operations.mend import Mend


def judge(found: Sshd, bounds: Bounds, known: Known) -> Iterator[Row]:
    said = found.value("MaxStartups")
    parts = said.split(":")
    if len(parts) == 1:
        parts = [said, "100", said]
    if len(parts) != 3:
        raise Unreadable(f"MaxStartups is {said!r}", f"MaxStartups 为 {said!r}")
    start, _, full = (whole(part, "MaxStartups") for part in parts)
    good = bounds["start"].fits(start) and bounds["full"].fits(full)
    yield so(good, "MaxStartups", said, f"start {bounds['start'].wanted}, full {bounds['full'].wanted}", value=full, unit="connections")


def mend(row: Row, found: Sshd, known: Known) -> Mend | Text:
    start, full = (f"{known.limits[name].figure:.0f}" for name in ("start", "full"))
    return sets("MaxStartups", f"{start}:30:{full}")(row, found, known)


CONTROL = HostControl(
    id="H-SSH-04b",
    **OF_SSHD,
    title=Text(zh="未认证的并发连接数", en="Connections that have not logged in yet"),
    severity="medium",
    judge=judge,
    mend=mend,
    bounds={"full": at_most(60, "connections", "CIS Debian 12 5.1.18"), "start": at_most(10, "connections", "CIS Debian 12 5.1.18")},
    remedy=Text(zh="MaxStartups 10:30:60", en="MaxStartups 10:30:60"),
    clause="1.4.1 b",
    rule="sshd_set_maxstartups", cis="5.1.18",
    risk="medium",
    breaks=Text(zh="同时新建很多连接的任务会被拒绝一部分", en="of many connections begun at once some are turned away"),
    cuts_off=True,
)
