"""H-MY-05a A plugin looks at new passwords (R008 安全加固)."""

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
    yield passed("已启用口令复杂度插件", "a plugin is active") if found > 0 else failed("没有口令复杂度插件", "no plugin is active")


CONTROL = DatabaseControl(
    id="H-MY-05a",
    **OF_MYSQL,
    title=Text(zh="口令复杂度插件", en="A plugin looks at new passwords"),
    severity="medium",
    judge=judge,
    queries={(5, 7): """
        SELECT count(*) AS found FROM information_schema.plugins WHERE plugin_status = 'ACTIVE'
        AND lower(plugin_name) IN ('validate_password', 'simple_password_check', 'cracklib_password_check')
        """, (8, 0): """
        SELECT (SELECT count(*) FROM performance_schema.global_variables WHERE variable_name LIKE 'validate_password%') + (SELECT count(*)
        FROM information_schema.plugins WHERE plugin_status = 'ACTIVE' AND lower(plugin_name) = 'validate_password') AS found
        """},
    mariadb_queries={(10, 3): """
        SELECT count(*) AS found FROM information_schema.plugins WHERE plugin_status = 'ACTIVE'
        AND lower(plugin_name) IN ('simple_password_check', 'cracklib_password_check')
        """},
    parse=parse,
    remedy=Text(zh="INSTALL SONAME 'simple_password_check'(MariaDB)或 INSTALL COMPONENT 'file://component_validate_password'(MySQL)",
                en="INSTALL SONAME 'simple_password_check' (MariaDB), INSTALL COMPONENT 'file://component_validate_password' (MySQL)"),
    clause="1.4.1 a",
    breaks=Text(zh="设置弱口令的脚本会失败", en="scripts that set weak passwords fail"),
)
