"""`make setup`: one sentence when it cannot work, nothing to do when it is done."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def clone(tmp_path):
    (tmp_path / "deployments").mkdir()
    for name in ("deployments/setup.sh", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def run_setup(clone: Path, python: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(clone / "deployments" / "setup.sh")],
        env={"PATH": "/usr/bin:/bin", "PYTHON": python},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def fake_python(clone: Path, text: str) -> str:
    path = clone / "fake-python"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_without_python(clone):
    done = run_setup(clone, "python-that-is-not-there")
    assert done.returncode == 1
    assert done.stderr == (
        "setup: there is no python-that-is-not-there; install Python 3.11 or newer "
        "(on Debian or Ubuntu: apt-get install python3 python3-venv) and try again\n"
    )


def test_a_python_that_is_too_old(clone):
    old = fake_python(clone, '[ "$1" = -V ] && echo Python 3.9.2; [ "$1" != -c ]')
    done = run_setup(clone, old)
    assert done.returncode == 1
    assert "is Python 3.9.2; Standfast needs Python 3.11 or newer" in done.stderr and done.stderr.count("\n") == 1


def test_a_python_without_venv_that_is_not_the_systems_own(clone):
    bare = fake_python(clone, f'case "$*" in *ensurepip*) exit 1;; esac; exec {sys.executable} "$@"')
    done = run_setup(clone, bare)
    assert done.returncode == 1
    assert "cannot make virtual environments; install its package python3-venv" in done.stderr and done.stderr.count("\n") == 1


def test_the_lock_names_every_file_by_its_hash_and_no_registry():
    lock = (ROOT / "requirements.lock").read_text()
    packages = re.findall(r"^([a-z0-9][a-z0-9._-]*)==\S+", lock, re.MULTILINE)
    assert {"prefect", "paramiko", "setuptools", "pytest"} <= set(packages)
    for stanza in re.split(r"\n(?=[a-z0-9])", lock):
        assert "--hash=sha256:" in stanza, stanza.splitlines()[0]
    assert "://" not in lock and "index" not in lock.replace("--index-url-", "")


def test_the_lock_has_all_that_the_project_asks_for():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = {
        re.split(r"[\[<>=!~; ]", one)[0].lower() for one in [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    }
    locked = set(re.findall(r"^([a-z0-9][a-z0-9._-]*)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    assert asked <= locked, f"run `make lock`: {sorted(asked - locked)} is missing in requirements.lock"
