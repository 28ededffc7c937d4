"""MariaDB in a simulated copy (R174): it comes as a dump of one snapshot, its accounts re-keyed on the way, and is loaded before systemd starts.

A tar of a busy server does not start, and nothing is installed on the target; a dump needs only what is there. Shell text and pure functions.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import shlex
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from reports.records import Text
from tasks.sandbox.masking import Replacements

PLACE = "/.standfast/mariadb"
PIECE = 4 << 20  # bytes of one file of the dump: an archive says a file's size before its content

READING = r"""
if command -v mariadbd >/dev/null && about=$(mariadb -N -B --connect-timeout=10 -e 'select version(), @@datadir' 2>/dev/null); then
  say mariadb $about "$(du -sk "$(echo "$about" | cut -f2)" 2>/dev/null | cut -f1)"
  mariadb -N -B -e "select 'account', user, host, json_value(priv, '\$.authentication_string') from mysql.global_priv
    where json_value(priv, '\$.authentication_string') <> ''"
fi
"""


@dataclass(frozen=True)
class DumpedServer:
    """A running MariaDB server. data: its folder, absolute. accounts: (name@host, what its password is known by)."""

    version: str
    data: str
    used_kib: int
    accounts: tuple[tuple[str, str], ...] = ()


def parse(rows: dict[str, list[list[str]]]) -> DumpedServer | None:
    """From what READING says, by the first word of its lines. None where no MariaDB runs."""
    for version, data, *used in rows.get("mariadb", []):
        if "MariaDB" in version:
            accounts = tuple((f"{row[0]}@{row[1]}", row[2]) for row in rows.get("account", []) if len(row) == 3)
            return DumpedServer(version, data.rstrip("/"), int((used or ["0"])[0] or 0), accounts)
    return None


def hash_of(password: str) -> str:
    """As mysql_native_password keeps it."""
    return "*" + hashlib.sha1(hashlib.sha1(password.encode(), usedforsecurity=False).digest(), usedforsecurity=False).hexdigest().upper()


def rekey(accounts: Iterable[tuple[str, str]], replacements: Replacements) -> tuple[tuple[tuple[bytes, bytes], ...], tuple[Text, ...]]:
    """What is to be replaced in the dump, old and new of equal length, and a line on each account (no value).

    Where a password found in the files fits, the account gets that password's replacement; any other gets one that nobody knows.
    """
    pairs, said = {}, []
    for name, known in accounts:
        if re.fullmatch(r"\*[0-9A-F]{40}", known):
            old = next((value for value in tuple(replacements.values) if hash_of(value) == known), None)
            new = hash_of(replacements.of(old) if old is not None else secrets.token_urlsafe(24))
        elif len(known) >= 20:  # of another kind: nobody logs in with it
            old, new = None, base64.b64encode(secrets.token_bytes(len(known))).decode()[:len(known)]
        else:
            continue
        pairs[known.encode()] = new.encode()
        how = ("与替换后的文件一致", "as in the masked files") if old is not None else ("随机口令", "a random password")
        said.append(Text(zh=f"数据库账号 {name}：{how[0]}", en=f"database account {name}: {how[1]}"))
    return tuple(pairs.items()), tuple(said)


def dump_script() -> str:
    """Everything, accounts and routines as well, from one snapshot, as SQL; it fails if the dump has no end."""
    return """cd / && exec mariadb-dump --all-databases --single-transaction --skip-lock-tables --quick --routines --events --triggers --hex-blob \\
  --flush-privileges --default-character-set=utf8mb4
"""


def load_script(server: DumpedServer) -> str:
    """For the copy's first process: a fresh server without a network takes the dump and stops again."""
    data, ask = shlex.quote(server.data), "mariadb --no-defaults --socket=/run/mysqld/standfast.sock"
    return f"""
if [ -d {PLACE} ]; then
  install -d -o mysql -g mysql -m 755 {data} /run/mysqld
  mariadb-install-db --force --user=mysql --datadir={data} --skip-test-db >/dev/null ||
    {{ echo "standfast: MariaDB cannot be made" >&2; exit 43; }}
  mariadbd --user=mysql --datadir={data} --skip-networking --socket=/run/mysqld/standfast.sock --pid-file=/run/mysqld/standfast.pid \\
    --skip-log-bin --skip-slave-start --event-scheduler=OFF &
  n=0; until {ask} -e 'select 1' >/dev/null 2>&1; do
    n=$((n + 1)); [ $n -lt 600 ] || {{ echo "standfast: MariaDB does not start" >&2; exit 43; }}; sleep 0.2; done
  cat {PLACE}/* | {ask} || {{ echo "standfast: the dump of MariaDB cannot be loaded" >&2; exit 44; }}
  {ask} -e shutdown
  wait
  printf '%s' {shlex.quote(server.version.partition("-")[0] + "-MariaDB")} >{data}/mysql_upgrade_info
fi"""


class Sink(Protocol):
    def write(self, chunk: bytes, /) -> object: ...


class Pieces:
    """Takes a stream of unknown length and passes it on as an archive of files of known length, for `docker cp`."""

    def __init__(self, sink: Sink) -> None:
        self._sink, self._waiting, self._count, self._last = sink, bytearray(), 0, b""
        folder = tarfile.TarInfo(PLACE.lstrip("/"))
        folder.type, folder.mode = tarfile.DIRTYPE, 0o700
        sink.write(folder.tobuf())

    def write(self, chunk: bytes) -> None:
        self._waiting += chunk
        while len(self._waiting) >= PIECE:
            self._pass_on(bytes(self._waiting[:PIECE]))
            del self._waiting[:PIECE]

    def _pass_on(self, piece: bytes) -> None:
        self._count += 1
        entry = tarfile.TarInfo(f"{PLACE.lstrip('/')}/{self._count:08d}.sql")
        entry.size, entry.mode = len(piece), 0o600
        self._sink.write(entry.tobuf() + piece + bytes(-len(piece) % tarfile.BLOCKSIZE))
        self._last = (self._last + piece)[-4096:]

    def close(self) -> bool:
        """Whether the dump has its end."""
        self._pass_on(bytes(self._waiting))
        self._sink.write(bytes(2 * tarfile.BLOCKSIZE))
        return b"\n-- Dump completed" in self._last

