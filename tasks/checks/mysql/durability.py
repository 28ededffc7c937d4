"""MY-46 Settings that put the data at risk (R135 数据库的运行状态)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limits, Row, critical, ok, warning
from tasks.checks.tables import flag, my_settings, settings


def parse(rows: list[dict[str, Any]]) -> dict[str, str]:
    return settings(rows, "innodb_flush_log_at_trx_commit", "sync_binlog", "innodb_doublewrite", "log_bin")


def judge(values: dict[str, str], limits: Limits, known: Known) -> Iterator[Row]:
    flush = values["innodb_flush_log_at_trx_commit"]
    yield (ok if flush == "1" else warning)(f"innodb_flush_log_at_trx_commit = {flush}"
                                            + ("" if flush == "1" else ",崩溃会丢失最后一秒;执行:SET GLOBAL innodb_flush_log_at_trx_commit = 1;"),
                                            f"innodb_flush_log_at_trx_commit is {flush}" + ("" if flush == "1" else "; a crash loses the last second; run: "
                                                                                           "SET GLOBAL innodb_flush_log_at_trx_commit = 1;"),
                                            object="innodb_flush_log_at_trx_commit")
    sync = values["sync_binlog"]
    if flag(values, "log_bin"):
        yield (ok if sync == "1" else warning)(f"sync_binlog = {sync}"
                                               + ("" if sync == "1" else ",崩溃后备库可能与主库不一致;执行:SET GLOBAL sync_binlog = 1;"),
                                               f"sync_binlog is {sync}"
                                               + ("" if sync == "1" else "; after a crash replicas may differ; run: SET GLOBAL sync_binlog = 1;"),
                                               object="sync_binlog")
    double = values["innodb_doublewrite"].upper()
    good = double not in ("OFF", "0", "FALSE")
    yield (ok if good else critical)(f"innodb_doublewrite = {double}" + ("" if good else ",断电会损坏页;在配置中写 innodb_doublewrite = ON 并重启"),
                                     f"innodb_doublewrite is {double}"
                                     + ("" if good else "; a power cut damages pages; write innodb_doublewrite = ON into the configuration, and restart"),
                                     object="innodb_doublewrite")
    checksums = values.get("innodb_checksum_algorithm", "crc32")
    yield (critical if checksums.endswith("none") else ok)(f"innodb_checksum_algorithm = {checksums}", f"innodb_checksum_algorithm is {checksums}",
                                                           object="innodb_checksum_algorithm")


CHECK = DatabaseCheck(
    id="MY-46",
    title=Text(zh="持久性参数", en="Durability"),
    chapter="running",
    kinds=("mysql", "mariadb"),
    **my_settings("innodb_flush_log_at_trx_commit", "sync_binlog", "innodb_doublewrite", "log_bin", "innodb_checksum_algorithm"),
    parse=parse,
    judge=judge,
    remedy=Text(zh="按各行给出的语句改回", en="Turn them back as the rows say"),
    source="MySQL manual, InnoDB and ACID; pt-variable-advisor",
)
