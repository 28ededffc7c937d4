"""Private keys and their certificates are made anew, of the same kind, so that what uses them still starts (R174).

Text in, text out; the only thing taken from outside is randomness.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_ssh_private_key,
)

_KEY = re.compile(r"-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----.*?-----END \1-----", re.S)
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.S)
_FORMATS = {"PRIVATE KEY": PrivateFormat.PKCS8, "OPENSSH PRIVATE KEY": PrivateFormat.OpenSSH}


class NotOurs(ValueError):
    """A key that cannot be read (encrypted, of an unknown kind); its file must not be copied."""


@dataclass
class KeyRing:
    """For each private key met, the one made in its place, by its public part."""

    made: dict[bytes, object] = field(default_factory=dict)

    def rekey(self, text: str) -> tuple[str, int]:
        """The text with every private key replaced, and how many.

        Raises:
            NotOurs: one of them cannot be read.
        """
        return _KEY.subn(lambda match: self._replacement(match[0], match[1]), text)

    def _replacement(self, pem: str, kind: str) -> str:
        try:
            load = load_ssh_private_key if kind == "OPENSSH PRIVATE KEY" else load_pem_private_key
            old = load(pem.encode() + b"\n", None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as problem:
            raise NotOurs(f"a key of kind {kind} that cannot be read") from problem
        new = self.made.setdefault(_public(old), None) or like(old)
        self.made[_public(old)] = new
        shape = _FORMATS.get(kind, PrivateFormat.TraditionalOpenSSL)
        return new.private_bytes(Encoding.PEM, shape, NoEncryption()).decode().strip()

    def recertify(self, text: str) -> tuple[str, int]:
        """The text with each certificate of a replaced key replaced by a self-signed one: same names, same dates, new key."""
        count = 0

        def replacement(match: re.Match) -> str:
            nonlocal count
            try:
                old = x509.load_pem_x509_certificate(match[0].encode())
                new = self.made.get(_public_of(old))
            except (ValueError, UnsupportedAlgorithm):
                return match[0]
            if new is None:
                return match[0]
            count += 1
            return _certificate(old, new).public_bytes(Encoding.PEM).decode().strip()

        return _CERTIFICATE.sub(replacement, text), count


def like(old: object) -> object:
    """A new private key of the same kind and size.

    Raises:
        NotOurs: it is of no kind that is known.
    """
    if isinstance(old, rsa.RSAPrivateKey):
        return rsa.generate_private_key(65537, max(old.key_size, 2048))
    if isinstance(old, ec.EllipticCurvePrivateKey):
        return ec.generate_private_key(old.curve)
    if isinstance(old, ed25519.Ed25519PrivateKey):
        return ed25519.Ed25519PrivateKey.generate()
    if isinstance(old, ed448.Ed448PrivateKey):
        return ed448.Ed448PrivateKey.generate()
    raise NotOurs(f"a key of kind {type(old).__name__}")


def ssh_pair(private: object | None = None, comment: str = "") -> tuple[str, str]:
    """Private key (OpenSSH form) and public line; an Ed25519 pair is made if none is given."""
    key = private or ed25519.Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    return key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode(), f"{public} {comment}".strip()


def public_line(pem: str) -> str:
    """The public line of an SSH private key.

    Raises:
        ValueError: it cannot be read.
    """
    load = load_ssh_private_key if "OPENSSH PRIVATE KEY" in pem else load_pem_private_key
    return load(pem.encode(), None).public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def _public(key: object) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _public_of(certificate: x509.Certificate) -> bytes:
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _certificate(old: x509.Certificate, key: object) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(old.subject)
        .issuer_name(old.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(old.not_valid_before_utc)
        .not_valid_after(old.not_valid_after_utc)
    )
    for wanted in (x509.SubjectAlternativeName, x509.BasicConstraints, x509.KeyUsage, x509.ExtendedKeyUsage):
        try:
            extension = old.extensions.get_extension_for_class(wanted)
        except (x509.ExtensionNotFound, ValueError):
            continue
        builder = builder.add_extension(extension.value, extension.critical)
    plain = isinstance(key, (ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey))
    return builder.sign(key, None if plain else hashes.SHA256())
