"""What a backup of a host holds, and how it was proved that it can be restored."""

from __future__ import annotations

from typing import Literal

from reports.records.base import NOTHING, Moment, Record, Said
from reports.records.change import StepOutcome

BackupKind = Literal["files", "digests", "packages", "base", "log", "dump", "accounts"]


class BackupFile(Record):
    """A file of a backup. size, sha256: of the file as it is kept; of: the server it is of; unpacked_kib: what it takes where it is restored."""

    name: str
    kind: BackupKind
    of: str = ""
    size: int
    sha256: str
    unpacked_kib: int = 0


class BackedUpServer(Record):
    """A database server in a backup.

    name: "15/main" of PostgreSQL, "mariadb". data: its folder, links resolved. point: the named restore point that ends the backup, reached at
    `point_at` by the host's clock; empty where the server keeps no log for us. first_log, last_log: segments that this backup brought.
    tables: of MariaDB, digest of each section of the dump by its name.
    """

    engine: Literal["postgresql", "mariadb"]
    name: str
    version: str
    data: str
    owner: str
    port: int = 0
    point: str = ""
    point_at: Moment | None = None
    first_log: str = ""
    last_log: str = ""
    tables: dict[str, str] = {}


class Backup(Record):
    """What was taken of one host. facts: fingerprint of the survey filed with it. paths: files and folders in it."""

    number: str
    target: str
    taken_at: Moment
    finished_at: Moment
    facts: str
    paths: tuple[str, ...]
    files: tuple[BackupFile, ...]
    servers: tuple[BackedUpServer, ...] = ()
    remarks: tuple[Said, ...] = ()

    def of_kind(self, kind: BackupKind, of: str = "") -> tuple[BackupFile, ...]:
        return tuple(file for file in self.files if file.kind == kind and (not of or file.of == of))


class BackupProof(Record):
    """The restore of a backup in the sandbox, and what it was compared with. tables, rows, files: how much was found equal.

    moved: tables that people wrote to meanwhile; they hold no fewer rows than before the backup. seconds: of the restoring steps alone.
    """

    number: str
    target: str
    place: str
    proved_at: Moment
    seconds: float
    outcomes: tuple[StepOutcome, ...] = ()
    tables: int = 0
    rows: int = 0
    moved: tuple[str, ...] = ()
    files: int = 0
    passed: bool
    problem: Said = NOTHING
