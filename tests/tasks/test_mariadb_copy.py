"""MariaDB on its way into a simulated copy: what is read of it, how its accounts are re-keyed, how a stream becomes an archive (R174)."""

from __future__ import annotations

import io
import tarfile

import pytest

from tasks.sandbox import mariadb_copy
from tasks.sandbox.masking import Replacements, StreamMask

KNOWN = "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19"  # of "password", as every manual shows it


def test_a_password_is_known_by_the_hash_that_the_server_keeps():
    assert mariadb_copy.hash_of("password") == KNOWN


def test_the_application_gets_in_with_the_replaced_password_and_nobody_else_does():
    replacements = Replacements()
    new = replacements.of("password")
    pairs, said = mariadb_copy.rekey([("shop@%", KNOWN), ("root@10.1.1.1", "*" + "A" * 40), ("root@localhost", "invalid"), ("ed@%", "x" * 43)], replacements)
    assert dict(pairs)[KNOWN.encode()] == mariadb_copy.hash_of(new).encode()
    assert all(len(old) == len(made) and old != made for old, made in pairs), "nothing moves by a byte"
    assert [(line.en.partition(": ")[0], line.en.partition(": ")[2]) for line in said] == [
        ("database account shop@%", "as in the masked files"), ("database account root@10.1.1.1", "a random password"),
        ("database account ed@%", "a random password")]
    assert not any(secret in line.en + line.zh for line in said for secret in ("password" + "1", new, KNOWN))


@pytest.mark.parametrize("size", [0, 1, mariadb_copy.PIECE - 1, mariadb_copy.PIECE, 2 * mariadb_copy.PIECE + 17], ids=str)
def test_a_stream_of_any_length_arrives_byte_for_byte_and_its_end_is_looked_for(size):
    out, whole = io.BytesIO(), b"x" * size + b"\n-- Dump completed on 2026-11-23\n"
    pieces = mariadb_copy.Pieces(out)
    for at in range(0, len(whole), 70_000):
        pieces.write(whole[at:at + 70_000])
    assert pieces.close()
    with tarfile.open(fileobj=io.BytesIO(out.getvalue())) as archive:
        files = [member for member in archive if member.isfile()]
        assert b"".join(archive.extractfile(member).read() for member in sorted(files, key=lambda member: member.name)) == whole
        assert {member.mode for member in files} == {0o600}
    cut = mariadb_copy.Pieces(io.BytesIO())
    cut.write(whole[:-25])
    assert not cut.close()


def test_what_a_host_says_is_read_back():
    rows = {"mariadb": [["10.11.18-MariaDB-0+deb12u1", "/var/lib/mysql/", "120000"]], "account": [["shop", "%", KNOWN], ["cut off"]]}
    assert mariadb_copy.parse(rows) == mariadb_copy.DumpedServer("10.11.18-MariaDB-0+deb12u1", "/var/lib/mysql", 120000, (("shop@%", KNOWN),))
    assert mariadb_copy.parse({}) is None and mariadb_copy.parse({"mariadb": [["8.0.36", "/var/lib/mysql/", "1"]]}) is None


def test_a_hash_is_replaced_in_the_dump_wherever_pieces_are_cut():
    pairs, _ = mariadb_copy.rekey([("shop@%", KNOWN)], Replacements())
    mask, out = StreamMask(pairs), b""
    dump = b'{\\"authentication_string\\":\\"' + KNOWN.encode() + b'\\"}'
    for at in range(0, len(dump), 7):
        out += mask.feed(dump[at:at + 7])
    out += mask.close()
    assert KNOWN.encode() not in out and len(out) == len(dump) and mask.hits == 1
