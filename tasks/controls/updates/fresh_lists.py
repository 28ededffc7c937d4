"""H-UPD-03 Lists of packages are fetched by themselves (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.kinds import Bounds, HostControl, at_most, so
from tasks.controls.updates import OF_APT
from tasks.operations.file_lines import FileLines, setting
from tasks.operations.mend import Mend


def judge(found: tuple[dict[str, str], list[tuple[str, str]]], bounds: Bounds, known: Known) -> Iterator[Row]:
    said = found[0].get("APT::Periodic::Update-Package-Lists", "0")
    yield so(said.isdigit() and bounds["days"].fits(int(said)) or said == "always", "APT::Periodic::Update-Package-Lists", said, bounds["days"].wanted)


def mend(row: Row, found: tuple[dict[str, str], list[tuple[str, str]]], known: Known) -> Mend | Text:
    """Fetches lists and nothing else: where an installation is switched on and only waits for lists, fresh ones would start it."""
    for name in ("APT::Periodic::Unattended-Upgrade", "APT::Periodic::Download-Upgradeable-Packages"):
        if found[0].get(name, "0") not in ("0", ""):
            return Text(zh=f"{name} 已启用，列表更新后会自动下载或安装软件包，须先确认",
                        en=f"{name} is on: with fresh lists packages come by themselves; decide on that first")
    name = "APT::Periodic::Update-Package-Lists"
    was = found[0].get(name, "")
    return FileLines(
        "/etc/apt/apt.conf.d/zz-standfast", (setting(name, f'{name} "1";', f'{name} "{was}";' if was else ""),),
        test=f'apt-config dump | grep -qxF \'{name} "1";\' || {{ echo "apt does not follow; is it set in /etc/apt/apt.conf?" >&2; exit 1; }}').mend()


CONTROL = HostControl(
    id="H-UPD-03",
    **OF_APT,
    title=Text(zh="软件包列表自动更新", en="Lists of packages are fetched by themselves"),
    severity="low",
    judge=judge,
    mend=mend,
    bounds={"days": at_most(7, "days", "own judgement", off=0)},
    remedy=Text(zh="/etc/apt/apt.conf.d 中:APT::Periodic::Update-Package-Lists \"1\";(不自动安装)",
                en="in /etc/apt/apt.conf.d: APT::Periodic::Update-Package-Lists \"1\"; (installs nothing)"),
    clause="1.4.4 e",
)
