"""What the planning of a migration must know of both hosts beside the survey: one read-only script each, and what it answers. Pure."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass, field
from shlex import quote

from tasks.operations.moved_base import Account
from tasks.operations.schemas import OWN_SCHEMAS
from tasks.operations.scripts import fill


@dataclass(frozen=True)
class ClusterFacts:
    """A running cluster. size_kib: of all its databases. bases: names of people's databases. unlogged: tables that are not replicated.

    tls: whether clients can talk to it by TLS. odd_names: databases whose names have signs that cannot be printed.
    """

    port: int
    data: str
    size_kib: int
    spaces: int
    unlogged: int
    wal_level: str
    free_senders: int
    lets_replicate: bool
    bases: tuple[str, ...]
    tls: bool = True
    odd_names: int = 0


@dataclass(frozen=True)
class Facts:
    """What one host told.

    paths: KiB, by path; absent ones are missing. room: (mount point, KiB free there), by path. units: (load state, start state, run state).
    installs: (name, version, replaces which). addresses: its IPv4 addresses with their length, as (interface, address). interfaces: their names.
    setting: of the service address' file, (mode, content); setting_folder: whether its folder is there. records: of a name server, the name's
    addresses; tools: whether it can change them.
    """

    packages: dict[str, str] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)  # account name -> uid
    groups: dict[str, str] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    paths: dict[str, int] = field(default_factory=dict)
    units: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    cluster: ClusterFacts | None = None
    mariadb: dict[str, str] = field(default_factory=dict)  # its variables by name, in small letters, and what the script adds to them
    forwards: bool = True
    rsync: bool = False
    room: dict[str, tuple[str, int]] = field(default_factory=dict)
    glibc: str = ""
    installs: tuple[tuple[str, str, str], ...] = ()
    addresses: tuple[tuple[str, str], ...] = ()
    interfaces: tuple[str, ...] = ()
    setting_folder: bool = False
    setting: tuple[str, str] = ("", "")
    records: tuple[str, ...] = ()
    tools: bool = False
    refusal: str = ""  # why apt cannot install what is wished


_SCRIPT = r"""export LC_ALL=C.UTF-8; exec 2>/dev/null
tell() { printf '%s' "$1"; shift; printf '\t%s' "$@"; printf '\n'; }
dpkg-query -W -f 'package\t${Package}\t${Version}\t${db:Status-Abbrev}\n' @packages_script@ | awk -F '\t' '$4 ~ /^.i/'
getent passwd | awk -F: '{ print "person\t" $1 "\t" $3 }'
getent group | awk -F: '{ print "group\t" $1 "\t" $3 }'
for name in @accounts_script@; do
  getent passwd "$name" | awk -F: -v OFS='	' -v main="$(id -gn "$name")" -v groups="$(id -Gn "$name")" '{ print "account", $1, $3, $4, main, $6, $7, groups }'
