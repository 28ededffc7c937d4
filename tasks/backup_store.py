"""Where backups lie, and how they come there whole: <place>/<host>/<number>/<file>, each with the digest that its record says.

A file is written under another name, synced and renamed; the record of the backup is filed only when all are there. What lies there without a record
is of a run that died, and is removed by the next.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path

from blocks import lookup
from reports.archive.files import sync_folder
from reports.records import Backup, BackupFile, BackupProof, Medium
from tasks import desk
from tasks.errors import BlockersFound, ProcedureError

NAME_LIMIT = 1 << 20   # bytes of a member's name and attributes; tar's headers are read into memory whole
FILES_LIMIT = 10_000_000
ROOM_LEFT = 256 << 20  # bytes that a backup never takes from its file system
SOURCE = "backup "     # how a plan's medium names a file of a backup


class NoRoom(ProcedureError):
    """The place for backups is full."""


def place() -> Path:
    return lookup.find_archive("default").backup_place


def folder(target: str, number: str) -> Path:
    return place() / target / number


class Keeper:
    """Takes a stream as it comes: written, digested, counted; `keep` makes a file of it, anything else leaves nothing."""

    def __init__(self, target: str, number: str, name: str) -> None:
        self.path = folder(target, number) / name
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.size, self._digest, self._checked = 0, hashlib.sha256(), 0
        self._part = self.path.with_name(f".{name}.part")
        self._file = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)

    def write(self, chunk: bytes) -> int:
        """Raises NoRoom."""
        if self.size >= self._checked:
            self._checked = self.size + (64 << 20)
            if shutil.disk_usage(self.path.parent).free < ROOM_LEFT + (64 << 20):
                raise NoRoom(f"the place for backups {place()} is full; make room there, or keep fewer (backups_kept)",
                             f"备份目录 {place()} 空间不足；请腾出空间，或减少保留的备份数（backups_kept）")
        left = memoryview(chunk)
        while len(left):
            left = left[os.write(self._file, left):]
        self._digest.update(chunk)
        self.size += len(chunk)
        return len(chunk)

    def keep(self, kind: str, of: str = "", unpacked_kib: int = 0) -> BackupFile:
        os.fsync(self._file)
        self.close()
        self._part.replace(self.path)
        sync_folder(self.path.parent)
        return BackupFile(name=self.path.name, kind=kind, of=of, size=self.size, sha256=self._digest.hexdigest(), unpacked_kib=unpacked_kib)  # type: ignore[arg-type]

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Keeper:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self._part.unlink(missing_ok=True)


def keep_text(target: str, number: str, name: str, text: str, kind: str, of: str = "") -> BackupFile:
    with Keeper(target, number, name) as keeper:
        keeper.write(text.encode())
        return keeper.keep(kind, of)


class _Member(tarfile.TarInfo):
    """As tarfile's, but a header that only means to fill our memory is refused."""

    def _proc_member(self, tar: tarfile.TarFile) -> tarfile.TarInfo:
        if not self.isreg() and self.size > NAME_LIMIT:
            raise tarfile.ReadError(f"a header of {self.size} bytes, more than {NAME_LIMIT}")
        return super()._proc_member(tar)  # type: ignore[misc]


def _members(archive: Path) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
    """Raises tarfile.ReadError for what is no packed tar, or no honest one."""
    with tarfile.open(archive, mode="r|gz", tarinfo=_Member) as tar:
        for count, member in enumerate(tar):
            if count >= FILES_LIMIT:
                raise tarfile.ReadError(f"more than {FILES_LIMIT} files")
            tar.members.clear()  # it would remember every one
            yield tar, member


def digests_of(archive: Path) -> tuple[str, int, list[str]]:
    """Of a packed tar: the list of its regular files' digests as sha256sum reads it, KiB that they take, and their paths."""
    lines, size, names = [], 0, []
    for tar, member in _members(archive):
        size += 1024 + member.size
        if not member.isreg():
            continue  # of a link, the same file under another name
        content, digest = tar.extractfile(member), hashlib.sha256()
        while content is not None and (piece := content.read(1 << 20)):
            digest.update(piece)
        names.append("/" + member.name.removeprefix("./"))
        odd = "\\" in member.name or "\n" in member.name
        name = member.name.replace("\\", "\\\\").replace("\n", "\\n") if odd else member.name
        lines.append(f"{chr(92) if odd else ''}{digest.hexdigest()}  {name}\n")
    return "".join(lines), size >> 10, names


