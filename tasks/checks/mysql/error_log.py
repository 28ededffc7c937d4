"""MY-05 Where the error log goes, and whether it says enough (R136 日志文件)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limits, Row, number, ok, unknown, warning
from tasks.checks.tables import my_settings, settings


def parse(rows: list[dict[str, Any]]) -> dict[str, str]:
    return settings(rows, "log_error")


def judge(values: dict[str, str], limits: Limits, known: Known) -> Iterator[Row]:
    where = values["log_error"]
    yield ok(f"错误日志:{where or '由系统日志(journal)收集'},内容由主机检查", f"error log: {where or 'collected by the journal'}; the host's checks read it",
             object="log_error")
    level = values.get("log_error_verbosity") or values.get("log_warnings")
    if level is None:
        yield unknown("错误日志级别未知", "how much it says is not known", object="level")
    else:
        name = "log_error_verbosity" if "log_error_verbosity" in values else "log_warnings"
        bad = number(level) < 2
        yield (warning if bad else ok)(f"{name} = {level}" + (f";执行:SET GLOBAL {name} = 2;" if bad else ""),
                                       f"{name} is {level}" + (f"; run: SET GLOBAL {name} = 2;" if bad else ""), object="level")


CHECK = DatabaseCheck(
    id="MY-05",
    title=Text(zh="错误日志设置", en="Error log settings"),
    chapter="db log",
    kinds=("mysql", "mariadb"),
    **my_settings("log_error", "log_error_verbosity", "log_warnings"),
    parse=parse,
    judge=judge,
    objects={"level": "级别"},
    remedy=Text(zh="记录警告;确认 log_error 的目录存在,否则日志会悄悄丢失",
                en="Log warnings; see that log_error's folder exists, or nothing is written, without a word"),
    source=Text(zh="MySQL 与 MariaDB 手册 error log", en="MySQL and MariaDB manuals, error log"),
    clause="GB/T 22239-2019 8.1.4.3 a",
)
