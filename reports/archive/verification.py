"""Says whether a bundle, or the whole chain, is as it was sealed. Needs the bundles and the public key, nothing else.

Nothing is believed before the signature over the manifest was checked; then every file must be there, whole,
and nothing else may be there. The first thing that does not fit is named.
"""

from __future__ import annotations

import base64
import binascii
import os
import stat
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import ValidationError

from reports.archive.errors import Unfit
from reports.archive.files import sha256_of
from reports.archive.keys import key_id, public_keys, signed_by_one_of
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
from reports.archive.rows import Verdict


class DoesNotFit(Exception):
    """The first thing that does not fit, in one sentence."""


def verify_bundle(path: Path | str, public_key: Path | str | bytes) -> Verdict:
    """Checks one bundle, wherever it was copied to. `checked` counts its files that were found good.

    public_key: a PEM file (several keys in it are all tried), PEM text, or 32 bytes. Raises nothing for what it finds:
    a key that cannot be read is a verdict too.
    """
    checked: list[str] = []
    try:
        _check_bundle(Path(path), public_keys(public_key), checked)
    except (DoesNotFit, Unfit) as fault:
        return Verdict(ok=False, problem=str(fault), checked=len(checked))
    return Verdict(ok=True, checked=len(checked))


def verify_chain(bundles: Path | str, public_key: Path | str | bytes, *,
                 last: int | None = None, last_manifest: str = "") -> Verdict:
    """Checks all bundles of a folder, their order, and that none is missing in the middle or at the end.

    The end is known from the signed head.json and, if given, from `last` and `last_manifest`: sequence and SHA-256 of the
    manifest of the newest bundle by the database, or by a document that was handed out. A bundle beyond them that fits is
    good: its seal was cut off between the two. `checked` counts the bundles that were found good.
    """
    checked: list[str] = []
    try:
        _check_chain(Path(bundles), public_keys(public_key), last, last_manifest, checked)
    except (DoesNotFit, Unfit) as fault:
        return Verdict(ok=False, problem=str(fault), checked=len(checked))
    return Verdict(ok=True, checked=len(checked))


def read_manifest(path: Path, keys: list[Ed25519PublicKey]) -> tuple[Manifest, bytes]:
    """The manifest of a bundle and its bytes, its signature checked; raises DoesNotFit."""
    _must_be_folder(path)
    text = _read(path / MANIFEST, MANIFEST)
    signature = _read(path / SIGNATURE, SIGNATURE)
    if not signed_by_one_of(keys, signature, text):
        known = ", ".join(key_id(key)[:16] for key in keys)
        raise DoesNotFit(f"{MANIFEST}: its signature in {SIGNATURE} does not fit; one of the two was altered, "
                         f"or it was sealed with another key than the one given ({known})")
    try:
        return Manifest.model_validate_json(text), text
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"]) or "as a whole"
        raise DoesNotFit(f"{MANIFEST}: signed, but {where} is not of a format that this version reads") from error


def _check_bundle(path: Path, keys: list[Ed25519PublicKey], checked: list[str]) -> tuple[Manifest, str]:
    manifest, text = read_manifest(path, keys)
    for file in manifest.files:
        _check_file(path, file)
        checked.append(file.path)
    _check_nothing_else(path, manifest)
    if _read(path / SUMS, SUMS) != sums(manifest.files):
        raise DoesNotFit(f"{SUMS}: does not list what {MANIFEST} lists")
    return manifest, sha256(text)


def _check_file(bundle: Path, file: ManifestFile) -> None:
    place = bundle / file.path
    for folder in reversed(place.relative_to(bundle).parents[:-1]):
        if (bundle / folder).is_symlink():
            raise DoesNotFit(f"{folder.as_posix()}: is a symbolic link, not a folder")
    size = _size_of_plain(place, file.path)
    if size != file.size:
        raise DoesNotFit(f"{file.path}: has {size} bytes, sealed were {file.size}")
    try:
        found = sha256_of(place)
    except OSError as error:
        raise DoesNotFit(f"{file.path}: cannot be read: {error.strerror}") from error
    if found != file.sha256:
        raise DoesNotFit(f"{file.path}: was altered; its SHA-256 is {found}, sealed was {file.sha256}")


def _check_nothing_else(bundle: Path, manifest: Manifest) -> None:
    files = {file.path for file in manifest.files} | {MANIFEST, SIGNATURE}
    folders = {parent.as_posix() for name in files for parent in Path(name).parents}
    for place, inner, names in os.walk(bundle, onerror=_cannot_list):
        inner.sort()
        for name in sorted(inner + names):
            found = (Path(place) / name).relative_to(bundle).as_posix()
            if found not in (folders if name in inner else files):
                raise DoesNotFit(f"{found}: is in the bundle but was not sealed with it")


