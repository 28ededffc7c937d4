"""H-MY-07 An audit plugin is active (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.checks.tables import count, one
from tasks.controls.kinds import Bounds, DatabaseControl, failed, passed
from tasks.controls.mysql import OF_MYSQL


def parse(rows: list[dict[str, Any]]) -> int:
    return count(one(rows), "found")


def judge(found: int, bounds: Bounds, known: Known) -> Iterator[Row]:
    yield passed("已启用审计插件", "an audit plugin is active") if found > 0 else failed("没有审计插件", "no audit plugin is active")


CONTROL = DatabaseControl(
    id="H-MY-07",
    **OF_MYSQL,
    title=Text(zh="审计插件", en="An audit plugin is active"),
    severity="medium",
    judge=judge,
    queries={(5, 7): """
        SELECT count(*) AS found FROM information_schema.plugins WHERE plugin_status = 'ACTIVE'
        AND lower(plugin_name) IN ('server_audit', 'audit_log', 'mysql_firewall', 'audit_log_filter')
        """},
    parse=parse,
    remedy=Text(zh="INSTALL SONAME 'server_audit'(MariaDB):记录 CONNECT、QUERY_DDL、QUERY_DCL 并轮转;不要用 general_log",
                en="INSTALL SONAME 'server_audit' (MariaDB): CONNECT, QUERY_DDL, QUERY_DCL, rotated; never general_log"),
    clause="1.4.3 a",
    risk="medium",
    breaks=Text(zh="繁忙的库上审计有开销,日志占用磁盘", en="on busy servers auditing costs time and room"),
)
