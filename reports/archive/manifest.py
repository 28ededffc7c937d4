"""The manifest of a bundle and the head of the chain: what is signed, and in which form it is written."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Annotated, Literal

from pydantic import Field

from reports.records import Moment, Record

FORMAT = "standfast-bundle-1"
BEFORE_THE_FIRST = "0" * 64
MANIFEST, SIGNATURE, SUMS, HEAD = "manifest.json", "manifest.sig", "SHA256SUMS", "head.json"
FOLDER = re.compile(r"(\d{6,})-([A-Z]{3}-\d{8}-\d{3,})")

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class ManifestFile(Record):
    """A file of the bundle; path with slashes, inside the bundle; size in bytes."""

    path: Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]*(/[0-9A-Za-z][0-9A-Za-z._-]*)*$")]
    sha256: Sha256
    size: Annotated[int, Field(ge=0)]


class Manifest(Record):
    """See docs/archive.md. key: SHA-256 of the 32 bytes of the public key that fits."""

    format: Literal["standfast-bundle-1"] = FORMAT
    number: str
    edition: int
    sequence: int
    previous: Sha256
    sealed_at: Moment
    key: Sha256
    files: tuple[ManifestFile, ...]

    @property
    def folder(self) -> str:
        return f"{self.sequence:06d}-{self.number}"

    def text(self) -> bytes:
        """As it is written and signed: JSON, indented, so that people and grep can read it."""
        return (json.dumps(self.model_dump(mode="json"), sort_keys=True, indent=1, ensure_ascii=False) + "\n").encode()


def sums(files: tuple[ManifestFile, ...]) -> bytes:
    """The list that `sha256sum -c` reads, of all files but itself."""
    return "".join(f"{file.sha256}  {file.path}\n" for file in files if file.path != SUMS).encode()


class Head(Record):
    """The newest bundle, signed: a chain that ends before it was cut off. signature: base64, over `signed()`."""

    sequence: int
    manifest: Sha256
    signature: str = ""

    def signed(self) -> bytes:
        return f"standfast-head-1 {self.sequence} {self.manifest}\n".encode()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