def _check_chain(bundles: Path, keys: list[Ed25519PublicKey], last: int | None, last_manifest: str, checked: list[str]) -> None:
    _must_be_folder(bundles)
    expected, previous, before = 1, BEFORE_THE_FIRST, ""
    manifests: dict[int, str] = {}
    for sequence, folder in _folders_in_order(bundles):
        if sequence != expected:
            if sequence < expected:
                raise DoesNotFit(f"{folder}: a second bundle with sequence {sequence}, beside {before}")
            raise DoesNotFit(f"bundle {expected} is missing: {folder} comes {f'after {before}' if before else 'first'}")
        inside: list[str] = []
        try:
            manifest, digest = _check_bundle(bundles / folder, keys, inside)
        except DoesNotFit as fault:
            raise DoesNotFit(f"{folder}/{fault}") from fault
        if manifest.folder != folder:
            raise DoesNotFit(f"{folder}: was sealed as {manifest.folder}; bundles were renamed or put in another order")
        if manifest.previous != previous:
            raise DoesNotFit(f"{folder}/{MANIFEST}: previous does not fit: it follows the manifest {manifest.previous}, "
                             f"but before it lies {before or 'nothing'} ({previous})")
        manifests[sequence] = previous = digest
        before, expected = folder, expected + 1
        checked.append(folder)
    _check_end(bundles, keys, manifests)
    if last is not None and last > len(manifests):
        raise DoesNotFit(f"bundle {len(manifests) + 1} is missing: the chain must reach to {last}, but ends {_after(before)}")
    if last and last_manifest and manifests[last] != last_manifest:
        raise DoesNotFit(f"bundle {last}: its manifest has the SHA-256 {manifests[last]}, but must have {last_manifest}; "
                         "the chain was made anew")


def _folders_in_order(bundles: Path) -> list[tuple[int, str]]:
    found = []
    for name in sorted(os.listdir(bundles)):
        named = FOLDER.fullmatch(name)
        if named:
            found.append((int(named[1]), name))
        elif name != HEAD:
            raise DoesNotFit(f"{name}: does not belong among the bundles")
    return sorted(found)


def _check_end(bundles: Path, keys: list[Ed25519PublicKey], manifests: dict[int, str]) -> None:
    if not manifests and not (bundles / HEAD).exists():
        return
    text = _read(bundles / HEAD, HEAD)
    try:
        head = Head.model_validate_json(text)
        signature = base64.b64decode(head.signature, validate=True)
    except (ValidationError, binascii.Error) as error:
        raise DoesNotFit(f"{HEAD}: is not as it was written") from error
    # base64 leaves spare bits and JSON leaves spaces: only the one form that is written counts
    if not signed_by_one_of(keys, signature, head.signed()) or text != head_text(head.sequence, head.manifest, signature):
        raise DoesNotFit(f"{HEAD}: its signature does not fit; it was altered or is signed with another key")
    if head.sequence > len(manifests):
        raise DoesNotFit(f"bundle {len(manifests) + 1} is missing: {HEAD} says the chain reaches to {head.sequence}")
    if manifests.get(head.sequence) != head.manifest:
        raise DoesNotFit(f"{HEAD}: manifest does not fit bundle {head.sequence}; the chain was made anew")


def head_text(sequence: int, manifest: str, signature: bytes) -> bytes:
    head = Head(sequence=sequence, manifest=manifest, signature=base64.b64encode(signature).decode())
    return (head.canonical() + "\n").encode()


def _after(folder: str) -> str:
    return f"after {folder}" if folder else "before the first"


def _must_be_folder(path: Path) -> None:
    if path.is_symlink() or not path.is_dir():
        raise DoesNotFit(f"{path.name}: is not a folder; name the folder of a bundle, or the folder that holds them")


def _size_of_plain(path: Path, name: str) -> int:
    try:
        status = path.lstat()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DoesNotFit(f"{name}: is missing") from error
    except OSError as error:
        raise DoesNotFit(f"{name}: cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(status.st_mode):
        raise DoesNotFit(f"{name}: is not a plain file")
    return status.st_size


def _read(path: Path, name: str) -> bytes:
    if _size_of_plain(path, name) > 256 * 2**20:
        raise DoesNotFit(f"{name}: is larger than any such file can be")
    try:
        return path.read_bytes()
    except OSError as error:
        raise DoesNotFit(f"{name}: cannot be read: {error.strerror}") from error


def _cannot_list(error: OSError) -> None:
    raise DoesNotFit(f"{Path(error.filename).name}: cannot be read: {error.strerror}")
