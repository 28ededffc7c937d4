"""MY-30 Room in tables that is not used: fragmentation (R142 对表和索引进行分析)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Outcome, Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, ok
from tasks.checks.tables import SEES_TABLES, dotted, figure, findings, or_nothing, quoted, size, word
from tasks.operations.schemas import OWN_SCHEMAS


def parse(rows: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
    return findings(rows, "tab")


def judge(answer: tuple[list[str], list[dict[str, Any]]], limits: Limits, known: Known) -> Iterator[Row]:
    clean, tables = answer
    for row in tables:
        name, free, taken = dotted(row, "db", "tab"), figure(row, "free"), figure(row, "bytes")
        share = 100 * free / taken if taken > 0 else 0
        outcome = limits["share"].grade(share) if free >= limits["free"].warning else Outcome.OK
        statement = f"OPTIMIZE TABLE {quoted(word(row, 'db'), word(row, 'tab'), mark='`')};"
        bad = outcome is not Outcome.OK
        yield Row(outcome, f"{name} 空闲 {size(free)}({share:.0f} %)" + (f";在维护窗口执行(重建表,需同样大的空间):{statement}" if bad else ""),
                  f"{name}: {size(free)} ({share:.0f} %) are free"
                  + (f"; in a window, it builds the table anew and needs as much room: {statement}" if bad else ""),
                  object=name, value=free, unit="bytes")
    for _ in clean:
        yield ok("没有超过 100 MiB 且空闲超过 10 % 的表", "no table of more than 100 MiB has more than a tenth free")


CHECK = DatabaseCheck(
    id="MY-30",
    title=Text(zh="表碎片", en="Fragmentation of tables"),
    chapter="objects",
    kinds=("mysql", "mariadb"),
    queries={(5, 7): or_nothing(f"""
        SELECT table_schema AS db, table_name AS tab, data_free AS free, data_length + index_length + data_free AS bytes
        FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND table_schema NOT IN {OWN_SCHEMAS}
          AND data_length + index_length + data_free > 100 * 1024 * 1024 AND data_free > 0.1 * (data_length + index_length + data_free)
        ORDER BY data_free DESC LIMIT 50
    """, SEES_TABLES)},
    parse=parse,
    judge=judge,
    limits={"share": Limit(30, 50, "%", Text(zh="经验值;MySQLTuner 从 10 % 起列出",
                                             en="own judgement; MySQLTuner names tables from 10 % on")),
            "free": Limit(100 << 20, None, "bytes", "MySQLTuner: 100 MB")},
    remedy=Text(zh="OPTIMIZE TABLE(语句在各行),大表用 pt-online-schema-change",
                en="OPTIMIZE TABLE (statement in the row); large ones by pt-online-schema-change"),
    source=Text(zh="MySQL 手册 information_schema.TABLES DATA_FREE;MySQL 8 默认缓存一天,本会话已关闭缓存",
                en="MySQL manual, information_schema.TABLES DATA_FREE; MySQL 8 keeps it for a day unless the session says otherwise, as ours does"),
    needs=Text(zh="*.* 的 SHOW VIEW", en="SHOW VIEW on *.*"),
    time_limit_s=60,
)
