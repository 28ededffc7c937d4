"""H-SUD-01c How long sudo remembers a password (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row, number
from tasks.controls.kinds import Bounds, HostControl, at_most, so
from tasks.controls.sudo import OF_SUDO, Sudoers, default


def judge(found: Sudoers, bounds: Bounds, known: Known) -> Iterator[Row]:
    said = found.value("timestamp_timeout")
    value = 15.0 if said is None else 0.0 if said == "!" else number(said, "timestamp_timeout")  # 15: as Debian builds it; below 0: for ever
    yield so(value >= 0 and bounds["minutes"].fits(value), "timestamp_timeout", f"{value:g}", bounds["minutes"].wanted, value=value, unit="min")


CONTROL = HostControl(
    id="H-SUD-01c",
    **OF_SUDO,
    title=Text(zh="sudo 记住口令的时间", en="How long sudo remembers a password"),
    severity="medium",
    judge=judge,
    mend=lambda row, found, known: default("timestamp_timeout", f"{known.limits['minutes'].figure:.0f}")(row, found, known),
    bounds={"minutes": at_most(15, "min", "CIS Debian 12 5.2.6")},
    remedy=Text(zh="Defaults timestamp_timeout=15", en="Defaults timestamp_timeout=15"),
    clause="1.4.1 b",
    rule="sudo_require_reauthentication", cis="5.2.6",
    cuts_off=True,
)
