"""H-SVC-04a cron is there and runs (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.kinds import Bounds, HostControl, failed, not_applicable, passed
from tasks.controls.services import OF_SERVICES, Services


def judge(found: Services, bounds: Bounds, known: Known) -> Iterator[Row]:
    """Where there is none, nothing can be started by it; systemd's timers need none."""
    if not found.installed("cron", "cronie", "cronie-anacron"):
        yield not_applicable("不适用:没有安装 cron", "not applicable: cron is not installed")
    elif not set(found.on("cron.service", "crond.service")) & found.active:
        yield failed("cron 没有运行", "cron does not run")
    else:
        yield passed("cron 正在运行", "cron runs")


CONTROL = HostControl(
    id="H-SVC-04a",
    **OF_SERVICES,
    title=Text(zh="cron 已启用", en="cron is there and runs"),
    severity="low",
    judge=judge,
    remedy=Text(zh="systemctl enable --now cron", en="systemctl enable --now cron"),
    clause="1.4.4 b",
    rule="service_cron_enabled", cis="2.4.1.1",
)
