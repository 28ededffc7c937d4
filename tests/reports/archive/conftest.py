"""Archives for the tests, in a real SQLite file and in a real PostgreSQL 15 in a container of the lab's image."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from reports.archive import Archive
from reports.records import Closure, Text

NOW = datetime(2026, 11, 22, 20, 0, 0, 123456, tzinfo=UTC)
START_LIMIT_S = 60
START = """
mkdir -m 700 /archive && chown postgres /archive && printf %s "$PASSWORD" > /password
bin=$(echo /usr/lib/postgresql/*/bin) && chmod 644 /password
runuser -u postgres -- $bin/initdb -D /archive -U standfast -A scram-sha-256 --pwfile=/password -E UTF8 --locale=C >/dev/null
echo 'host all all all scram-sha-256' >> /archive/pg_hba.conf
exec timeout 3600 runuser -u postgres -- $bin/postgres -D /archive -c listen_addresses='*' -c unix_socket_directories=/tmp
"""


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The address of a PostgreSQL server whose user may make databases; STANDFAST_TEST_POSTGRESQL names one that runs already."""
    running = os.environ.get("STANDFAST_TEST_POSTGRESQL")
    if running:
        yield running.rstrip("/")
        return
    from deployments.lab import engine, images

    engine.ensure()
    password = secrets.token_hex(16)
    # --rm and the hour in START: nothing stays behind, even if the tests are killed
    container = f"standfast-test-archive-{secrets.token_hex(4)}"
    engine.docker("run", "-d", "--rm", "--init", "--name", container, "-p", "127.0.0.1::5432", "-e", f"PASSWORD={password}",
                  images.ensure("web"), "sh", "-euc", START)
    try:
        port = engine.text("port", container, "5432/tcp").rsplit(":", 1)[1]
        address = f"postgresql://standfast:{password}@127.0.0.1:{port}"
        _wait(address)
        yield address
    finally:
        engine.docker("rm", "-f", "-v", container, check=False)


def _wait(address: str) -> None:
    give_up = time.monotonic() + START_LIMIT_S
    while True:
        try:
            psycopg.connect(f"{address}/postgres", connect_timeout=5).close()
            return
        except psycopg.OperationalError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.2)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.live)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/archive.db"
        return
    server = request.getfixturevalue("postgresql_server")
    name = f"archive_{secrets.token_hex(6)}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield f"{server}/{name}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def archive(database: str, tmp_path: Path) -> Iterator[Archive]:
    opened = Archive.open(database, tmp_path / "store")
    yield opened
    opened.dispose()


def new_change(archive: Archive, **other: object) -> str:
    return archive.new_change(**{
        "procedure": "software-upgrade", "customer": "bureau", "requester": "Li Lei", "operator": "Han Mei", "reason": "安全更新",
        "request": {"hosts": ["web-1"], "kind": "packages"}, "opened_at": NOW, **other})


def closed_change(archive: Archive, **other: object) -> str:
    """A small change from beginning to end, ready to be sealed."""
    number = new_change(archive, **other)
    archive.note(number, "step begun", target="web-1", step=1, attempt=1, at=NOW)
    archive.save(number, "plan", "", Text(zh=f"计划 {number}", en=f"plan {number}"))
    archive.file_evidence(number, "step 1 output.txt", f"output of {number}\n".encode())
    archive.close(number, Closure.SUCCESSFUL, "as planned", NOW)
    return number
