"""The key pair that seals bundles: Ed25519, PEM files that openssl reads.

The secret key lies beside its public key: `signing-key.pem` (0600) and `signing-key.pub.pem`. A file of public keys may hold
several, so that bundles sealed with an older key still verify after the key was changed.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from reports.archive.errors import ArchiveDamaged, Unfit
from reports.archive.files import write_new, write_whole


def public_path(signing_key: Path) -> Path:
    return signing_key.with_name(f"{signing_key.stem}.pub.pem")


def load_or_create(path: Path, *, create: bool) -> Ed25519PrivateKey:
    """The signing key; made when missing and `create`, by one of several processes. Raises ArchiveDamaged or Unfit."""
    if not path.exists():
        if not create:
            raise ArchiveDamaged(f"The signing key {path} is gone although bundles were sealed with it; bring it back from its "
                                 "backup, or have a new one made with `openssl genpkey -algorithm ed25519` and keep the old "
                                 "public key for the old bundles.")
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_new(path, pem, mode=0o600)  # the first of several processes wins; all read what lies there then
    if path.stat().st_mode & 0o077:
        raise Unfit(f"The signing key {path} can be read by others; run chmod 600 on it.")
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError) as error:
        raise Unfit(f"The signing key {path} is not an unencrypted PEM file; "
                    "make one with `openssl genpkey -algorithm ed25519`.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise Unfit(f"The signing key {path} is not an Ed25519 key; make one with `openssl genpkey -algorithm ed25519`.")
    public = public_path(path)
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    if not public.exists() or pem not in public.read_bytes():
        older = public.read_bytes() if public.exists() else b""
        write_whole(public, pem + older, mode=0o644)
    return key


def key_id(key: Ed25519PublicKey) -> str:
    """The name of a key: SHA-256 of its 32 bytes."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()


def public_keys(source: Path | str | bytes) -> list[Ed25519PublicKey]:
    """The keys in a PEM file, in PEM text, or one key's 32 bytes; raises Unfit."""
    given = source if isinstance(source, bytes) else Path(source)
    try:
        data = given if isinstance(given, bytes) else given.read_bytes()
    except OSError as error:
        raise Unfit(f"The public key {given} cannot be read: {error.strerror}.") from error
    if len(data) == 32:
        return [Ed25519PublicKey.from_public_bytes(data)]
    keys = []
    for block in re.findall(rb"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----", data, re.DOTALL):
        try:
            key = load_pem_public_key(block)
        except ValueError as error:
            raise Unfit("The public key is damaged PEM; get it again from those who sealed the bundles.") from error
        if isinstance(key, Ed25519PublicKey):
            keys.append(key)
    if not keys:
        raise Unfit("No Ed25519 public key was given; name the PEM file of those who sealed the bundles (signing-key.pub.pem).")
    return keys


def signed_by_one_of(keys: list[Ed25519PublicKey], signature: bytes, message: bytes) -> bool:
    for key in keys:
        try:
            key.verify(signature, message)
            return True
        except InvalidSignature:
            pass
    return False


