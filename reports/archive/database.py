"""Opens the archive's database, SQLite or PostgreSQL, and brings its tables up to date.

SQLite: write-ahead log, synchronous=FULL (what is committed survives a power cut), foreign keys on, and every writing
transaction begins IMMEDIATE: taking the write lock later, after a read, fails at once instead of waiting.
PostgreSQL: whoever must be alone takes an advisory lock that ends with its transaction.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError

from reports.archive.errors import ArchiveUnavailable
from reports.archive.tables import SCHEMA

BUSY_S = 30
"""How long a writer waits for the others, in seconds."""

MIGRATIONS = Path(__file__).parent / "migrations"


def url_of(database: str) -> URL:
    """The address of the database: an SQLAlchemy address or the path of an SQLite file; raises ArchiveUnavailable."""
    if "://" not in database:
        return URL.create("sqlite", database=str(Path(database).expanduser().resolve()))
    try:
        url = make_url(database)
    except ArgumentError as error:
        raise ArchiveUnavailable("The archive's database address cannot be read; write sqlite:////path/to/archive.db or "
                                 "postgresql://user:password@host/name.") from error
    backend = url.get_backend_name()
    if backend == "postgres":  # the old word, still in many settings
        backend, url = "postgresql", url.set(drivername="postgresql")
    if backend not in ("sqlite", "postgresql"):
        raise ArchiveUnavailable(f"The archive is kept in SQLite or PostgreSQL, not in {backend}; set another database address.")
    if backend == "sqlite":
        if not url.database or url.database == ":memory:":
            raise ArchiveUnavailable("The archive needs a file; write sqlite:////path/to/archive.db.")
        return url.set(drivername="sqlite")
    return url.set(drivername="postgresql+psycopg")


def connect(database: str) -> Engine:
    """An engine that is set as said above. Nothing is opened yet, except that the folder of an SQLite file is made."""
    url = url_of(database)
    if url.get_backend_name() == "postgresql":
        return create_engine(url, pool_pre_ping=True, connect_args={
            "connect_timeout": BUSY_S, "options": f"-c lock_timeout={BUSY_S}s -c synchronous_commit=on"})
    try:
        Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
        # SQLite itself would let everybody read it. A file that is there is never opened here: closing it again would take away all locks that
        # this process holds on it (sqlite.org/howtocorrupt.html 2.2), and others would throw away what was committed.
        os.close(os.open(str(url.database), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o640))
    except FileExistsError:
        if not os.access(str(url.database), os.R_OK | os.W_OK):
            raise ArchiveUnavailable(f"The archive's database {url.database} cannot be written: Permission denied; "
                                     "give its folder to the account that Standfast runs as.") from None
    except OSError as error:
        raise ArchiveUnavailable(f"The archive's database {url.database} cannot be made or written: {error.strerror}; "
                                 "give its folder to the account that Standfast runs as.") from error
    engine = create_engine(url, connect_args={"timeout": BUSY_S})
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver's own BEGIN comes too late and spares DDL; ours is in _begin_sqlite
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_S * 1000}")
    # Changing into WAL mode does not wait for others, whatever the timeout; only the first opening of a file does it.
    give_up = time.monotonic() + BUSY_S
    while cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > give_up:
                raise
            time.sleep(0.02)
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    reading = connection.get_execution_options().get("standfast_reading")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def lock(connection: Connection, name: str) -> None:
    """Waits until nobody else holds `name`, and holds it to the end of the transaction. SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        key = int.from_bytes(hashlib.sha256(f"standfast {name}".encode()).digest()[:8], "big", signed=True)
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})


def migrate(engine: Engine) -> None:
    """Brings the tables up to date; several processes may do so at once, one does it, the others wait.

    Raises ArchiveUnavailable if the database cannot be opened, or was made by a newer Standfast.
    """
    address = engine.url.render_as_string(hide_password=True)
    try:
        with engine.execution_options(standfast_reading=True).connect() as connection:
            if _revision(connection) == SCHEMA:
                return
        with engine.begin() as connection:
            lock(connection, "migrations")
            if _revision(connection) != SCHEMA:
                _upgrade(connection, address)
    except DBAPIError as error:
        reason = " ".join(str(error.orig).split())
        raise ArchiveUnavailable(f"The archive's database {address} cannot be used: {reason}. "
                                 "Check that it runs, and the setting of its address.") from error


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _upgrade(connection: Connection, address: str) -> None:
    from alembic import command  # only here: it takes long to load, and is needed once in a database's life
    from alembic.config import Config
    from alembic.util.exc import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise ArchiveUnavailable(f"The archive's database {address} was made by a newer Standfast "
                                 f"({_revision(connection)}, this one knows {SCHEMA}); use that version.") from error
