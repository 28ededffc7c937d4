"""H-INT-01 Files are watched for changes (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.kinds import Bounds, HostControl, failed, passed
from tasks.controls.services import OF_SERVICES, Services
from tasks.operations.file_integrity import watch_files
from tasks.operations.mend import Mend

WATCHERS = ("aide", "tripwire", "samhain", "wazuh-agent", "ossec-hids-agent")


def judge(found: Services, bounds: Bounds, known: Known) -> Iterator[Row]:
    there = found.installed(*WATCHERS)
    runs = found.on("dailyaidecheck.timer", "aidecheck.timer", "standfast-aide.timer", "tripwire*.timer", "samhain.service", "wazuh-agent.service",
                    "ossec*.service")
    if not there:
        yield failed("没有文件完整性检查工具", "nothing watches files for changes")
    elif not runs and "aide-common" not in found.packages:
        yield failed(f"{there[0]} 没有定期运行", f"{there[0]} does not run by itself")
    elif there[0] == "aide" and "aide" not in found.lists:
        yield failed("aide 没有可供比对的校验清单", "aide has no list of checksums to compare with")
    else:
        yield passed(f"由 {there[0]} 检查", f"{there[0]} watches them")


def mend(row: Row, found: Services, known: Known) -> Mend | Text:
    if found.installed(*WATCHERS) or "dpkg" not in found.packages:
        return Text(zh="已有检查工具，由其管理员建立清单并启用定期检查", en="there is a tool for it: whoever keeps it makes its list and lets it run by itself")
    return watch_files()


CONTROL = HostControl(
    id="H-INT-01",
    **OF_SERVICES | {"family": "updates"},
    title=Text(zh="文件完整性检查", en="Files are watched for changes"),
    severity="medium",
    judge=judge,
    mend=mend,
    remedy=Text(zh="安装 aide,在维护窗口建立数据库,每日检查", en="install aide, build its database in a window, check daily"),
    clause="1.4.6",
    rule="package_aide_installed", cis="6.3.1",
    breaks=Text(zh="首次建库占用较多磁盘读写", en="building the database reads much"),
)
