"""H-MY-06c Oldest TLS that is spoken (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.kinds import Bounds, DatabaseControl, so
from tasks.controls.mysql import of


def judge(values: dict[str, str], bounds: Bounds, known: Known) -> Iterator[Row]:
    spoken = [one.strip() for one in values["tls_version"].split(",")]
    yield so(bool(spoken) and set(spoken) <= {"TLSv1.2", "TLSv1.3"}, "tls_version", values["tls_version"] or "''", "TLSv1.2,TLSv1.3")


CONTROL = DatabaseControl(
    id="H-MY-06c",
    **of(judge, "tls_version"),
    title=Text(zh="TLS 最低版本", en="Oldest TLS that is spoken"),
    severity="medium",
    remedy=Text(zh="[mysqld] tls_version = TLSv1.2,TLSv1.3", en="[mysqld] tls_version = TLSv1.2,TLSv1.3"),
    clause="1.4.8 a",
    level=3,
    breaks=Text(zh="只会旧版 TLS 的客户端将无法连接", en="clients that only speak older TLS no longer connect"),
    cuts_off=True,
)
