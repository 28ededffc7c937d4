"""PG-19 Mistakes in the configuration files (R135 数据库的运行状态)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limits, Row, critical, ok, warning
from tasks.checks.tables import findings, flag, or_nothing, word


def parse(rows: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
    return findings(rows, "error")


def judge(answer: tuple[list[str], list[dict[str, Any]]], limits: Limits, known: Known) -> Iterator[Row]:
    clean, mistakes = answer
    for row in mistakes:
        place = f"{word(row, 'sourcefile').rpartition('/')[2]}:{word(row, 'sourceline')}"
        waits = flag(row, "waits")  # a right value that only needs a restart is listed as an error too; PG-10 tells of it
        name, error = word(row, "name"), word(row, "error")
        if waits:
            yield warning(f"{place} 的 {name} 需重启后生效:{error}", f"{place}: {name} waits for a restart: {error}", object=place)
        else:
            yield critical(f"{place} 的 {name} 有错误:{error}", f"{place}: {name} is wrong: {error}", object=place)
    for _ in clean:
        yield ok("配置文件没有错误", "the configuration files hold no mistake")


CHECK = DatabaseCheck(
    id="PG-19",
    title=Text(zh="配置文件错误", en="Mistakes in configuration files"),
    chapter="running",
    kinds=("postgresql",),
    queries={(12, 0): or_nothing("""
        SELECT sourcefile, sourceline, name, error, name IN (SELECT s.name FROM pg_settings s WHERE s.pending_restart) IS TRUE AS waits
        FROM pg_file_settings WHERE error IS NOT NULL ORDER BY 1, 2
    """)},
    parse=parse,
    judge=judge,
    remedy=Text(zh="改正文件后 SELECT pg_reload_conf();有错误的文件会使下次启动失败",
                en="Mend the file, then SELECT pg_reload_conf(); with a mistake in it the next start fails"),
    source="PostgreSQL manual, pg_file_settings",
    needs=Text(zh="pg_file_settings 的 SELECT 与 pg_show_all_file_settings() 的 EXECUTE",
               en="SELECT on pg_file_settings and EXECUTE on pg_show_all_file_settings()"),
)
