"""PG-10 Settings that were changed and wait for a restart (R135 数据库的运行状态)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limits, Row, ok, warning
from tasks.checks.tables import SEES_SETTINGS, findings, or_nothing, word


def parse(rows: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, Any]]]:
    return findings(rows, "name")


def judge(answer: tuple[list[str], list[dict[str, Any]]], limits: Limits, known: Known) -> Iterator[Row]:
    clean, waiting = answer
    for row in waiting:
        yield warning(f"{word(row, 'name')} 已修改,重启后才生效(当前 {word(row, 'setting')})",
                      f"{word(row, 'name')} was changed and waits for a restart (now {word(row, 'setting')})",
                      object=word(row, "name"))
    for _ in clean:
        yield ok("没有等待重启的参数", "no setting waits for a restart")


CHECK = DatabaseCheck(
    id="PG-10",
    title=Text(zh="等待重启的参数", en="Settings waiting for a restart"),
    chapter="running",
    kinds=("postgresql",),
    queries={(12, 0): or_nothing("SELECT name, setting FROM pg_settings WHERE pending_restart ORDER BY name", SEES_SETTINGS)},
    parse=parse,
    judge=judge,
    remedy=Text(zh="在维护窗口重启;不想要的修改:ALTER SYSTEM RESET <参数>;", en="Restart in a window; a change nobody wants: ALTER SYSTEM RESET <setting>;"),
    source="PostgreSQL manual, pg_settings.pending_restart",
    needs="pg_monitor",
)
