"""Services and packages: what is there, what runs, what will run after the next start. One answer for all who ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

from reports.records import Text
from tasks.checks.kinds import Known, Mender, Row, Unreadable
from tasks.controls.kinds import Bounds, failed, passed
from tasks.controls.reading import by_kind
from tasks.operations.installed import install
from tasks.operations.mend import Mend
from tasks.operations.unit import known as is_unit
from tasks.operations.unit import mask

SERVICES = r"""
[ -d /run/systemd/system ] || na "没有 systemd" "systemd does not run here"
if command -v dpkg-query >/dev/null; then dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' | awk '$1 ~ /^.i/ { print "package " $2 }'
elif command -v rpm >/dev/null; then rpm -qa --qf 'package %{NAME}\n'
else cannot "没有 dpkg 和 rpm" "there is neither dpkg nor rpm"; fi
systemctl list-unit-files --no-legend --no-pager --plain --type=service,socket,timer | awk '{ print "file " $1, $2 }'
systemctl list-units --no-legend --no-pager --plain --type=service,socket,timer --state=active,activating,reloading | awk '{ print "active " $1 }'
{ [ -e /run/systemd/container ] || [ -e /.dockerenv ]; } && echo "container yes"
[ -s /var/lib/aide/aide.db ] && echo "list aide"
echo end
"""


@dataclass(frozen=True)
class Services:
    """files: state of unit files by name: enabled, disabled, masked, static... lists: who has a list of files' checksums to compare with."""

    packages: set[str]
    files: dict[str, str]
    active: set[str]
    container: bool
    lists: tuple[str, ...] = ()

    def on(self, *patterns: str) -> list[str]:
        """Units of these names that run, or will after the next start."""
        units = self.active | {unit for unit, state in self.files.items() if state in ("enabled", "enabled-runtime", "alias", "linked")}
        return sorted(unit for unit in units if any(fnmatch(unit, pattern) for pattern in patterns))

    def installed(self, *patterns: str) -> list[str]:
        return sorted(name for name in self.packages if any(fnmatch(name, pattern) for pattern in patterns))


def services(output: str) -> Services:
    found = by_kind(output, "package", "file", "active", "container", "list")
    files = {unit: state for unit, _, state in (line.partition(" ") for line in found["file"])}
    if not found["package"] or not files or not found["active"]:
        raise Unreadable("no package, no unit or nothing that runs is told", "没有列出软件包、单元或运行中的服务")
    return Services(set(found["package"]), files, set(found["active"]), bool(found["container"]), tuple(found["list"]))


Judge = Callable[[Services, Bounds, Known], Iterator[Row]]


def off(*units: str) -> Judge:
    """No unit of these names runs, or will after the next start."""
    def judge(found: Services, bounds: Bounds, known: Known) -> Iterator[Row]:
        those = found.on(*units)
        for unit in those:
            state = "正在运行" if unit in found.active else "已设为开机启动"
            yield failed(f"{unit} {state}", f"{unit} " + ("runs" if unit in found.active else "is enabled"), object=unit)
        if not those:
            yield passed("没有运行,也不会启动", "none of them runs or will")
    return judge


def not_installed(*packages: str) -> Judge:
    def judge(found: Services, bounds: Bounds, known: Known) -> Iterator[Row]:
        those = found.installed(*packages)
        for name in those:
            yield failed(f"已安装 {name}", f"{name} is installed", object=name)
        if not those:
            yield passed("没有安装", "none of them is installed")
    return judge


def has(*packages: str) -> dict[str, Any]:
    """A control that wants these packages, and installs them."""
    def judge(found: Services, bounds: Bounds, known: Known) -> Iterator[Row]:
        missing = [name for name in packages if name not in found.packages]
        yield failed(f"没有安装 {'、'.join(missing)}", f"{' and '.join(missing)} is not installed") if missing else passed("已安装", "installed")

    def mend(row: Row, found: Services, known: Known) -> Mend | Text:
        if "dpkg" not in found.packages:
            return Text(zh="不是 Debian 系统，须人工安装", en="this is no Debian: install it by hand")
        return install(packages)
    return {**OF_SERVICES, "judge": judge, "mend": mend, "remedy": Text(zh=f"apt-get install {' '.join(packages)}", en=f"apt-get install {' '.join(packages)}")}


def masked(*units: str) -> Mender:
    """Stops and masks all of them together: a socket and its service stand on each other."""
    def mend(row: Row, found: Services, known: Known) -> Mend | Text:
        those = [unit for unit in found.on(*units) if is_unit(unit)]
        if row.object not in those:
            return Text(zh="单元名称不符合规则，须人工处理", en="its name is none of a unit; look at it by hand")
        return mask(those)
    return mend


def of_service(*units: str) -> dict[str, Any]:
    return {**OF_SERVICES, "judge": off(*units), "remedy": Text(zh=f"确认无人使用后:systemctl disable --now {' '.join(units)};systemctl mask",
                                                               en=f"when nobody uses it: systemctl disable --now {' '.join(units)}; systemctl mask")}


OF_SERVICES: dict[str, Any] = {"family": "services", "command": SERVICES, "parse": services, "source": "systemctl(1); dpkg-query(1)"}
