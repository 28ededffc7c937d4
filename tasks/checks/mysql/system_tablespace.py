"""MY-22 Whether every table has its own file, and limits of the system tablespace (R138 数据库的空间使用状况)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limits, Row, advice, ok, warning
from tasks.checks.tables import flag, my_settings, settings


def parse(rows: list[dict[str, Any]]) -> dict[str, str]:
    return settings(rows, "innodb_file_per_table", "innodb_data_file_path", "innodb_temp_data_file_path")


def judge(values: dict[str, str], limits: Limits, known: Known) -> Iterator[Row]:
    own = flag(values, "innodb_file_per_table")
    yield (ok if own else warning)(f"innodb_file_per_table = {values['innodb_file_per_table']}"
                                   + ("" if own else ";ibdata1 只增不减;执行:SET GLOBAL innodb_file_per_table = ON;"),
                                   f"innodb_file_per_table is {values['innodb_file_per_table']}"
                                   + ("" if own else "; ibdata1 never shrinks; run: SET GLOBAL innodb_file_per_table = ON;"),
                                   object="innodb_file_per_table")
    grows = "autoextend" in values["innodb_data_file_path"]
    yield (ok if grows else warning)(f"系统表空间 {values['innodb_data_file_path']}" + ("" if grows else ",不能自动扩展,会写满"),
                                     f"system tablespace {values['innodb_data_file_path']}" + ("" if grows else ": it cannot grow, and will be full"),
                                     object="innodb_data_file_path")
    bounded = ":max:" in values["innodb_temp_data_file_path"]
    path, name = values["innodb_temp_data_file_path"], "innodb_temp_data_file_path"
    if bounded:
        yield ok(f"临时表空间 {path}", f"temporary tablespace {path}", object=name)
    else:
        yield advice(f"临时表空间 {path} 没有上限", f"temporary tablespace {path} has no bound", f"{name} = ibtmp1:12M:autoextend:max:20G", object=name)


CHECK = DatabaseCheck(
    id="MY-22",
    title=Text(zh="系统与临时表空间", en="System and temporary tablespace"),
    chapter="space",
    kinds=("mysql", "mariadb"),
    **my_settings("innodb_file_per_table", "innodb_data_file_path", "innodb_temp_data_file_path"),
    parse=parse,
    judge=judge,
    remedy=Text(zh="每表一个文件;给临时表空间设上限,否则一个查询可以写满磁盘",
                en="One file for each table; bound the temporary tablespace, or one query can fill the disk"),
    source="MySQL manual, InnoDB tablespaces",
)
