"""The archive: what Standfast knows of every change, kept for ten years (R195), whatever becomes of Prefect."""

from reports.archive.archive import Archive
from reports.archive.codes import CodeAnswer
from reports.archive.errors import (
    AlreadyClosed,
    AlreadyFiled,
    ArchiveDamaged,
    ArchiveError,
    ArchiveUnavailable,
    NotClosed,
    Unfit,
    UnknownChange,
)
from reports.archive.rows import Bundle, ChangeRow, Evidence, Verdict
from reports.archive.verification import verify_bundle, verify_chain

__all__ = [
    "AlreadyClosed", "AlreadyFiled", "Archive", "ArchiveDamaged", "ArchiveError", "ArchiveUnavailable", "Bundle", "ChangeRow",
    "CodeAnswer", "Evidence", "NotClosed", "Unfit", "UnknownChange", "Verdict", "verify_bundle", "verify_chain",
]
