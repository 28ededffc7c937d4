"""The store: evidence as files named by their SHA-256, the sealed bundles, and the public keys.

    store/evidence/ab/ab34....pdf   evidence by its SHA-256, written once, with the ending of its name so that programs open it
    store/bundles/000001-CHG-20261122-001/ ...  and head.json
    store/staging/              bundles that are being sealed; whatever lies here after a crash is worth nothing
    store/keys/                 signing-key.pem, signing-key.pub.pem
"""

from __future__ import annotations

import re
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from reports.archive.errors import ArchiveDamaged, ArchiveUnavailable
from reports.archive.files import write_whole
from reports.archive.keys import public_keys, public_path
from reports.archive.manifest import sha256
from reports.archive.rows import Evidence


def file_name(digest: str, name: str) -> str:
    """What evidence is called on the disk: its SHA-256 and the ending of its name."""
    ending = re.search(r"\.[0-9A-Za-z]{1,8}$", name)
    return digest + (ending[0] if ending else "")


class Store:
    """root: where all of it lies, on one file system, shared by all who use the same database."""

    def __init__(self, root: Path, signing_key: Path | None = None) -> None:
        self.root = root
        self.evidence, self.bundles, self.staging = root / "evidence", root / "bundles", root / "staging"
        self.signing_key = signing_key or root / "keys" / "signing-key.pem"
        self.public_key = public_path(self.signing_key)
        try:
            for folder in (root, self.evidence, self.bundles, self.staging):
                folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        except OSError as error:
            raise ArchiveUnavailable(f"The archive store {root} cannot be made or written: {error.strerror}; "
                                     "give its folder to the account that Standfast runs as.") from error

    def public_keys(self) -> list[Ed25519PublicKey]:
        return public_keys(self.public_key)

    def place(self, digest: str, name: str) -> Path:
        return self.evidence / digest[:2] / file_name(digest, name)

    def put(self, name: str, content: bytes) -> str:
        """Keeps the content, durably, and returns its SHA-256. What lies there already and is whole is left alone."""
        digest = sha256(content)
        place = self.place(digest, name)
        try:
            place.parent.mkdir(exist_ok=True, mode=0o750)
            if not (place.exists() and place.read_bytes() == content):
                write_whole(place, content, by_way_of=self.staging)
        except OSError as error:
            raise ArchiveUnavailable(f"Evidence cannot be written to the archive store {self.root}: {error.strerror}.") from error
        return digest

    def read(self, evidence: Evidence) -> bytes:
        """The bytes of a piece of evidence; raises ArchiveDamaged if they are gone or not what was filed."""
        place = self.place(evidence.sha256, evidence.name)
        what = f"The evidence {evidence.name!r} of {evidence.number} ({place})"
        try:
            content = place.read_bytes()
        except OSError as error:
            raise ArchiveDamaged(f"{what} cannot be read: {error.strerror}; bring the store back from its backup.") from error
        if sha256(content) != evidence.sha256:
            raise ArchiveDamaged(f"{what} is not what was filed: its SHA-256 does not fit; bring the store back from its backup.")
        return content
