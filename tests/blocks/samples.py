"""Valid entries to begin from, and keys made on the spot."""

from __future__ import annotations

from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat


@cache
def key_pair(kind: str = "ed25519", number: int = 0) -> tuple[str, str]:
    """(private key in OpenSSH's PEM form, public key line); the same again for the same number."""
    key: Any = {
        "ed25519": ed25519.Ed25519PrivateKey.generate,
        "ecdsa": lambda: ec.generate_private_key(ec.SECP256R1()),
        "rsa": lambda: rsa.generate_private_key(65537, 2048),
    }[kind]()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    return private, key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def host(**other: Any) -> dict[str, Any]:
    return {
        "name": "web1",
        "customer": "bureau",
        "address": "192.0.2.10",
        "user": "ops",
        "key_file": "/keys/id",
        "host_key": key_pair()[1],
        **other,
    }


def customer(**other: Any) -> dict[str, Any]:
    return {
        "name": "bureau",
        "full_name": {"zh": "某某市某某局", "en": "Some Municipal Bureau"},
        "provider_name": {"zh": "某某公司", "en": "Some Provider"},
        "approvers": [{"name": "张伟", "email": "zhang@bureau.example", "post": "信息科科长"}],
        **other,
    }
