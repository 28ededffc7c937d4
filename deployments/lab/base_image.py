"""The plain Debian 12 image that everything else is made from: pulled, or made from this machine's own mirror."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from deployments.lab import engine
from deployments.lab.mirror import SUITE, Mirror, of_sources, of_this_machine
from deployments.lab.place import LABEL, LabError, say

BASE = "standfast/debian:12"
PULLED = f"debian:{SUITE}-slim"
PULL_LIMIT_S = 90
DEBOOTSTRAP_LIMIT_S = 900


def ensure() -> str:
    """See to it that the base image is there; returns its name.

    Raises LabError when it can neither be pulled nor made.
    """
    if engine.docker("image", "inspect", BASE, check=False).returncode == 0:
        return BASE
    if _pull():
        return BASE
    mirror = of_this_machine()
    if os.geteuid() != 0 or mirror is None:
        raise LabError(
            f"the image {PULLED} cannot be pulled, and only root on Debian can make it from the machine's own mirror; "
            f"run `make lab` as root once, or load the image and name it {BASE}"
        )
    if not shutil.which("debootstrap"):
        engine.install(["debootstrap"], "makes the base image from this machine's Debian mirror")
    _make(mirror)
    return BASE


def mirror() -> Mirror:
    """The Debian mirror for the lab's hosts: this machine's, else the one the base image came with.

    Raises LabError when neither names one.
    """
    found = of_this_machine()
    if found is None:
        shown = engine.text(
            "run", "--rm", BASE, "sh", "-c", "cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null || true"
        )
        found = of_sources(shown)
    if found is None:
        raise LabError(
            "neither this machine's apt sources nor the base image name a Debian mirror; add one to /etc/apt/sources.list"
        )
    return found


def _pull() -> bool:
    say(f"pulling {PULLED}")
    try:
        if engine.docker("pull", "-q", PULLED, limit_s=PULL_LIMIT_S, check=False).returncode != 0:
            return False
    except LabError:
        return False
    engine.docker("tag", PULLED, BASE)
    return True


def _make(mirror: Mirror) -> None:
    say("it cannot be pulled; making it from this machine's Debian mirror instead (about 40 s)")
    with tempfile.TemporaryDirectory(prefix="standfast-base-") as place:
        root = Path(place, "root")
        engine.watch(
            ["debootstrap", "--variant=minbase", "--include=ca-certificates", SUITE, str(root), mirror.main],
            "debootstrap",
            DEBOOTSTRAP_LIMIT_S,
        )
        for spent in (*root.glob("var/cache/apt/archives/*.deb"), *root.glob("var/lib/apt/lists/*Packages")):
            spent.unlink()
        tar = subprocess.Popen(
            ["tar", "-C", str(root), "--numeric-owner", "-c", "."], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )
        done = subprocess.run(
            ["docker", "import", "--change", 'CMD ["/bin/sh"]', "--change", f"LABEL {LABEL}.base={SUITE}", "-", BASE],
            stdin=tar.stdout,
            capture_output=True,
            timeout=300,
            check=False,
        )
        if tar.wait(timeout=30) != 0 or done.returncode != 0:
            raise LabError(f"the base image could not be loaded into the engine: {done.stderr.decode(errors='replace').strip()}")
