"""The tables: made by the migrations, equal to the models, made once by however many processes start at once."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from reports.archive import Archive, ArchiveDamaged, ArchiveUnavailable, Unfit
from reports.archive.database import MIGRATIONS, connect
from reports.archive.tables import SCHEMA, Base
from tests.reports.archive.conftest import NOW, closed_change, new_change


def test_migrations_make_what_the_models_say(archive: Archive, database: str) -> None:
    with connect(database).connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata) == []


def test_the_comparison_would_notice(archive: Archive, database: str) -> None:
    with connect(database).connect() as connection:
        connection.execute(text("ALTER TABLE changes ADD COLUMN surplus TEXT"))
        connection.execute(text("DROP INDEX ix_changes_customer"))
        found = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    assert {difference[0] for difference in found} == {"remove_column", "add_index"}


def test_the_newest_migration_is_the_one_the_code_expects() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [SCHEMA]


def test_an_archive_of_the_first_version_is_brought_up_to_date(database: str, tmp_path: Path) -> None:
    engine = connect(database)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(text(
            "INSERT INTO changes (number, procedure, customer, requester, operator, reason, request, opened_at, closed_at, closure, closure_reason,"
            " run_id, phase) VALUES ('CHG-20261122-001', 'software-upgrade', 'bureau', '', '', '', '{}', '2026-11-22 20:00:00',"
            " '2026-11-22 21:00:00', 'refused', 'host web9 is not known', 'run-1', 'closed')"))
    archive = Archive.open(database, tmp_path / "store")
    row = archive.change("CHG-20261122-001")
    assert (row.closure_reason, row.closure_reason_zh) == ("host web9 is not known", "")
    bundle = archive.seal("CHG-20261122-001", NOW)
    assert "closure_reason_zh" not in (bundle.path / "change.json").read_text(), "what older versions sealed must give the same bytes"
    assert archive.verify().ok
    archive.dispose()


def test_an_archive_of_a_newer_version_is_refused(archive: Archive, database: str, tmp_path: Path) -> None:
    with connect(database).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ArchiveUnavailable, match=rf"made by a newer Standfast \(9999, this one knows {SCHEMA}\)"):
        Archive.open(database, tmp_path / "store")


def _open_and_register(database: str, store: Path, barrier, numbers) -> None:
    barrier.wait(60)
    archive = Archive.open(database, store)
    numbers.put((new_change(archive), archive.public_key.read_bytes()))


def test_many_processes_may_open_a_new_archive_at_once(database: str, tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    barrier, numbers = spawn.Barrier(4), spawn.Queue()
    processes = [spawn.Process(target=_open_and_register, args=(database, tmp_path / "store", barrier, numbers))
                 for _ in range(4)]
    for process in processes:
        process.start()
    answers = [numbers.get(timeout=90) for _ in processes]
    for process in processes:
        process.join(30)
    assert [process.exitcode for process in processes] == [0] * 4
    assert sorted(number for number, _ in answers) == [f"CHG-20261122-{n:03d}" for n in (1, 2, 3, 4)]
    assert len({key for _, key in answers}) == 1


def test_the_key_is_ours_alone_and_is_not_made_twice(archive: Archive, database: str, tmp_path: Path) -> None:
    key = tmp_path / "store" / "keys" / "signing-key.pem"
    assert key.stat().st_mode & 0o777 == 0o600
    key.chmod(0o644)
    with pytest.raises(Unfit, match="can be read by others"):
        Archive.open(database, tmp_path / "store")
    key.chmod(0o600)
    archive.seal(closed_change(archive), NOW)
    key.rename(key.with_suffix(".away"))
    with pytest.raises(ArchiveDamaged, match="is gone although bundles were sealed"):
        Archive.open(database, tmp_path / "store")
    key.write_text("no key")
    key.chmod(0o600)
    with pytest.raises(Unfit, match="is not an unencrypted PEM file"):
        Archive.open(database, tmp_path / "store")


def test_bundles_of_an_older_key_still_verify(archive: Archive, database: str, tmp_path: Path) -> None:
    archive.seal(closed_change(archive), NOW)
    key = tmp_path / "store" / "keys" / "signing-key.pem"
    other = tmp_path / "other.pem"
    Archive.open(f"sqlite:///{tmp_path}/other.db", tmp_path / "other", other)
    key.write_bytes(other.read_bytes())
    again = Archive.open(database, tmp_path / "store")
    again.seal(closed_change(again), NOW)
    assert again.public_key.read_text().count("BEGIN PUBLIC KEY") == 2
    assert again.verify().checked == 2
