"""The images of the lab's hosts, each made by running its set-up script in the one before and keeping the result.

No image builder is needed: `docker create`, `cp`, `start`, `commit` exist in every engine.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from dataclasses import dataclass
from pathlib import Path

from deployments.lab import base_image, engine
from deployments.lab.place import LABEL, lab_id, say

HERE = Path(__file__).parent
BUILD_LIMIT_S = 1200


@dataclass(frozen=True)
class Recipe:
    """script: set-up script in image/. parent: kind of image it starts from, "" for the base. about_s: seconds, for progress."""

    script: str
    parent: str
    files: tuple[str, ...]
    about_s: int


RECIPES = {
    "node": Recipe("setup-node.sh", "", ("image/start-host",), 60),
    "web": Recipe("setup-web.sh", "node", ("image/orders.service", "image/nginx-orders.conf", "image/orders.sql"), 40),
    "tomcat": Recipe("setup-tomcat.sh", "node", (), 60),
    "disk": Recipe("setup-disk.sh", "web", (), 20),
    "vm": Recipe("setup-vm.sh", "web", (), 120),
    "db": Recipe("setup-db.sh", "node", ("image/stock.sql",), 50),
}


def ensure(kind: str) -> str:
    """The image for hosts of this kind ("node", "web", "disk", "tomcat", "db", "vm"), made if it is not there yet; returns its name.

    Its tag is a hash of all that goes into it, so a changed recipe gives a new image.
    """
    recipe = RECIPES[kind]
    parent = ensure(recipe.parent) if recipe.parent else base_image.ensure()
    mirror = base_image.mirror()
    files = {
        "setup.sh": (HERE / "image" / recipe.script).read_bytes(),
        "main.list": mirror.main_list().encode(),
        "all.list": mirror.all_list().encode(),
        "apt.conf": mirror.settings.encode(),
    }
    files |= {Path(name).name: (HERE / name).read_bytes() for name in recipe.files}
    if kind == "web":
        files |= {f"orders/1.0.0/{name}": content for name, content in release_files("1.0.0").items()}
    digest = hashlib.sha256(parent.encode())
    for name in sorted(files):
        digest.update(f"\0{name}\0{len(files[name])}\0".encode() + files[name])
    image = f"standfast/lab-{kind}:{digest.hexdigest()[:12]}"
    if engine.docker("image", "inspect", image, check=False).returncode == 0:
        return image

    say(f"making the image for {kind} hosts (about {recipe.about_s} s)")
    container = f"standfast-{lab_id()}-build-{kind}"
    engine.docker("rm", "-f", container, check=False)
    try:
        engine.docker("create", "--name", container, "--label", f"{LABEL}={lab_id()}", parent, "sh", "/build/setup.sh")
        engine.docker("cp", "-", f"{container}:/", stdin=pack({f"build/{name}": content for name, content in files.items()}))
        engine.watch(["docker", "start", "-a", container], f"image for {kind} hosts", BUILD_LIMIT_S)
        engine.docker(
            "commit",
            "--change",
            'CMD ["/usr/local/sbin/start-host"]',
            "--change",
            f"LABEL {LABEL}.kind={kind}",
            container,
            image,
            limit_s=300,
        )
    finally:
        engine.docker("rm", "-f", container, check=False)
    return image


def release_files(version: str) -> dict[str, bytes]:
    """The files of one release of the application: the program and what is the version's own."""
    files = {"orders.py": (HERE / "orders" / "orders.py").read_bytes()}
    return files | {path.name: path.read_bytes() for path in sorted((HERE / "orders" / version).iterdir()) if path.is_file()}


def pack(files: dict[str, bytes], modes: dict[str, int] | None = None, owners: dict[str, tuple[int, int]] | None = None) -> bytes:
    """A tar stream of these files, with folders; scripts 0755, other files 0644, all root's unless said otherwise; times zero."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        folders = sorted({str(parent) for name in files for parent in Path(name).parents if str(parent) != "."})
        for name in folders + sorted(files):
            entry = tarfile.TarInfo(name)
            entry.uid, entry.gid = (owners or {}).get(name, (0, 0))
            if name in files:
                entry.size = len(files[name])
                entry.mode = (modes or {}).get(name, 0o755 if files[name].startswith(b"#!") else 0o644)
                archive.addfile(entry, io.BytesIO(files[name]))
            else:
                entry.type = tarfile.DIRTYPE
                entry.mode = (modes or {}).get(name, 0o755)
                archive.addfile(entry)
    return stream.getvalue()
