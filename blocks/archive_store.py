"""Where changes are filed: database, evidence folder and signing key of the archive."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from blocks.foundation import EntryName, StandfastBlock, Whole, show

if TYPE_CHECKING:
    from reports.archive import Archive


class ArchiveStore(StandfastBlock):
    """The archive's database (an address that may hold a password, so it is kept as a secret), folder and key."""

    _kind: ClassVar[str] = "archive"
    _block_type_name = "Archive store 档案库"
    _block_type_slug = "standfast-archive"
    _description = "Where changes, evidence and sealed bundles are kept. 变更记录、证据文件与封存包的存放处。"
    _code_example = '```python\nfrom blocks import ArchiveStore\n\narchive = ArchiveStore.load("default").open()\n```'

    name: EntryName = Field(
        default="default", title="Name 名称", description="The same as the block's own name", examples=["default"]
    )
    database: SecretStr = Field(
        title="Database 数据库",
        examples=["sqlite:////srv/standfast/archive.db"],
        description="sqlite:////absolute/path.db or postgresql+psycopg://user:password@host/name; kept as a secret",
    )
    store: str = Field(
        title="Folder for files 文件目录",
        description="Absolute path; evidence and sealed bundles go there",
        examples=["/srv/standfast/archive"],
    )
    signing_key: str = Field(
        title="Signing key 签名私钥",
        description="Absolute path of the private key that seals bundles",
        examples=["/srv/standfast/signing.key"],
    )

    backup_store: str = Field(
        default="",
        title="Folder for backups 备份目录",
        description="Absolute path; empty: backups in the folder for files",
        examples=["/mnt/backups"],
    )
    backups_kept: Whole = Field(
        default=7,
        ge=1,
        le=10000,
        title="Backups kept of a host 每台主机保留的备份数",
        examples=[7],
        description="The oldest beyond so many proven ones are removed when a newer one is proven; records and digests stay in the archive",
    )

    @field_validator("database")
    @classmethod
    def _a_database(cls, value: SecretStr) -> SecretStr:
        try:
            url = make_url(value.get_secret_value())
        except (ArgumentError, ValueError):
            raise ValueError(
                "must be the address of a database; write for example database: sqlite:////srv/standfast/archive.db"
            ) from None
        backend = url.get_backend_name()
        if backend not in ("sqlite", "postgresql"):
            raise ValueError(
                f"must be SQLite or PostgreSQL, not {show(backend)}; write for example database: sqlite:////srv/standfast/archive.db"
            )
        if backend == "sqlite" and not (url.database or "").startswith("/"):
            raise ValueError(
                "must name a file by its absolute path (four slashes); write for example database: sqlite:////srv/standfast/archive.db"
            )
        if backend == "postgresql" and not url.database:
            raise ValueError(
                "must name a database; write for example database: postgresql+psycopg://standfast@db.provider.example/archive"
            )
        if url.drivername == "postgresql":  # SQLAlchemy would look for psycopg2, which is not installed
            return SecretStr(url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False))
        return value

    @field_validator("store", "signing_key", "backup_store")
    @classmethod
    def _absolute(cls, value: str, info: ValidationInfo) -> str:
        if info.field_name == "backup_store" and not value:
            return value
        if not value.startswith("/") or not value.isprintable():
            raise ValueError(f"must be an absolute path, not {show(value)}; write for example /srv/standfast/archive")
        return value

    @property
    def backup_place(self) -> Path:
        return Path(self.backup_store or f"{self.store}/backups")

    def database_url(self) -> str:
        """The database's address with its password; not for logs."""
        return self.database.get_secret_value()

    def database_shown(self) -> str:
        """The database's address without its password."""
        return re.sub(r"(?<=password=)[^&]*", "***", make_url(self.database_url()).render_as_string(hide_password=True))

    def open(self) -> Archive:
        """The archive, open for filing and reading.

        Raises:
            what `reports.archive.Archive.open` raises.
        """
        from reports.archive import Archive

        return Archive.open(self.database_url(), Path(self.store), Path(self.signing_key))
