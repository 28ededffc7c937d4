"""H-MY-06a TLS is there (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row, Unreadable
from tasks.controls.kinds import Bounds, DatabaseControl, so
from tasks.controls.mysql import of


def judge(values: dict[str, str], bounds: Bounds, known: Known) -> Iterator[Row]:
    """have_ssl is gone from MySQL 8.4; MariaDB from 11.4 on makes a certificate by itself."""
    if "have_ssl" in values:
        yield so(values["have_ssl"].upper() == "YES", "have_ssl", values["have_ssl"], "YES")
    elif "ssl_cert" in values:
        yield so(bool(values["ssl_cert"]), "ssl_cert", values["ssl_cert"] or "''", "ssl_cert")
    else:
        raise Unreadable("neither have_ssl nor ssl_cert is told", "没有 have_ssl 与 ssl_cert")


CONTROL = DatabaseControl(
    id="H-MY-06a",
    **of(judge, "version", "have_ssl", "ssl_cert"),
    title=Text(zh="启用 TLS", en="TLS is there"),
    severity="medium",
    remedy=Text(zh="[mysqld] ssl_cert、ssl_key,重启", en="[mysqld] ssl_cert, ssl_key, and restart"),
    clause="1.4.1 c",
)
