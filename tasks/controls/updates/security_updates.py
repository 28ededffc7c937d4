"""H-UPD-01 No security update waits (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.configuration.security_updates import CHECK
from tasks.checks.kinds import Known, Row
from tasks.checks.lines import listed
from tasks.controls.kinds import Bounds, HostControl, failed, passed


def judge(waiting: list[str], bounds: Bounds, known: Known) -> Iterator[Row]:
    if waiting:
        yield failed(f"{len(waiting)} 个软件包有安全更新", f"security updates wait for {len(waiting)} packages", value=len(waiting), unit="packages",
                     evidence=listed(waiting, 20))
    else:
        yield passed("没有待装的安全更新", "no security update waits", value=0, unit="packages")


CONTROL = HostControl(
    id="H-UPD-01",
    title=Text(zh="没有待装的安全更新", en="No security update waits"),
    severity="medium",
    judge=judge,
    family="updates",
    command=CHECK.command,
    parse=CHECK.parse,
    time_limit_s=CHECK.time_limit_s,
    remedy=Text(zh="以 software-upgrade 安装安全更新", en="install them by a software-upgrade"),
    source=CHECK.source,
    clause="1.4.4 e",
    rule="security_patches_up_to_date",
    risk="medium",
    breaks=Text(zh="更新会重启服务", en="updates restart services"),
)
