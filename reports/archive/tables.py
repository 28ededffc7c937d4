"""The archive's tables. They are made by the migrations beside this file; a test holds both equal.

journal, papers, evidence and bundles only grow: triggers of the database refuse to alter or delete a row.
Records are kept as text in their canonical form, because their digests are over exactly these bytes.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import BigInteger, DateTime, Float, ForeignKey, Index, Integer, MetaData, String, Text, TypeDecorator, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SCHEMA = "0003"
"""The newest migration; a database that says so needs none."""


class Utc(TypeDecorator[datetime]):
    """A point in time: goes in with any zone, is kept in UTC, comes out in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"the time {value.isoformat()} needs its zone, for example 2026-11-22T20:00:00+08:00")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Words(TypeDecorator[str]):
    """Text from people and hosts. What no database keeps (NUL, halves of characters) becomes U+FFFD."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect) -> str | None:
        return None if value is None else whole(value)


def whole(text: str) -> str:
    """The text as it can be kept in every database and written as UTF-8."""
    return text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s",
    })


class ChangeTable(Base):
    __tablename__ = "changes"

    number: Mapped[str] = mapped_column(String(32), primary_key=True)
    procedure: Mapped[str] = mapped_column(Words)
    customer: Mapped[str] = mapped_column(Words, index=True)
    requester: Mapped[str] = mapped_column(Words)
    operator: Mapped[str] = mapped_column(Words)
    reason: Mapped[str] = mapped_column(Words)
    request: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[datetime] = mapped_column(Utc, index=True)
    closed_at: Mapped[datetime | None] = mapped_column(Utc)
    closure: Mapped[str | None] = mapped_column(String(32))
    closure_reason: Mapped[str] = mapped_column(Words)
    closure_reason_zh: Mapped[str] = mapped_column(Words)
    opened_by_run: Mapped[str | None] = mapped_column(String(64), unique=True)
    run_id: Mapped[str] = mapped_column(String(64), index=True)
    phase: Mapped[str] = mapped_column(Words)


class PaperTable(Base):
    __tablename__ = "papers"
    __table_args__ = (UniqueConstraint("number", "kind", "key"),)

    number: Mapped[str] = mapped_column(ForeignKey("changes.number"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(255))
    fingerprint: Mapped[str] = mapped_column(String(64))
    json: Mapped[str] = mapped_column(Text)
    saved_at: Mapped[datetime] = mapped_column(Utc)


class JournalTable(Base):
    __tablename__ = "journal"

    number: Mapped[str] = mapped_column(ForeignKey("changes.number"), primary_key=True)
    sequence: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Utc)
    event: Mapped[str] = mapped_column(Words)
    target: Mapped[str] = mapped_column(Words)
    step: Mapped[int | None] = mapped_column(Integer)
    attempt: Mapped[int | None] = mapped_column(Integer)
    detail: Mapped[str] = mapped_column(Text)


class EvidenceTable(Base):
    __tablename__ = "evidence"
    __table_args__ = (UniqueConstraint("number", "name", "sha256"),)

    number: Mapped[str] = mapped_column(ForeignKey("changes.number"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(255))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(String(255))
    filed_at: Mapped[datetime] = mapped_column(Utc)


class CodeTable(Base):
    """One-time codes; the code itself is nowhere, only its scrypt hash with a salt of its own."""

    __tablename__ = "codes"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    number: Mapped[str] = mapped_column(ForeignKey("changes.number"), index=True)
    gate: Mapped[str] = mapped_column(Words)
    digest: Mapped[str] = mapped_column(String(64))
    salt: Mapped[str] = mapped_column(String(32))
    hash: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime] = mapped_column(Utc)
    sent_to: Mapped[str] = mapped_column(Words)
    stored_at: Mapped[datetime] = mapped_column(Utc)
    used_at: Mapped[datetime | None] = mapped_column(Utc)


class BundleTable(Base):
    """The chain. No foreign key: a bundle found on disk is taken in even if the database was restored to before its change."""

    __tablename__ = "bundles"
    __table_args__ = (UniqueConstraint("number", "edition"),)

    sequence: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    number: Mapped[str] = mapped_column(String(32))
    edition: Mapped[int] = mapped_column(Integer)
    folder: Mapped[str] = mapped_column(String(64))
    manifest: Mapped[str] = mapped_column(String(64))
    previous: Mapped[str] = mapped_column(String(64))
    content: Mapped[str] = mapped_column(String(64))
    sealed_at: Mapped[datetime] = mapped_column(Utc)


class InspectionTable(Base):
    """An inspection is registered among the changes; this is the number its rows go by."""

    __tablename__ = "inspections"
    __table_args__ = (Index("ix_inspections_customer_procedure_id", "customer", "procedure", "id"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    number: Mapped[str] = mapped_column(ForeignKey("changes.number"), unique=True)
    customer: Mapped[str] = mapped_column(Words)
    procedure: Mapped[str] = mapped_column(Words)
    started_at: Mapped[datetime] = mapped_column(Utc)


class TargetReadTable(Base):
    __tablename__ = "targets_read"
    __table_args__ = {"sqlite_with_rowid": False}

    inspection: Mapped[int] = mapped_column(ForeignKey("inspections.id"), primary_key=True, autoincrement=False)
    target: Mapped[str] = mapped_column(String(255), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    read_at: Mapped[datetime] = mapped_column(Utc)
    seconds: Mapped[float] = mapped_column(Float)
    problem_zh: Mapped[str] = mapped_column(Words)
    problem_en: Mapped[str] = mapped_column(Words)
    about: Mapped[str] = mapped_column(Text)


class CheckRowTable(Base):
    """One row a check and object. In SQLite the rows of one inspection lie side by side; only what can become full has an index."""

    __tablename__ = "check_rows"

    inspection: Mapped[int] = mapped_column(ForeignKey("inspections.id"), primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    target: Mapped[str] = mapped_column(String(255))
    check: Mapped[str] = mapped_column(String(16))
    object: Mapped[str] = mapped_column(String(300))
    outcome: Mapped[str] = mapped_column(String(16))
    value: Mapped[float | None] = mapped_column(Float)
    unit: Mapped[str] = mapped_column(String(32))
    capacity: Mapped[float | None] = mapped_column(Float)
    says_zh: Mapped[str] = mapped_column(Words)
    says_en: Mapped[str] = mapped_column(Words)
    evidence: Mapped[str] = mapped_column(Words)

    __table_args__ = (Index("ix_check_rows_growing", "inspection", sqlite_where=capacity.column.is_not(None),
                            postgresql_where=capacity.column.is_not(None)), {"sqlite_with_rowid": False})
