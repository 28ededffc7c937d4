"""The lab's keys: one for people (accounts ops and nosudo), one per host; made once, kept in the lab's folder."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from deployments.lab.place import folder


def key(name: str) -> tuple[Path, str]:
    """The Ed25519 key `name` in OpenSSH's format: its private file (mode 0600) and its public line, "ssh-ed25519 AAAA…"."""
    path = folder() / "ssh" / name
    public = path.with_name(f"{name}.pub")
    if not public.is_file():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = Ed25519PrivateKey.generate()
        path.touch(mode=0o600)
        path.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
        public.write_bytes(made.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH) + b"\n")
    return path, public.read_text().strip()


def personal() -> tuple[Path, str]:
    """The key that may log in on every lab host."""
    return key("id_ed25519")


def of_host(name: str) -> tuple[Path, str]:
    """The host key of a lab host; it stays the same when the host is made afresh."""
    return key(f"host_{name}")
