"""Builds and seals bundles, one after the other, into the one chain.

Order of a seal: evidence is copied into a staging folder while others go on; then, alone: bundles that lie on the disk but not in
the database are taken in (their seal was killed), the staging folder is finished, signed and renamed into the chain, head.json is
written, the database row is committed. Killed before the rename, nothing happened; killed after it, the next seal takes
the bundle in as it is. A bundle that once lay in the chain is never replaced, so the chain never forks.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from reports.archive.errors import ArchiveDamaged, NotClosed
from reports.archive.files import sync_folder, write_synced, write_whole
from reports.archive.keys import key_id
from reports.archive.manifest import (
    BEFORE_THE_FIRST,
    FOLDER,
    HEAD,
    MANIFEST,
    SIGNATURE,
    SUMS,
    Head,
    Manifest,
    ManifestFile,
    sha256,
    sums,
)
from reports.archive.rows import Evidence
from reports.archive.store import Store, file_name
from reports.archive.tables import BundleTable, ChangeTable, EvidenceTable, JournalTable, PaperTable
from reports.archive.verification import head_text, read_manifest, verify_bundle
from reports.records import canonical

STALE_S = 24 * 3600
"""A staging folder older than this belongs to a seal that was killed; seconds."""

README = "README.txt"
EXPLANATION = """\
Standfast: 一项变更的归档包 / the sealed bundle of one change
=================================================================

change.json       变更登记 / the change: who asked, why, how it ended
journal.jsonl     日志,每行一条,按顺序 / the journal, one line per entry, in order
papers.json       记录清单 / list of the records in papers/
papers/           记录原文;文件的 SHA-256 即该记录的指纹 / the records; a file's SHA-256 is the record's fingerprint
evidence.json     证据清单:名称与文件 / list of the evidence: names and files
evidence/         证据,以其 SHA-256 命名 / the evidence, named by its SHA-256
SHA256SUMS        全部文件的 SHA-256 / SHA-256 of all files
manifest.json     清单:文件、大小、SHA-256、序号、上一包清单的 SHA-256 / files, sizes, SHA-256, place in the chain
manifest.sig      对 manifest.json 的 Ed25519 签名 (64 字节) / Ed25519 signature of manifest.json (64 bytes)

核验 / To verify, with the public key of those who sealed it (signing-key.pub.pem):

  openssl pkeyutl -verify -pubin -inkey signing-key.pub.pem -rawin -in manifest.json -sigfile manifest.sig
  grep -A 2 '"path": "SHA256SUMS"' manifest.json ; sha256sum SHA256SUMS      # 两者须一致 / must agree
  sha256sum --strict -c SHA256SUMS
  find . -type f | wc -l      # 比 SHA256SUMS 的行数多三 / three more than SHA256SUMS has lines