done
room() { dir=$1; while [ ! -d "$dir" ]; do dir=${dir%/*}; [ "$dir" ] || dir=/; done; df -k --output=avail,target "$dir" | awk 'NR == 2 { print $1 "\t" $2 }'; }
for path in @paths_script@; do
  if [ -e "$path" ] || [ -L "$path" ]; then tell path "$path" "$(du -skx "$path" | cut -f1)"; fi
  tell room "$path" "$(room "$path")"
done
for unit in @units_script@; do
  tell unit "$unit" "$(systemctl show -p LoadState --value "$unit")" "$(systemctl is-enabled "$unit")" "$(systemctl is-active "$unit")"
done
sshd -T -C user=@user@,host=localhost,addr=127.0.0.1 |
  awk '$1 ~ /^allow(tcp@streams_script@)forwarding$/ && $2 !~ /^(yes|all|local)$/ || $1 == "disableforwarding" && $2 == "yes" { print "forwards\tno" }'
command -v rsync >/dev/null && tell rsync yes
tell room @data@ "$(room @data@)"
tell glibc "$(ldd --version | sed -n '1s/.* //p')"
if [ @version@ ] && pg_lsclusters -h @version@ @name@ | grep -q ' online'; then
  runuser -u postgres -- env PGOPTIONS='-c search_path=pg_catalog' psql -X -q -A -t -F '	' --cluster @version@/@name@ -d postgres -c "select
    'cluster', current_setting('port'), current_setting('data_directory'),
    (select coalesce(sum(pg_database_size(oid)), 0) / 1024 from pg_database)::bigint, (select count(*) from pg_tablespace) - 2,
    (select count(*) from pg_class where relpersistence = 'u' and relkind = 'r'), current_setting('wal_level'),
    current_setting('max_wal_senders')::int - (select count(*) from pg_stat_replication),
    (select count(*) from pg_hba_file_rules
      where type in ('host', 'hostssl')
        and 'replication' = any(database) and 'all' = any(user_name) and address = '127.0.0.1' and auth_method in ('scram-sha-256', 'md5')),
    (select string_agg(regexp_replace(datname, '[[:cntrl:]]', '?', 'g'), ' ' order by datname) from pg_database
      where datname not in ('postgres', 'template0', 'template1')),
    current_setting('ssl'), (select count(*) from pg_database where datname ~ '[[:cntrl:]]')"
fi
@mariadb_script@
ip -o -4 address show | awk '{ print "address\t" $2 "\t" $4 }'
ls /sys/class/net | sed 's/^/interface\t/'
[ ! -d @setting_folder@ ] || tell setting_folder yes
[ ! -f @setting@ ] || tell setting "$(stat -c %a @setting@)" "$(head -c 65536 @setting@ | base64 -w 0)"
if [ @record@ ]; then
  if command -v dig >/dev/null && command -v nsupdate >/dev/null; then tell tools yes; fi
  dig +noall +answer +norecurse +tries=2 +time=3 @127.0.0.1 @record@ @record_type@ | awk -v type=@record_type@ '$4 == type { print "record\t" $5 }'
fi
wished=; for one in @wished_script@; do [ "$one" = rsync ] && command -v rsync >/dev/null || wished="$wished $one"; done
if [ "$wished" ]; then
  sim=$(apt-get -s -q -o Debug::NoLocking=1 --no-install-recommends install $wished 2>&1 </dev/null) && good=1 || good=
  printf '%s\n' "$sim" | sed -n 's/^Inst \([^ ]*\) \(\[\([^]]*\)\] \)\?(\([^ ]*\).*/install\t\1\t\4\t\3/p; s/^Remv \([^ ]*\).*/refusal\tit would remove \1/p'
  [ "$good" ] || tell refusal "$(printf '%s\n' "$sim" | grep '^E:' | head -n 1 | cut -c1-300)"
fi
tell end
"""


# A variable that a version does not have is simply not told.
_MARIADB = f'people="{OWN_SCHEMAS}"\n' + r"""socket=$(mariadb -N -B --connect-timeout=10 -e 'select @@socket')
maria() { mariadb --no-defaults --socket="$socket" -N -B --connect-timeout=10 -e "$1"; }
maria "select 'mariadb', lower(variable_name), variable_value from information_schema.global_variables where variable_name in ('version', 'port', 'datadir',
    'socket', 'log_bin', 'log_bin_basename', 'binlog_format', 'server_id', 'event_scheduler', 'innodb_change_buffering', 'innodb_data_home_dir',
    'innodb_log_group_home_dir', 'innodb_undo_directory', 'wsrep_on', 'require_secure_transport', 'skip_networking', 'expire_logs_days');
  select 'mariadb', 'replicates', coalesce(group_concat(lower(variable_name) separator ' '), '') from information_schema.global_variables
    where variable_name regexp '^replicate_.*(do_|ignore_|rewrite)' and variable_value <> '';
  select 'mariadb', 'other_engine', coalesce(min(concat(table_schema, '.', table_name)), '') from information_schema.tables
    where table_type in ('BASE TABLE', 'SYSTEM VERSIONED') and engine <> 'InnoDB' and table_schema not in $people;
  select 'mariadb', 'followers', count(*) from information_schema.processlist where command like 'Binlog Dump%';
  select 'mariadb', 'bases', coalesce(group_concat(schema_name separator ' '), '') from information_schema.schemata where schema_name not in $people;
  select 'mariadb', 'odd_names', count(*) from (select concat(table_schema, table_name) n from information_schema.tables
    union all select concat(event_schema, event_name) from information_schema.events) them where n regexp '[[:cntrl:]]' or instr(n, char(92));
  select 'mariadb', 'runtime', coalesce(group_concat(lower(variable_name) separator ' '), '') from information_schema.system_variables
    where global_value_origin = 'SQL' and variable_name not like 'gtid%' and variable_name not like 'rpl%' and read_only = 'NO'"
tell mariadb follows "$(maria 'show all slaves status' | wc -l)"
tell mariadb filters "$(maria 'show master status' | cut -f3- | tr -d '	')"
place=$(maria 'select @@datadir')
if [ "$place" ]; then
  tell mariadb size_kib "$(du -sk "$place" | cut -f1)"
  tell mariadb elsewhere "$(find "$place" -name '*.isl' -o -type l | wc -l)"
  ss -Hltn "sport = :$(maria 'select @@port')" | awk '{ print $4 }' |
    grep -q '^\(127.0.0.1\|0.0.0.0\|\*\|\[::\]\):' && tell mariadb listens yes
elif [ -d /var/lib/mysql/mysql ]; then tell mariadb leftover yes; fi
tell mariadb unit "$(systemctl is-active mariadb.service)"
tell mariadb activated "$(systemctl is-active mariadb.socket mariadb-extra.socket | grep -x active | head -n 1)"
"""


def facts_script(*, user: str, packages: Sequence[str] = (), accounts: Sequence[str] = (), paths: Sequence[str] = (), units: Sequence[str] = (),
                 version: str = "", name: str = "", mariadb: str = "", data: str = "/", wished: Sequence[str] = (),
                 setting: str = "", record: str = "", record_type: str = "A") -> str:
    """wished: what apt is asked how it would install it, as name or name=version."""
    def listed(words: Sequence[str]) -> str:
        return " ".join(map(quote, words))

    return fill(_SCRIPT, user=user, mariadb_script=_MARIADB if mariadb else "",
                streams_script="|streamlocal" if mariadb else "", packages_script=listed(packages) or "''", accounts_script=listed(accounts),
                paths_script=listed(paths),
                units_script=listed(units), version=version, name=name, data=data, wished_script=listed(wished), setting=setting,
                setting_folder=setting.rpartition("/")[0], record=record, record_type=record_type)


def parse_facts(output: str) -> Facts:
    """Raises ValueError: the answer is not whole."""
    rows = [line.split("\t") for line in output.splitlines() if line]
    if not rows or rows[-1][0] != "end":
        raise ValueError("the answer is cut off")

    def of(kind: str) -> list[list[str]]:
        return [row[1:] for row in rows if row[0] == kind]

    accounts = {r[0]: Account(r[0], int(r[1]), int(r[2]), r[3], r[4], r[5], tuple(g for g in r[6].split() if g != r[3])) for r in of("account")}
    cluster = next(iter(of("cluster")), None)
    return Facts(
        packages={r[0]: r[1] for r in of("package")}, people={r[0]: r[1] for r in of("person")}, groups={r[0]: r[1] for r in of("group")},
        accounts=accounts, paths={r[0]: int(r[1] or 0) for r in of("path")}, units={r[0]: (r[1], r[2], r[3]) for r in of("unit")},
        cluster=cluster and ClusterFacts(int(cluster[0]), cluster[1], int(cluster[2]), int(cluster[3]), int(cluster[4]), cluster[5], int(cluster[6]),
                                         int(cluster[7]) > 0, tuple(cluster[8].split()), cluster[9] == "on", int(cluster[10])),
        mariadb={r[0]: "".join(r[1:2]) for r in of("mariadb")}, forwards=not of("forwards"), rsync=bool(of("rsync")),
        room={r[0]: (r[2], int(r[1])) for r in of("room")}, glibc=(of("glibc") or [[""]])[0][0],
        installs=tuple((r[0], r[1], r[2]) for r in of("install")), refusal="; ".join(r[0] for r in of("refusal")),
        addresses=tuple((r[0], r[1]) for r in of("address")), interfaces=tuple(r[0] for r in of("interface")), setting_folder=bool(of("setting_folder")),
        setting=next(((r[0], b64decode(r[1]).decode()) for r in of("setting")), ("", "")), records=tuple(r[0] for r in of("record")),
        tools=bool(of("tools")))
