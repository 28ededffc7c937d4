"""Archives that the lab makes are the same bytes whenever they are made, with the owners and modes asked for."""

from __future__ import annotations

import hashlib
import io
import tarfile

from hypothesis import given
from hypothesis import strategies as st

from deployments.lab.images import pack, release_files
from deployments.lab.media import archive

NAMES = st.lists(st.text("abc", min_size=1, max_size=3), min_size=1, max_size=3).map(
    lambda parts: "/".join(f"d{part}" for part in parts) + ".f"
)


@given(st.dictionaries(NAMES, st.binary(max_size=64), max_size=6))
def test_what_is_packed_comes_out_again(files):
    packed = pack(files)
    assert packed == pack(dict(reversed(files.items())))
    with tarfile.open(fileobj=io.BytesIO(packed)) as opened:
        assert {entry.name: opened.extractfile(entry).read() for entry in opened if entry.isfile()} == files
        assert all(entry.mtime == 0 and entry.uid == 0 for entry in opened)


def test_modes_and_owners_are_as_asked_and_scripts_may_run():
    files = {"home/ops/key": b"secret", "run.sh": b"#!/bin/sh\n"}
    packed = pack(files, modes={"home/ops/key": 0o600, "home/ops": 0o700}, owners={"home/ops": (7, 8)})
    with tarfile.open(fileobj=io.BytesIO(packed)) as opened:
        found = {entry.name: (entry.mode, entry.uid, entry.gid) for entry in opened}
    assert found == {"home": (0o755, 0, 0), "home/ops": (0o700, 7, 8), "home/ops/key": (0o600, 0, 0), "run.sh": (0o755, 0, 0)}


def test_a_release_has_one_folder_with_its_version_in_it():
    content = archive("1.1.0")
    assert hashlib.sha256(content).digest() == hashlib.sha256(archive("1.1.0")).digest()
    with tarfile.open(fileobj=io.BytesIO(content)) as opened:
        names = opened.getnames()
        assert {name.split("/")[0] for name in names} == {"orders-1.1.0"}
        assert opened.extractfile("orders-1.1.0/VERSION").read() == b"1.1.0\n"
        assert opened.getmember("orders-1.1.0/migrate.sh").mode == 0o755
    assert "migrate.sh" not in release_files("1.2.0")
