"""What a target sends for its copy is cut off before it fills the engine's disk, also where a little stands for much (R174)."""

from __future__ import annotations

import io
import subprocess

import pytest

from tasks.errors import BlockersFound
from tasks.sandbox.masking import StreamMask
from tasks.simulated_copy import MIB, _Masked


def stream(room: int) -> _Masked:
    made = _Masked(StreamMask(()), 100 * MIB, "web1", False, room)
    made.sink = io.BytesIO()
    return made


def packed(folder, size: int, name: str = "lastlog") -> bytes:
    """A file that is all hole, as the target's tar sends it."""
    (folder / name).open("wb").truncate(size)
    return subprocess.run(["tar", "-cf", "-", "--sparse", "--xattrs", "-C", str(folder), name], capture_output=True, check=True).stdout


@pytest.mark.parametrize("piece", [1 << 20, 700, 1])
def test_a_file_of_holes_counts_as_what_the_engine_makes_of_it(tmp_path, piece):
    sent = packed(tmp_path, 300 * MIB)
    assert len(sent) < MIB
    out = stream(200 * MIB)
    with pytest.raises(BlockersFound, match="web1 has files with holes") as problem:
        for start in range(0, len(sent), piece):
            out.write(sent[start:start + piece])
            out._pass_on()  # as if every piece were a large one
        out.finish()
    assert "稀疏文件" in problem.value.text.zh


def test_holes_for_which_there_is_room_are_counted_once_and_pass(tmp_path):
    sent, out = packed(tmp_path, 300 * MIB), stream(400 * MIB)
    for start in range(0, len(sent), 512):
        out.write(sent[start:start + 512])
        out._pass_on()
    out.finish()
    assert out.whole == 300 * MIB and out.sink.getvalue() == sent


def test_a_size_that_hides_behind_zeros_is_none_that_passes():
    with pytest.raises(BlockersFound):
        out = stream(MIB)
        out.write(b"30 GNU.sparse.realsize=" + b"0" * 5000 + b"9999999999\n")
        out.finish()
