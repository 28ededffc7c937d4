"""MY-01 Which version runs, in which role, since when (R135 数据库的运行状态)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, critical, number, ok, warning
from tasks.checks.tables import flag, my_settings, settings, span

# Last day with corrections, by version; of series with long support only.
ENDS = {
    "mysql": {(5, 7): date(2023, 10, 31), (8, 0): date(2026, 4, 30), (8, 4): date(2032, 4, 30)},
    "mariadb": {(10, 3): date(2023, 5, 25), (10, 4): date(2024, 6, 18), (10, 5): date(2025, 6, 24), (10, 6): date(2026, 7, 6), (10, 11): date(2028, 2, 16),
                (11, 4): date(2029, 5, 29), (11, 8): date(2028, 6, 4)},
}


def parse(rows: list[dict[str, Any]]) -> dict[str, str]:
    values = settings(rows, "version", "uptime", "read_only", "server_id")
    number(values["uptime"], "uptime")
    return values


def judge(values: dict[str, str], limits: Limits, known: Known) -> Iterator[Row]:
    version = values["version"]
    end = ENDS.get(known.kind, {}).get(known.version)
    if end is None:
        yield ok(f"版本 {version}(不在长期支持列表中,请核对官方支持期)", f"version {version} (not one of long support; compare with its makers' dates)",
                 object="version")
    else:
        left = (end - known.now.date()).days
        yield Row(limits["support"].grade(left), f"版本 {version},官方维护至 {end}", f"version {version}, corrected by its makers until {end}",
                  object="version",
                  value=left, unit="days")
    uptime = number(values["uptime"])
    days = known.days_since
    restarted = days is not None and "start" in known.before and uptime < days * 86400
    zh, en = span(uptime)
    yield (warning if restarted else ok)(f"已运行 {zh}" + (",上次巡检后重启过" if restarted else ""),
                                         f"up for {en}" + (", restarted since the last inspection" if
                                         restarted else ""), object="start", value=uptime, unit="s")
    reads_only = flag({"read_only": values["read_only"].replace("NO_LOCK", "ON")}, "read_only")
    wanted = known.expected.get("role")
    wrong = wanted == "primary" and reads_only or wanted == "standby" and not reads_only
    yield (critical if wrong else ok)(f"read_only = {values['read_only']}" + (f",与登记的角色 {wanted} 不符" if wrong else ""),
                                      f"read_only is {values['read_only']}" + (f", which does not fit its role as {wanted}" if wrong else ""), object="role")


CHECK = DatabaseCheck(
    id="MY-01",
    title=Text(zh="版本、角色与运行时间", en="Version, role and up-time"),
    chapter="running",
    kinds=("mysql", "mariadb"),
    **my_settings("version", "uptime", "read_only", "server_id"),
    parse=parse,
    judge=judge,
    limits={"support": Limit(180, 0, "days", Text(zh="厂商公布的支持期限;预留半年为经验值",
                                                  en="makers' support dates; half a year to plan is own judgement"), over=False)},
    objects={"version": "版本", "start": "启动", "role": "角色"},
    remedy=Text(zh="计划升级到受支持的版本;查明重启原因(错误日志)", en="Plan the upgrade to a supported version; find out why it was restarted (error log)"),
    source="MySQL end-of-life notices; MariaDB maintenance policy",
)
