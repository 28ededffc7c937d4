"""What is read from a host for a backup: shell text that runs as root, prints to standard output and writes no file there.

PostgreSQL keeps its log for us in the slot `standfast`, never more than its `max_slot_wal_keep_size`: a slot without that bound would fill the disk
when nobody fetches. Where the inventory gives leave (`wal_kept_mib`), the bound is set and the slot made; elsewhere only whole backups are taken.
Sources: pg_basebackup(1), PostgreSQL 26.3 (continuous archiving), mariadb-dump(1).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from shlex import quote

from tasks.operations.schemas import OWN_SCHEMAS

SLOT = "standfast"
NAMED = re.compile(r"mariadb|[0-9]{1,2}(\.[0-9])?/[\w.-]+")
OWNER = re.compile(r"[A-Za-z_][\w.-]*\$?")

# tar's or the dump's own status counts, not only that of gzip behind it; the status travels beside the stream.
_PACKED = """\
exec 5>&1
code=$({{ {{ {command} && echo 0 >&4 || echo $? >&4; }} | nice -n 10 gzip -1 >&5; }} 4>&1)
[ "$code" -le {harmless} ] || {{ echo "ended with status $code" >&2; exit 1; }}
"""


def _packed(command: str, harmless: int = 0) -> str:
    return _PACKED.format(command=command, harmless=harmless)


SERVERS = """\
cd /
if command -v pg_lsclusters >/dev/null; then
  pg_lsclusters -h | while read -r major name port state owner data rest; do
    case $state in online*) ;; *) echo "postgresql $major/$name $port $owner down - - 0 $(readlink -f "$data")"; continue ;; esac
    said=$(runuser -u "$owner" -- env PGCLUSTER="$major/$name" PGCONNECT_TIMEOUT=10 psql -XAtq -F ' ' -d postgres -c "select
      split_part(current_setting('server_version'), ' ', 1), pg_is_in_recovery(), (select setting from pg_settings where name = 'max_slot_wal_keep_size'),
      (select count(*) from pg_tablespace where oid >= 16384)") || { echo "problem $major/$name"; continue; }
    echo "postgresql $major/$name $port $owner $said $(readlink -f "$data")"
  done
fi
client=$(command -v mariadb || command -v mysql || :)
if [ -n "$client" ]; then
  if said=$($client -N -B -e "select version(), @@datadir" 2>/dev/null); then
    set -- $said
    data=$(readlink -f "$2")
    echo "mariadb mariadb 0 $(stat -c %U "$data") $1 f - 0 $data"
  elif [ -d /var/lib/mysql/mysql ]; then echo "mariadb mariadb 0 mysql down - - 0 /var/lib/mysql"; fi
fi
echo end
"""


@dataclass(frozen=True)
class Server:
    """A database server as the host tells it. version: empty where it does not run. bound_mib: of what a slot may keep, -1 without one."""

    engine: str
    name: str
    port: int
    owner: str
    version: str
    standby: bool
    bound_mib: int
    spaces: int
    data: str


def parse_servers(text: str) -> tuple[list[Server], list[str]]:
    """The servers, and the names of those that cannot be read. Raises ValueError for an answer without an end."""
    found, problems = [], []
    *lines, last = text.splitlines() or [""]
    if last != "end":
        raise ValueError("the list of database servers has no end")
    for line in lines:
        if line.startswith("problem "):
            problems.append(line.split(" ")[1])
            continue
        engine, name, port, owner, version, standby, bound, spaces, data = line.split(" ", 8)
        if not NAMED.fullmatch(name) or not OWNER.fullmatch(owner) or not data.startswith("/"):  # they stand in scripts later, also on a host made anew
            problems.append(name)
            continue
        found.append(Server(engine=engine, name=name, port=int(port), owner=owner, version="" if version == "down" else version, standby=standby == "t",
                            bound_mib=int(bound) if bound not in ("-", "") else -1, spaces=int(spaces), data=data))
    return found, problems


def files(paths: Sequence[str]) -> str:
    """These files and folders as a packed tar; what has gone meanwhile is left out, other file systems below them are not entered."""
    listed = " ".join(quote("./" + path.strip("/")) for path in paths)
    quiet = "--warning=no-file-changed --warning=no-file-removed --warning=no-file-ignored"
    tar = f"tar -c -f - --numeric-owner --xattrs --acls --one-file-system {quiet} $there"
    return f"""cd /
there=
for path in {listed}; do if [ -e "$path" ] || [ -L "$path" ]; then there="$there $path"; fi; done
[ -n "$there" ] || {{ echo "none of the paths is there" >&2; exit 1; }}
command -v ionice >/dev/null && ionice -c3 -p $$ 2>/dev/null
{_packed(tar, 1)}"""


PACKAGES = """\
# name, architecture, version, state, held or not, asked for or automatic, SHA-256 over the list of the package's own files and their digests
automatic=$(apt-mark showauto 2>/dev/null || :)
dpkg-query -W -f '${binary:Package}\\t${Architecture}\\t${Version}\\t${db:Status-Abbrev}\\n' | while IFS="$(printf '\\t')" read -r name arch version state; do
  list=/var/lib/dpkg/info/$name.md5sums
  digest=-; if [ -e "$list" ]; then digest=$(sha256sum <"$list" | cut -c1-64); fi
  printf '%s\\t%s\\t%s\\t%s\\t%s\\n' "$name" "$arch" "$version" "$state" "$digest"
done
printf '%s\\n' "$automatic" | sed 's/^/automatic\\t/'
"""


def _psql(server: Server) -> str:
    return f"""\
cd /
pg() {{ runuser -u {quote(server.owner)} -- env PGCLUSTER={quote(server.name)} PGCONNECT_TIMEOUT=10 "$@"; }}
ask() {{ pg psql -XAtq -v ON_ERROR_STOP=1 -F ' ' -d postgres -c "$1"; }}
"""


def hold_log(server: Server, kept_mib: int) -> str:
    """Makes the slot, with a bound; prints the first segment that it keeps. What it lost, or would lose by the next checkpoint (the bound was reached),
    is begun anew."""
    return f"""{_psql(server)}if [ "$(ask "select setting from pg_settings where name = 'max_slot_wal_keep_size'")" = -1 ]; then
  ask "alter system set max_slot_wal_keep_size = '{int(kept_mib)}MB'"; ask "select pg_reload_conf()" >/dev/null
  n=0; until [ "$(ask "select setting from pg_settings where name = 'max_slot_wal_keep_size'")" = {int(kept_mib)} ]; do
    n=$((n + 1)); [ $n -lt 50 ] || {{ echo "the bound is not in force" >&2; exit 1; }}; sleep 0.2
  done
fi
if [ "$(ask "select count(*) from pg_replication_slots where slot_name = '{SLOT}' and wal_status in ('lost', 'unreserved')")" = 1 ]; then
  ask "select pg_drop_replication_slot('{SLOT}')" >/dev/null
fi
if [ "$(ask "select count(*) from pg_replication_slots where slot_name = '{SLOT}'")" = 0 ]; then
  ask "select pg_create_physical_replication_slot('{SLOT}', true)" >/dev/null
fi
ask "select pg_walfile_name(restart_lsn) from pg_replication_slots where slot_name = '{SLOT}'"
"""


def base(server: Server) -> str:
    """A base backup as a packed tar, with the log that makes it whole."""
    return _psql(server) + _packed("pg pg_basebackup -w -D - -Ft -X fetch -c fast --no-manifest")


def end_log(server: Server, point: str) -> str:
    """Sets the named restore point and ends its segment; prints the segment, the point's place in the log, and by the host's clock when that began."""
    return f"""{_psql(server)}at=$(date -u +%Y-%m-%dT%H:%M:%S.%6NZ)
place=$(ask "select pg_create_restore_point('{point}')")
segment=$(ask "select pg_walfile_name('$place'::pg_lsn - 1)")
ask "select pg_switch_wal()" >/dev/null
echo "$segment $place $at"
"""


def still_held(server: Server, first: str) -> str:
    """Prints yes if the slot has held the log from this segment on until now; else its bound was reached, and a checkpoint gave segments away.

    Beyond the bound ("unreserved") they are there until the next checkpoint, which says so in the slot before it takes them.
    """
    held = f"wal_status <> 'lost' and pg_walfile_name(restart_lsn) <= '{first}'"
    return f"""{_psql(server)}ask "select case when {held} then 'yes' end from pg_replication_slots where slot_name = '{SLOT}'"\n"""


def log_files(server: Server, first: str, last: str) -> str:
    """The segments of the log from first to last, and all timelines' histories, as a packed tar; fails if the first is not there any more."""
    packed = _packed("printf '%s\\n' $names | tar -c -f - --numeric-owner -T -")
    return f"""cd {quote(server.data)}/pg_wal || exit 1
[ -e {quote(first)} ] || {{ echo "segment {first} is not there any more" >&2; exit 1; }}
# "" makes awk compare names and not numbers, which are too long for it to be told apart
names=$(LC_ALL=C ls | grep -E '^([0-9A-F]{{24}}|[0-9A-F]{{8}}[.]history)$' | awk -v first={quote(first)} -v last={quote(last)} \\
  '/history/ || ($0 "" >= first && $0 "" <= last)')
{packed}"""


def give_log_back(server: Server, place: str) -> str:
    """The slot keeps nothing before this place any more: what lies there is in a backup. One that has lost its log since keeps none, and the next backup
    says so."""
    return f"""{_psql(server)}ask "select pg_replication_slot_advance('{SLOT}', '{place}')" >/dev/null ||
  [ "$(ask "select wal_status from pg_replication_slots where slot_name = '{SLOT}'")" = lost ]\n"""


_MARIADB = """\
client=$(command -v mariadb || command -v mysql)
dump=$(command -v mariadb-dump || command -v mysqldump)
"""


def dump(socket: str = "") -> str:
    """Every database but the server's own as SQL, packed, from one snapshot; the same rows give the same bytes."""
    there = f" --socket={quote(socket)}" if socket else ""
    asked = f"select schema_name from information_schema.schemata where schema_name not in {OWN_SCHEMAS} order by 1"
    # A name is one word whatever is in it, and never an option: whoever may make databases must not tell root's mariadb-dump where to write.
    return f"""{_MARIADB}names=$($client{there} -N -B -e "{asked}")
if [ -z "$names" ]; then printf -- '-- there is no database\\n' | gzip -1; exit 0; fi
set -f
IFS='
'
set -- $names
{_packed(f'"$dump"{there} --single-transaction --quick --routines --events --triggers --hex-blob --order-by-primary --skip-dump-date '
         '--default-character-set=utf8mb4 --databases -- "$@"')}"""


ACCOUNTS = f"""{_MARIADB}{_packed('$dump --system=users --replace')}"""

NOT_TRANSACTIONAL = f"""{_MARIADB}$client -N -B -e "select concat(table_schema, '.', table_name) from information_schema.tables
  where table_type = 'BASE TABLE' and engine <> 'InnoDB' and table_schema not in {OWN_SCHEMAS}"
"""

ROWS = f"""{_MARIADB}$client -N -B -r -e "select concat('select ', quote(concat(table_schema, '.', table_name)), ', count(*) from ',
  '\\`', replace(table_schema, '\\`', '\\`\\`'), '\\`.\\`', replace(table_name, '\\`', '\\`\\`'), '\\`;') from information_schema.tables
  where table_type = 'BASE TABLE' and table_schema not in {OWN_SCHEMAS}" | $client -N -B
"""
