"""H-UPD-03 Lists of packages are fetched by themselves (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.kinds import Bounds, HostControl, at_most, so
from tasks.controls.updates import OF_APT


def judge(found: tuple[dict[str, str], list[tuple[str, str]]], bounds: Bounds, known: Known) -> Iterator[Row]:
    said = found[0].get("APT::Periodic::Update-Package-Lists", "0")
    yield so(said.isdigit() and bounds["days"].fits(int(said)) or said == "always", "APT::Periodic::Update-Package-Lists", said, bounds["days"].wanted)


CONTROL = HostControl(
    id="H-UPD-03",
    **OF_APT,
    title=Text(zh="软件包列表自动更新", en="Lists of packages are fetched by themselves"),
    severity="low",
    judge=judge,
    bounds={"days": at_most(7, "days", "own judgement", off=0)},
    remedy=Text(zh="/etc/apt/apt.conf.d 中:APT::Periodic::Update-Package-Lists \"1\";(不自动安装)",
                en="in /etc/apt/apt.conf.d: APT::Periodic::Update-Package-Lists \"1\"; (installs nothing)"),
    clause="1.4.4 e",
)
