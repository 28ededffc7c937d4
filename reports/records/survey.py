"""What was read from a host, and how two readings differ."""

from __future__ import annotations

import hashlib
from typing import Literal

from reports.records.base import Moment, Record, Said, Text, canonical


class Package(Record):
    """An installed package. `state` is dpkg's two letters ("ii" is whole); `origin` where this version comes from."""

    name: str
    version: str
    architecture: str = ""
    state: str = "ii"
    origin: str = ""


class Service(Record):
    """A service unit: `active` (active, failed, inactive...; restarting: it dies again and again) and `enabled` (enabled, disabled, static...)."""

    name: str
    active: str
    enabled: str = ""


class Port(Record):
    """A listening socket; `process` is the program's name, empty where it could not be read."""

    protocol: Literal["tcp", "udp"]
    address: str
    port: int
    process: str = ""


class FileSystem(Record):
    """A mounted file system; sizes in KiB, `inodes_free` -1 where the file system has none."""

    mount: str
    device: str
    kind: str
    size_kib: int
    used_kib: int
    free_kib: int
    inodes_free: int = -1


class Health(Record):
    """The answer of one acceptance check."""

    title: Text
    ok: bool
    detail: Said


class TableRows(Record):
    """Rows of one table, counted exactly; `digest` a digest of its rows, empty where it was too large to read."""

    database: str
    table: str
    rows: int
    digest: str = ""


class Cluster(Record):
    """A database server: `engine` "postgresql", `name` as the system knows it ("15/main"), `version` as it says itself."""

    engine: str
    name: str
    version: str
    port: int
    running: bool
    schema_digest: str = ""
    tables: tuple[TableRows, ...] = ()


class Release(Record):
    """An application kept in versioned folders: `root`/releases/<version>, and which one is current."""

    root: str
    current: str
    kept: tuple[str, ...] = ()


NO_DISK = {"tmpfs", "devtmpfs", "ramfs", "squashfs", "iso9660", "efivarfs", "overlay"}  # in memory, never writable, or a view of another


class Survey(Record):
    """Everything one round trip reads from a host; it changes nothing there.

    `boot` names this start of the machine and changes with every restart, in a container too.
    `configuration` maps a watched file to its SHA-256 with owner and mode, as "sha256 mode uid:gid".
    `clock_offset_s` is the host's clock minus ours, in seconds. `lock` is the lock on the host, empty if free.
    """

    target: str
    when: str
    taken_at: Moment
    os_id: str
    os_version: str
    os_name: str
    kernel: str
    architecture: str
    package_manager: Literal["apt", "dnf", "yum", "unknown"]
    hostname: str = ""
    identity: str = ""  # SHA-256 of the pinned host key: an approval is for this machine, not for its twin
    boot: str = ""
    clock_offset_s: float = 0.0
    memory_kib: int = 0
    lock: str = ""
    packages: tuple[Package, ...] = ()
    package_faults: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    services: tuple[Service, ...] = ()
    ports: tuple[Port, ...] = ()
    file_systems: tuple[FileSystem, ...] = ()
    configuration: dict[str, str] = {}
    clusters: tuple[Cluster, ...] = ()
    releases: tuple[Release, ...] = ()
    health: tuple[Health, ...] = ()
    package_hosts: tuple[str, ...] = ()  # where the host gets packages from, "host:port"

    @property
    def disks(self) -> tuple[FileSystem, ...]:
        """The file systems that people look after, each once however often it is mounted.

        In a container the root is an overlay, and the disk below it shows again at every file mounted into it, with the same figures.
        """
        found: dict[object, FileSystem] = {}
        in_container = any(fs.mount == "/" and fs.kind == "overlay" for fs in self.file_systems)
        for fs in sorted(self.file_systems, key=lambda fs: len(fs.mount)):
            if fs.mount == "/" or fs.kind not in NO_DISK:
                found.setdefault((fs.size_kib, fs.free_kib >> 16) if in_container else fs.device, fs)
        return tuple(sorted(found.values(), key=lambda fs: fs.mount))

    def facts_digest(self) -> str:
        """SHA-256 over what must not change between plan and carrying out.

        Packages, configuration, releases, the database's schema and which services are enabled.
        Not the clock, free space, row counts or process ids, which move by themselves.
        """
        facts = {
            "os": [self.os_id, self.os_version, self.architecture],
            "machine": [self.hostname, self.identity],
            "packages": sorted([p.name, p.architecture, p.version, p.state] for p in self.packages),
            "configuration": self.configuration,
            "releases": sorted([r.root, r.current] for r in self.releases),
            "clusters": sorted([c.engine, c.name, c.version, c.schema_digest] for c in self.clusters),
            "enabled": sorted([s.name, s.enabled] for s in self.services if s.enabled == "enabled"),
        }
        return hashlib.sha256(canonical(facts).encode()).hexdigest()


class Difference(Record):
    """One thing that differs between two surveys of a host; before or after is empty where it was not there."""

    target: str
    kind: Literal["package", "configuration", "service", "port", "release", "cluster", "rows", "health", "file system", "host"]
    name: str
    before: str
    after: str
