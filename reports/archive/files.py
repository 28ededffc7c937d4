"""Files that are there whole or not at all, also after a power cut: temporary name, fsync, rename, fsync of the folder."""

from __future__ import annotations

import hashlib
import os
import uuid
from pathlib import Path


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_synced(path: Path, content: bytes, *, mode: int = 0o444) -> None:
    """Writes a file that is not there yet, and waits until it is on the disk; its name in the folder may not be yet."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{uuid.uuid4().hex}.new")


def write_whole(path: Path, content: bytes, *, mode: int = 0o444, by_way_of: Path | None = None) -> None:
    """Puts content at path, replacing what was there. by_way_of: a folder of the same file system for the temporary file."""
    temporary = by_way_of / _beside(path).name if by_way_of else _beside(path)
    try:
        write_synced(temporary, content, mode=mode)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_new(path: Path, content: bytes, *, mode: int) -> bool:
    """Puts content at path unless somebody has been there first; says whether it was us."""
    temporary = _beside(path)
    try:
        write_synced(temporary, content, mode=mode)
        os.link(temporary, path)
        sync_folder(path.parent)
        return True
    except FileExistsError:
        return False
    finally:
        temporary.unlink(missing_ok=True)


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