def unpacked_kib(archive: Path) -> int:
    """What the files of a packed tar take."""
    return sum(1024 + member.size for _, member in _members(archive)) >> 10


# --- what there is --------------------------------------------------------------------------------------------------------

def backup_of(number: str, target: str) -> Backup | None:
    return desk.archive().load(number, "backup", target, Backup)


def proof_of(number: str, target: str) -> BackupProof | None:
    """The last proof of this backup."""
    proofs = [proof for key, proof in desk.archive().load_all(number, "proof", BackupProof) if key.partition(" ")[0] == target]
    return proofs[-1] if proofs else None


def kept(target: str) -> Iterator[tuple[Backup, BackupProof | None]]:
    """The backups of a host whose files are all there, the newest first. Not those of another customer whose host once had this name."""
    if not (place() / target).is_dir():
        return
    whose = desk.host(target).customer
    for number in sorted((path.name for path in (place() / target).iterdir() if path.is_dir()), key=_order, reverse=True):
        backup = _known(number, target)
        if backup is not None and desk.change(number).customer == whose and all((folder(target, number) / file.name).is_file() for file in backup.files):
            yield backup, proof_of(number, target)


def newest_proven(target: str) -> tuple[Backup | None, BackupProof | None, int]:
    """The newest backup of a host that a restore has proved, its proof, and how many newer ones, all of them if there is none, were not proved."""
    newer = 0
    for backup, proof in kept(target):
        if proof is not None and proof.passed:
            return backup, proof, newer
        newer += 1
    return None, None, newer


def _order(number: str) -> tuple[str, int]:
    head, _, count = number.rpartition("-")
    return head, int(count) if count.isdigit() else 0


def _known(number: str, target: str) -> Backup | None:
    from reports.archive import UnknownChange

    try:
        desk.change(number)
    except UnknownChange:
        return None
    return backup_of(number, target)


def medium_of(backup: Backup, file: BackupFile) -> Medium:
    """The file as a plan names it; it is placed on the host before the first step."""
    from reports.records import Text

    return Medium(name=file.name, target=backup.target, source=f"{SOURCE}{backup.number}", size=file.size, sha256=file.sha256, delivered="by us",
                  signature=Text(zh=f"备份 {backup.number} 封存记录中的 SHA-256", en=f"SHA-256 in the sealed record of backup {backup.number}"))


def path_of(medium: Medium) -> Path | None:
    """Where a medium lies that is a file of a backup; None: it is none.

    Raises:
        BlockersFound: it is gone, or is no longer what was kept.
    """
    if not medium.source.startswith(SOURCE):
        return None
    number = medium.source.removeprefix(SOURCE)
    path = folder(medium.target, number) / medium.name
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
    except OSError as problem:
        raise BlockersFound(f"{path} of backup {number} cannot be read ({problem.strerror}); choose another backup",
                            f"备份 {number} 的 {path} 无法读取（{problem.strerror}）；请选择其他备份") from problem
    if digest.hexdigest() != medium.sha256:
        raise BlockersFound(f"{path} is no longer what backup {number} had kept; choose another backup, and find out who changed it",
                            f"{path} 与备份 {number} 的记录不一致；请选择其他备份，并查明何人改动")
    return path


def forget_old(target: str, keep: int) -> list[str]:
    """Remove the oldest backups of a host beyond `keep` proven ones, and what a run that died has left; returns their numbers.

    The last proven one is never removed, however old; neither is one that failed its proof while no newer one has passed.
    """
    root, gone = place() / target, []
    proven = [backup.number for backup, proof in kept(target) if proof is not None and proof.passed]
    if not root.is_dir() or not proven:
        return gone
    oldest = proven[min(keep, len(proven)) - 1]
    for path in sorted(root.iterdir()):
        older = _order(path.name) < _order(oldest)
        dead = _order(path.name) < _order(proven[0]) and _known(path.name, target) is None
        if path.is_dir() and (older or dead):
            shutil.rmtree(path)
            gone.append(path.name)
    return gone
