"""What the vendor of the lab's application hands over: release archives, their checksums, their signatures, his keyring."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from deployments.lab import engine, images
from deployments.lab.place import LabError, folder, lab_id, say

VERSIONS = ("1.1.0", "1.2.0")  # 1.2.0 is broken on purpose: it asks for a column that nothing adds
SIGN = Path(__file__).parent / "image" / "sign.sh"


@dataclass(frozen=True)
class Release:
    """A release as the vendor hands it over. archive, signature, keyring: absolute paths. sha256: 64 hexadecimal digits."""

    version: str
    archive: str
    sha256: str
    signature: str
    keyring: str


def place() -> Path:
    return folder() / "media"


def ensure() -> dict[str, Release]:
    """Releases by version, made and signed if they are not there or their files changed.

    An archive holds one folder `orders-<version>/`. Raises LabError when nothing can sign them.
    """
    archives = {f"orders-{version}.tar.gz": archive(version) for version in VERSIONS}
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in archives.items()}
    wanted = [*(place() / name for name in sums), *(place() / f"{name}.asc" for name in sums), place() / "vendor.gpg"]
    told = place() / "sums.json"
    if not (all(path.is_file() for path in wanted) and told.is_file() and json.loads(told.read_text()) == sums):
        say("making and signing the application's releases")
        place().mkdir(parents=True, exist_ok=True)
        for path in place().iterdir():
            path.unlink()
        for name, content in archives.items():
            (place() / name).write_bytes(content)
            (place() / f"{name}.sha256").write_text(f"{sums[name]}  {name}\n")
        _sign()
        told.write_text(json.dumps(sums))
    return {
        version: Release(
            version,
            str(place() / f"orders-{version}.tar.gz"),
            sums[f"orders-{version}.tar.gz"],
            str(place() / f"orders-{version}.tar.gz.asc"),
            str(place() / "vendor.gpg"),
        )
        for version in VERSIONS
    }


def archive(version: str) -> bytes:
    """The release archive (tar.gz), byte for byte the same whenever it is made."""
    files = {f"orders-{version}/{name}": content for name, content in images.release_files(version).items()}
    return gzip.compress(images.pack(files), mtime=0)


def _sign() -> None:
    """By gpg of this machine; where there is none, in a container that goes away."""
    if shutil.which("gpg") and shutil.which("gpgconf"):
        done = subprocess.run(
            ["sh", str(SIGN), str(place())], stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False
        )
        if done.returncode != 0:
            raise LabError(f"gpg does not sign the releases: {done.stderr.decode(errors='replace').strip()}")
        return
    container = f"standfast-{lab_id()}-vendor"
    image = images.ensure("node")
    engine.docker("rm", "-f", container, check=False)
    try:
        script = "apt-get -q update && apt-get -q -y --no-install-recommends install gnupg && sh /vendor/sign.sh /vendor"
        engine.docker("create", "--name", container, image, "sh", "-c", script)
        files = {f"vendor/{path.name}": path.read_bytes() for path in place().iterdir()}
        engine.docker("cp", "-", f"{container}:/", stdin=images.pack({**files, "vendor/sign.sh": SIGN.read_bytes()}))
        engine.watch(["docker", "start", "-a", container], "signing", 300)
        for name in ("vendor.gpg", *(f"orders-{version}.tar.gz.asc" for version in VERSIONS)):
            engine.docker("cp", f"{container}:/vendor/{name}", str(place() / name))
    finally:
        engine.docker("rm", "-f", container, check=False)