时间均为协调世界时 (UTC)。 / All times are UTC.
"""


def content_of(session: Session, number: str) -> tuple[dict[str, bytes], dict[str, Evidence]]:
    """All that belongs to a change: texts by path, and evidence by path. The same rows give the same bytes."""
    change = session.get_one(ChangeTable, number)
    texts = {"change.json": _pretty({
        "number": change.number, "procedure": change.procedure, "customer": change.customer, "requester": change.requester,
        "operator": change.operator, "reason": change.reason, "request": json.loads(change.request),
        "opened_at": _iso(change.opened_at), "closed_at": _iso(change.closed_at), "closure": change.closure,
        "closure_reason": change.closure_reason, "opened_by_run": change.opened_by_run or "",
        # Left out where there is none: what was closed before there was one must give the bytes that were sealed.
        **({"closure_reason_zh": change.closure_reason_zh} if change.closure_reason_zh else {}),
    })}
    lines = session.scalars(select(JournalTable).where(JournalTable.number == number).order_by(JournalTable.sequence))
    texts["journal.jsonl"] = "".join(canonical({
        "sequence": line.sequence, "at": _iso(line.at), "event": line.event, "target": line.target, "step": line.step,
        "attempt": line.attempt, "detail": json.loads(line.detail),
    }) + "\n" for line in lines).encode()

    papers = []
    for row in session.scalars(select(PaperTable).where(PaperTable.number == number).order_by(PaperTable.position)):
        path = f"papers/{row.position:04d}-{_plain(row.kind)}-{_plain(row.key)}.json"
        texts[path] = row.json.encode()
        papers.append({"path": path, "kind": row.kind, "key": row.key, "fingerprint": row.fingerprint,
                       "saved_at": _iso(row.saved_at)})
    texts["papers.json"] = _pretty(papers)

    evidence, listed = {}, []
    for row in session.scalars(select(EvidenceTable).where(EvidenceTable.number == number).order_by(EvidenceTable.position)):
        piece = Evidence(number=number, position=row.position, name=row.name, sha256=row.sha256, size=row.size,
                         media_type=row.media_type, filed_at=row.filed_at)
        path = f"evidence/{file_name(piece.sha256, piece.name)}"
        evidence[path] = piece
        listed.append({"path": path, "name": piece.name, "sha256": piece.sha256, "size": piece.size,
                       "media_type": piece.media_type, "filed_at": _iso(piece.filed_at)})
    texts["evidence.json"] = _pretty(listed)
    return texts, evidence


class Sealer:
    """Seals for one store with one key."""

    def __init__(self, store: Store, key: Ed25519PrivateKey) -> None:
        self._store, self._key = store, key

    @contextmanager
    def staged(self, evidence: dict[str, Evidence]) -> Iterator[Path]:
        """A folder with copies of the evidence, each checked; what is left of it at the end is removed."""
        self._clear_stale()
        staging = self._store.staging / uuid.uuid4().hex
        try:
            (staging / "bundle").mkdir(parents=True)
            self._copy(staging / "bundle", evidence)
            yield staging / "bundle"
        finally:
            shutil.rmtree(staging, ignore_errors=True)

    def seal(self, session: Session, number: str, at: datetime, folder: Path) -> BundleTable:
        """To be called alone, holding chain and change. Returns the row of the bundle that holds the change as it is now."""
        self.take_in(session)
        texts, evidence = content_of(session, number)
        files = tuple(ManifestFile(path=path, sha256=sha256(text), size=len(text)) for path, text in texts.items()) + tuple(
            ManifestFile(path=path, sha256=piece.sha256, size=piece.size) for path, piece in evidence.items())
        newest = session.scalar(
            select(BundleTable).where(BundleTable.number == number).order_by(BundleTable.edition.desc()).limit(1))
        if newest is not None and newest.content == content_digest(files):
            return newest
        if session.get_one(ChangeTable, number).closure is None:
            raise NotClosed(f"{number} is still open; close it before it is sealed.")

        self._copy(folder, evidence)
        texts[README] = EXPLANATION.encode()
        files += (ManifestFile(path=README, sha256=sha256(texts[README]), size=len(texts[README])),)
        files = tuple(sorted(files, key=lambda file: file.path))
        texts[SUMS] = sums(files)
        files += (ManifestFile(path=SUMS, sha256=sha256(texts[SUMS]), size=len(texts[SUMS])),)
        last = session.scalar(select(BundleTable).order_by(BundleTable.sequence.desc()).limit(1))
        manifest = Manifest(
            number=number, edition=newest.edition + 1 if newest else 1, sequence=last.sequence + 1 if last else 1,
            previous=last.manifest if last else BEFORE_THE_FIRST, sealed_at=at, key=key_id(self._key.public_key()), files=files)
        texts[MANIFEST] = manifest.text()
        texts[SIGNATURE] = self._key.sign(texts[MANIFEST])
        for path, text in texts.items():
            (folder / path).parent.mkdir(exist_ok=True)
            write_synced(folder / path, text)
        for inner in folder.iterdir():
            if inner.is_dir():
                sync_folder(inner)
        sync_folder(folder)
        os.rename(folder, self._store.bundles / manifest.folder)
        sync_folder(self._store.bundles)
        return self._register(session, manifest, texts[MANIFEST])

    def take_in(self, session: Session) -> None:
        """Takes in bundles that lie in the chain beyond what the database knows; raises ArchiveDamaged if one does not verify."""
        last = session.scalar(select(BundleTable).order_by(BundleTable.sequence.desc()).limit(1))
        sequence, previous = (last.sequence, last.manifest) if last else (0, BEFORE_THE_FIRST)
        beyond = sorted((int(named[1]), named[0]) for named in map(FOLDER.fullmatch, os.listdir(self._store.bundles))
                        if named and int(named[1]) > sequence)
        for found, folder in beyond:
            path = self._store.bundles / folder
            verdict = verify_bundle(path, self._store.public_key)
            if not verdict.ok:
                raise ArchiveDamaged(f"The bundle {path} does not verify ({verdict.problem}); put it right from a copy, "
                                     "or move it away, then seal again.")
            manifest, text = read_manifest(path, self._store.public_keys())
            if (found, manifest.folder, manifest.previous) != (sequence + 1, folder, previous):
                raise ArchiveDamaged(f"The bundle {path} does not follow bundle {sequence}, the last that the database knows; "
                                     "verify the chain before anything more is sealed.")
            row = self._register(session, manifest, text)
            sequence, previous = row.sequence, row.manifest

    def _register(self, session: Session, manifest: Manifest, text: bytes) -> BundleTable:
        digest = sha256(text)
        head = Head(sequence=manifest.sequence, manifest=digest)
        write_whole(self._store.bundles / HEAD, head_text(head.sequence, head.manifest, self._key.sign(head.signed())),
                    by_way_of=self._store.staging)
        content = tuple(file for file in manifest.files if file.path not in (README, SUMS))
        row = BundleTable(
            sequence=manifest.sequence, number=manifest.number, edition=manifest.edition, folder=manifest.folder, manifest=digest,
            previous=manifest.previous, content=content_digest(content), sealed_at=manifest.sealed_at)
        session.add(row)
        session.flush()
        return row

    def _copy(self, folder: Path, evidence: dict[str, Evidence]) -> None:
        if evidence:
            (folder / "evidence").mkdir(exist_ok=True)
        for path, piece in evidence.items():
            if not (folder / path).exists():
                write_synced(folder / path, self._store.read(piece))

    def _clear_stale(self) -> None:
        for left in self._store.staging.iterdir():
            try:
                if time.time() - left.lstat().st_mtime > STALE_S:
                    shutil.rmtree(left) if left.is_dir() else left.unlink()
            except FileNotFoundError:
                pass  # another seal was first


def content_digest(files: Iterable[ManifestFile]) -> str:
    """Digest of what a bundle holds, whenever and wherever in the chain it was sealed."""
    return sha256(canonical(sorted([file.path, file.sha256, file.size] for file in files)).encode())


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def _pretty(value: object) -> bytes:
    return (json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode()


def _plain(words: str) -> str:
    """Words as part of a file name; papers.json has them as they are."""
    return re.sub(r"[^0-9A-Za-z._]+", "-", words).strip("-.")[:40] or "x"
