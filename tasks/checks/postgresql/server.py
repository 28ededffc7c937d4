"""PG-01 Which version runs, in which role, since when (R135 数据库的运行状态)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, Unreadable, critical, ok, warning
from tasks.checks.tables import count, figure, flag, one, span, word

# Last day with corrections, by major version.
ENDS = {12: date(2024, 11, 21), 13: date(2025, 11, 13), 14: date(2026, 11, 12), 15: date(2027, 11, 11), 16: date(2028, 11, 9), 17: date(2029, 11, 8),
        18: date(2030, 11, 14)}


def parse(rows: list[dict[str, Any]]) -> tuple[str, int, float, bool]:
    row = one(rows)
    number = count(row, "number")
    if not 90000 < number < 1000000:
        raise Unreadable(f"server_version_num is {number}", f"server_version_num 为 {number},不合理")
    return word(row, "version"), number // 10000, figure(row, "started"), flag(row, "standby")


def judge(server: tuple[str, int, float, bool], limits: Limits, known: Known) -> Iterator[Row]:
    version, major, started, standby = server
    end = ENDS.get(major)
    left = (end - known.now.date()).days if end else None
    if left is None:
        yield (critical if major < 12 else ok)(f"PostgreSQL {version}", f"PostgreSQL {version}", object="version")
    else:
        yield Row(limits["support"].grade(left), f"PostgreSQL {version},官方维护至 {end}", f"PostgreSQL {version}, corrected by its makers until {end}",
                  object="version", value=left, unit="days")
    before = known.before.get("start")
    restarted = before is not None and before.value is not None and started - before.value > 60
    zh, en = span(max(0, known.now.timestamp() - started))
    yield (warning if restarted else ok)(f"已运行 {zh}" + (",上次巡检后重启过" if restarted else ""),
                                         f"up for {en}" + (", restarted since the last inspection" if
                                         restarted else ""), object="start", value=started, unit="s")
    role, wanted = "standby" if standby else "primary", known.expected.get("role")
    wrong = wanted in ("primary", "standby") and wanted != role
    yield (critical if wrong else ok)(f"角色:{'备库' if standby else '主库'}" + (f",应为 {wanted}" if wrong else ""),
                                      f"it is a {role}" + (f", and should be a {wanted}" if wrong else ""), object="role")


CHECK = DatabaseCheck(
    id="PG-01",
    title=Text(zh="版本、角色与运行时间", en="Version, role and up-time"),
    chapter="running",
    kinds=("postgresql",),
    queries={(12, 0): """
        SELECT current_setting('server_version') AS version, current_setting('server_version_num') AS number,
               extract(epoch FROM pg_postmaster_start_time()) AS started, pg_is_in_recovery() AS standby
    """},
    parse=parse,
    judge=judge,
    limits={"support": Limit(180, 0, "days", Text(zh="postgresql.org versioning policy:五年;预留半年为经验值",
                                                  en="postgresql.org versioning policy: five years; half a year to plan is own judgement"), over=False)},
    objects={"version": "版本", "start": "启动", "role": "角色"},
    remedy=Text(zh="计划升级到受支持的大版本;查明重启原因(服务器日志)",
                en="Plan the upgrade to a supported major version; find out why it was restarted (server log)"),
    source="PostgreSQL versioning policy; pg_postmaster_start_time()",
)
