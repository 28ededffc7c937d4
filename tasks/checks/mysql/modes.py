"""MY-48 Character set and strictness (R135 数据库的运行状态; tuning)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limits, Row, ok, warning
from tasks.checks.tables import my_settings, settings


def parse(rows: list[dict[str, Any]]) -> dict[str, str]:
    return settings(rows, "character_set_server", "sql_mode")


def judge(values: dict[str, str], limits: Limits, known: Known) -> Iterator[Row]:
    charset, mode = values["character_set_server"], values["sql_mode"]
    good = charset in ("utf8mb4", "gb18030")
    yield (ok if good else warning)(f"character_set_server = {charset}" + ("" if good else ",存不下部分汉字;在配置中写 character_set_server = utf8mb4"),
                                    f"character_set_server is {charset}"
                                    + ("" if good else ", which cannot hold some characters; write character_set_server = utf8mb4"), object="charset")
    strict = "STRICT_TRANS_TABLES" in mode or "STRICT_ALL_TABLES" in mode
    yield (ok if strict else warning)(f"sql_mode = {mode or '(空)'}"
                                      + ("" if strict
                                         else ",超长数据会被悄悄截断;执行:SET GLOBAL sql_mode = CONCAT(@@GLOBAL.sql_mode, ',STRICT_TRANS_TABLES');"),
                                      f"sql_mode is {mode or '(empty)'}"
                                      + ("" if strict else "; what is too long is cut without a word; run: SET GLOBAL sql_mode = "
                                                                            "CONCAT(@@GLOBAL.sql_mode, ',STRICT_TRANS_TABLES');"), object="sql_mode")


CHECK = DatabaseCheck(
    id="MY-48",
    title=Text(zh="字符集与严格模式", en="Character set and strictness"),
    chapter="tuning",
    kinds=("mysql", "mariadb"),
    **my_settings("character_set_server", "sql_mode"),
    parse=parse,
    judge=judge,
    objects={"charset": "字符集"},
    remedy=Text(zh="先在测试库验证应用,再修改", en="Try the application on a test server first"),
    source="MySQL manual, server SQL modes, utf8mb4",
)
