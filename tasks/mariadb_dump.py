"""A dump of MariaDB, taken apart: the digest of each section, so that two dumps can be held against each other table by table."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

HEADING = re.compile(rb"^-- (Current Database: (?P<db>`.*`)|(?P<what>Table structure for table|Dumping data for table|Dumping routines for database|"
                     rb"Dumping events for database|Temporary table structure for view|Final view structure for view) (?P<name>.*))$")
LINE_LIMIT = 1 << 20
THERE_IS_NONE = b"-- there is no database"


def sections(path: Path) -> tuple[dict[str, str], int, bool]:
    """Of a packed dump: SHA-256 of each section by database and heading, its size unpacked in bytes, and whether it has its end."""
    with gzip.open(path, "rb") as file:
        return _taken_apart(iter(lambda: file.readline(LINE_LIMIT), b""))


def _taken_apart(lines: Iterable[bytes]) -> tuple[dict[str, str], int, bool]:
    """lines: in pieces where they are long; only the first one of a line can be a heading."""
    begins = True
    found: dict[str, str] = {}
    database, name, digest, size, last = "", "", hashlib.sha256(), 0, b""
    for line in lines:
        size += len(line)
        if begins and line.startswith(b"-- ") and (heading := HEADING.match(line.rstrip(b"\n"))):
            if name:
                found[name] = digest.hexdigest()
            digest = hashlib.sha256()
            if heading["db"]:
                database = name = heading["db"].decode(errors="replace").strip("`")
            else:
                what = heading["name"].decode(errors="replace").replace("`", "").replace("'", "")
                name = f"{database}.{what}: {heading['what'].decode()}"
        elif name and not (begins and line.startswith(b"-- Dump completed")):
            digest.update(line)
        if begins and line.strip():
            last = line
        begins = line.endswith(b"\n")
    if name:
        found[name] = digest.hexdigest()
    return found, size, last.startswith((b"-- Dump completed", THERE_IS_NONE))


def unequal(one: dict[str, str], other: dict[str, str]) -> Iterator[str]:
    """The sections that are not the same in both, or only in one."""
    return (name for name in sorted(one.keys() | other.keys()) if one.get(name) != other.get(name))
