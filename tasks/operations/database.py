"""PostgreSQL on Debian: a dump that is proven restorable, bringing a database back from it, and a check after a minor upgrade.

The functions return steps and shell text and run nothing. Everything the target keeps of a dump lies in
`$CHANGE_DIR/saved/dump/<major>-<cluster>/` (root, 0700):

    roles.sql, globals.sql   roles and tablespaces (pg_dumpall); they hold password hashes
    <database>.dump          pg_dump -Fc
    <database>.queries       one SELECT for each table: its name, its rows, a digest of its rows if it is not too large
    <database>.rows          what these queries gave in the very snapshot the dump was taken from
    <database>.schema        SHA-256 of the schema

and beside it `PROVEN`, the SHA-256 of all these files, written last: it stands only if every dump was restored into a
throw-away server and gave the same rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from shlex import quote

from reports.records import Cluster, Step, Text
from tasks.errors import ProcedureError
from tasks.operations.scripts import fill

DIGEST_LIMIT_BYTES = 64 * 1024 * 1024  # tables up to this size are compared row for row, larger ones by their number of rows
PROOF_PLACE = "/var/lib/postgresql/.standfast-proof"  # the throw-away server; only the account postgres can write there

# Tables of extensions are left out: their rows come with the extension, not with the dump.
_ROWS_OF_TABLES = """\
select format('select %L, count(*), %s from only %I.%I standfast_row;', n.nspname || '.' || c.relname,
              case when pg_table_size(c.oid) <= @limit@
                   then 'coalesce(sum(hashtextextended(textin(record_out(standfast_row.*)), 0)), 0)' else '''-''' end, n.nspname, c.relname)
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where c.relkind = 'r' and c.relpersistence <> 't' and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
   and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
 order by n.nspname, c.relname"""

_OBJECTS = """\
select 'objects of kind ' || kind, count(*), '-' from (
  select c.relkind::text as kind, c.relnamespace as space from pg_class c where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')
  union all select 'function', p.pronamespace from pg_proc p
  union all select 'constraint', k.connamespace from pg_constraint k
  union all select 'trigger', c.relnamespace from pg_trigger t join pg_class c on c.oid = t.tgrelid where not t.tgisinternal
) o join pg_namespace n on n.oid = o.space
where n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\\_t%' group by kind order by kind;"""

_SETTINGS = """\
\\set ON_ERROR_STOP on
set timezone = 'UTC'; set datestyle = 'ISO, YMD'; set intervalstyle = 'postgres'; set bytea_output = 'hex';
set extra_float_digits = 1; set xmloption = 'content'; set lc_monetary = 'C'; set statement_timeout = 0;"""

# One session holds the snapshot; pg_dump, started by it, takes the dump from the same one. So writers do not matter.
_SNAPSHOT_SESSION = f"""\
{_SETTINGS}
begin transaction isolation level repeatable read read only;
select pg_export_snapshot() as snapshot \\gset
\\setenv STANDFAST_SNAPSHOT :snapshot
\\o |cat >&3
{_ROWS_OF_TABLES};
\\o |cat >&4
{_ROWS_OF_TABLES} \\gexec
{_OBJECTS}
\\o
\\! pg_dump -Fc --lock-wait-timeout=60s --snapshot="$STANDFAST_SNAPSHOT" >&5; echo $? >&6
commit;"""

# Shell functions that several scripts use. `cluster` is set before them.
_CLUSTER = """\
cluster=@cluster@
major=${cluster%%/*}
bin=/usr/lib/postgresql/$major/bin
dumps=$CHANGE_DIR/saved/dump/$major-${cluster#*/}
# as superuser, so without the search path of the database's owner; nor is a cast of his called (record_out is none)
pg() { runuser -u postgres -- env PGOPTIONS='-c search_path=pg_catalog' PGCLUSTER="$cluster" PGCONNECT_TIMEOUT=10 PGDATABASE="${db:-postgres}" "$@"; }
schema_digest() { pg pg_dump -s | grep -v -e '^--' -e '^.restrict' -e '^.unrestrict' | sha256sum | cut -d ' ' -f 1; }
"""

_PROOF_SERVER = """\
proof=@place@
as_postgres() { runuser -u postgres -- "$@"; }
throw_away() { as_postgres env PGOPTIONS='-c search_path=pg_catalog' PGHOST="$proof" PGPORT=5432 PGUSER=postgres PGDATABASE="${db:-template1}" "$@"; }
remove_proof() {
  pid=$(as_postgres head -n 1 "$proof/data/postmaster.pid" 2>/dev/null || :)
  # The number alone may belong to another process by now, even to the live server.
  if [ -n "$pid" ] && [ "$(readlink "/proc/$pid/cwd")" = "$proof/data" ]; then
    kill -QUIT "$pid" 2>/dev/null || :
    n=0; while [ -e "/proc/$pid" ] && [ "$n" -lt 20 ]; do sleep 0.5; n=$((n + 1)); done
    kill -KILL "$pid" 2>/dev/null || :
  fi
  as_postgres rm -rf -- "$proof"
}
"""

_DUMP_ONE = """\
  case $db in ''|.*|-*|*/*|*'
'*) echo "database '$db' has a name that cannot be a file's name; dump it by hand" >&2; exit 1 ;; esac
  echo "dumping $cluster $db"
  pg psql -XAtq 3>"$dumps/$db.queries" 4>"$dumps/$db.rows" 5>"$dumps/$db.dump" 6>"$dumps/$db.status" <<'SQL'
@session_script@
SQL
  if [ "$(cat "$dumps/$db.status")" != 0 ]; then echo "pg_dump of $cluster $db failed" >&2; exit 1; fi
  rm -f "$dumps/$db.status"
  cat >>"$dumps/$db.queries" <<'SQL'
@objects_script@
SQL
  schema_digest >"$dumps/$db.schema"
"""

_PROVE_ONE = """\
  echo "restoring $cluster $db into the throw-away server"
  (db=; throw_away "$bin/pg_restore" --exit-on-error --no-tablespaces --no-subscriptions --clean --if-exists -C -d template1) \\
    <"$dumps/$db.dump" || { echo "the dump of $cluster $db could not be restored" >&2; exit 1; }
  { cat <<'SQL'
@settings_script@
SQL
    cat "$dumps/$db.queries"; } | throw_away "$bin/psql" -XAtq >"$dumps/$db.restored"
  if ! cmp -s "$dumps/$db.rows" "$dumps/$db.restored"; then
    echo "the restored $cluster $db is not equal to its original:" >&2
    diff "$dumps/$db.rows" "$dumps/$db.restored" | head -n 20 >&2 || :
    exit 1
  fi
  rm -f "$dumps/$db.restored"
  echo "$cluster $db: equal in $(wc -l <"$dumps/$db.rows") tables and kinds of objects, $(du -k "$dumps/$db.dump" | cut -f 1) KiB"
  (db=; throw_away "$bin/dropdb" --maintenance-db=template1 -- "$db_name") 2>/dev/null || :
"""

_DUMP_CLUSTER = """\
# --- PostgreSQL @cluster@
@cluster_script@
mkdir -p "$dumps"
db=
names=$(@names_script@)
[ -n "$names" ] || { echo "there is no database in $cluster" >&2; exit 1; }

# Room for the dumps, and for their largest one restored.
sum=0; largest=0
while read -r db; do
  kib=$(echo "select pg_database_size(current_database()) / 1024" | pg psql -XAtq) || {
    echo "database '$db' cannot be opened on $cluster" >&2; exit 1; }
  sum=$((sum + kib)); if [ "$kib" -gt "$largest" ]; then largest=$kib; fi
done <<NAMES
$names
NAMES
db=
room() { # folder KiB
  free=$(df -Pk "$1" | awk 'NR == 2 { print $4 }')
  if [ "$free" -lt "$2" ]; then echo "$1 has $free KiB free, the dump and its proof need $2 KiB; make room first" >&2; exit 1; fi
}
restored=$((largest + largest / 5 + 307200))
if [ "$(stat -c %d "$dumps")" = "$(stat -c %d "${proof%/*}")" ]; then room "$dumps" $((sum + restored))
else room "$dumps" $((sum + 10240)); room "${proof%/*}" "$restored"; fi

pg pg_dumpall --roles-only >"$dumps/roles.sql"
pg pg_dumpall --globals-only >"$dumps/globals.sql"
while read -r db; do
@dump_one_script@done <<NAMES
$names
NAMES

# The throw-away server: a socket in a folder of its own, no network, ended by its own time limit whatever happens to us.
db=
remove_proof
as_postgres mkdir -m 700 "$proof"
as_postgres nice -n 10 "$bin/initdb" -D "$proof/data" -U postgres -A peer -N -E UTF8 --locale=C >/dev/null
as_postgres nice -n 10 timeout -k 10 @limit@ "$bin/postgres" -D "$proof/data" \\
  -c listen_addresses= -c unix_socket_directories="$proof" -c port=5432 \\
  -c shared_buffers=32MB -c work_mem=4MB -c maintenance_work_mem=32MB -c max_connections=10 -c max_wal_senders=0 \\
  -c wal_level=minimal -c max_wal_size=256MB -c fsync=off -c full_page_writes=off -c autovacuum=off -c jit=off \\
  >"$dumps/proof.log" 2>&1 &
n=0
until throw_away "$bin/pg_isready" -q; do
  n=$((n + 1))
  if [ "$n" -gt 120 ]; then echo "the throw-away server does not start:" >&2; tail -n 5 "$dumps/proof.log" >&2; exit 1; fi
  sleep 0.5
done
grep -v '^CREATE ROLE postgres;$' "$dumps/roles.sql" | throw_away "$bin/psql" -Xq -v VERBOSITY=terse >/dev/null
while read -r db; do
  db_name=$db
@prove_one_script@done <<NAMES
$names
NAMES
db=
remove_proof
rm -f "$dumps/proof.log"
"""


def _running(clusters: Iterable[Cluster]) -> list[Cluster]:
    return [cluster for cluster in clusters if cluster.engine == "postgresql" and cluster.running]


def cluster_of(database: str, clusters: Sequence[Cluster]) -> Cluster:
    """The running PostgreSQL server that holds the database.

    Raises ProcedureError if none runs, or if several run and none or more than one of them is known to hold it.
    """
    running = _running(clusters)
    holding = [cluster for cluster in running if any(table.database == database for table in cluster.tables)]
    if len(holding) == 1:
        return holding[0]
    if not holding and len(running) == 1:
        return running[0]  # a database without tables does not show in the survey
    if not running:
        raise ProcedureError(
            f"no PostgreSQL server runs on this host, so database {database} cannot be dumped; name the host that has it",
            f"该主机上没有正在运行的 PostgreSQL 服务器，无法备份数据库 {database}；请填写数据库所在的主机",
        )
    names = ", ".join(cluster.name for cluster in holding or running)
    raise ProcedureError(
        f"it is not clear which PostgreSQL server holds database {database} ({names}); rename it or stop the other server",
        f"无法确定数据库 {database} 属于哪一个 PostgreSQL 服务器（{names}）；请更名，或停止另一服务器",
    )


def _names_script(names: Sequence[str]) -> str:
    if not names:
        return """pg psql -XAtq -c "select datname from pg_database where datallowconn and not datistemplate order by 1\""""
    for name in names:
        if not name or "\n" in name or "/" in name or name[0] in ".-":
            raise ProcedureError(f"database name {name!r} cannot be a file's name; dump this database by hand",
                                 f"数据库名 {name!r} 不能用作文件名；请手工备份该数据库")
    return "printf '%s\\n' " + " ".join(quote(name) for name in names)


def dump_step(
    number: int,
    target: str,
    databases: Sequence[str],
    *,
    clusters: Sequence[Cluster],
    digest_limit_bytes: int = DIGEST_LIMIT_BYTES,
    time_limit_s: int = 4 * 3600,
) -> Step:
    """A step that dumps the databases and proves that the dumps can be restored (house rule before every database change, R013).

    databases: names; empty: every database of every running PostgreSQL server of `clusters`.
    Each dump and the row counts that it is compared with come from one snapshot, so that writers in between do not matter.
    Undo: the dump stays, put aside as `saved/dump.undone` so that a later attempt takes a new one; a throw-away server left
    behind by a killed attempt is removed.

    Raises ProcedureError if a database cannot be told to one running server.
    """
    if databases:
        by_cluster: dict[str, list[str]] = {}
        for database in databases:
            by_cluster.setdefault(cluster_of(database, clusters).name, []).append(database)
    else:
        by_cluster = {cluster.name: [] for cluster in _running(clusters)}
    if not by_cluster:
        raise ProcedureError("no PostgreSQL server runs on this host; there is nothing to dump",
                             "该主机上没有正在运行的 PostgreSQL 服务器，没有可备份的数据库")
    proof_server = fill(_PROOF_SERVER, place=PROOF_PLACE)
    session = _SNAPSHOT_SESSION.replace("@limit@", str(int(digest_limit_bytes)))
    dump_one = _DUMP_ONE.replace("@session_script@", session).replace("@objects_script@", _OBJECTS)
    prove_one = _PROVE_ONE.replace("@settings_script@", _SETTINGS)
    parts = [
        fill(
            _DUMP_CLUSTER,
            cluster=cluster,
            cluster_script=fill(_CLUSTER, cluster=cluster),
            limit=time_limit_s,
            names_script=_names_script(names),
            dump_one_script=dump_one,
            prove_one_script=prove_one,
        )
        for cluster, names in sorted(by_cluster.items())
    ]
    names = ", ".join(databases)
    return Step(
        number=number,
        key="dump-database",
        target=target,
        title=Text(
            zh=f"备份数据库 {names or '(全部)'} 并验证可恢复",
            en=f"Dump {('database ' + names) if names else 'all databases'} and prove that it can be restored",
        ),
        probe=fill(
            """\
if [ -s "$CHANGE_DIR/saved/dump/PROVEN" ]; then
  cd "$CHANGE_DIR/saved/dump"
  if sha256sum --status -c PROVEN; then echo DONE; else echo PARTIAL; fi
elif [ -e "$CHANGE_DIR/saved/dump" ] || [ -e @place@ ]; then echo PARTIAL
else echo ABSENT; fi
""",
            place=PROOF_PLACE,
        ),
        command=f"""\
umask 077
{proof_server}trap remove_proof EXIT
trap 'exit 143' HUP INT TERM
rm -rf -- "$CHANGE_DIR/saved/dump"
mkdir -p "$CHANGE_DIR/saved/dump"
{"".join(parts)}cd "$CHANGE_DIR/saved/dump"
find . -type f ! -name 'PROVEN*' -print0 | sort -z | xargs -0 sha256sum >PROVEN.new
sync
mv PROVEN.new PROVEN
sync
""",
        proof=fill(
            """\
cd "$CHANGE_DIR/saved/dump"
sha256sum --quiet -c PROVEN
if [ -e @place@ ]; then echo "the throw-away server was left behind" >&2; exit 1; fi
echo "dump kept and proven: $(grep -c '[.]dump$' PROVEN) databases"
""",
            place=PROOF_PLACE,
        ),
        undo=f"""\
{proof_server}remove_proof
if [ -e "$CHANGE_DIR/saved/dump" ]; then
  rm -rf -- "$CHANGE_DIR/saved/dump.undone"
  mv "$CHANGE_DIR/saved/dump" "$CHANGE_DIR/saved/dump.undone"
fi
""",
        undo_proof=fill("test ! -e @place@\n", place=PROOF_PLACE),
        expected=Text(
            zh="每个数据库的备份已在临时数据库中恢复,表行数与内容摘要与原库一致;临时数据库已删除",
            en="Each dump was restored into a throw-away server and gave the same rows; the throw-away server is gone",
        ),
        changes=False,
        time_limit_s=time_limit_s,
    )


def schema_digest_script(database: str, cluster: str) -> str:
    """Shell that prints the SHA-256 of the database's schema, 64 hexadecimal digits."""
    head = fill(_CLUSTER, cluster=cluster)
    return fill("@cluster_script@db=@database@\nschema_digest\n", cluster_script=head, database=database)


def equal_to_dump_script(database: str, cluster: str, *, exactly: bool = True) -> str:
    """Shell that exits 0 if the live database equals its dump: schema, rows of every table, digest of every not too large table.

    exactly: False: the schema is equal and every table can be read; for a database that is in use, whose rows move by themselves.
    """
    return fill(
        """\
@cluster_script@db=@database@
if [ "$(schema_digest)" != "$(cat "$dumps/$db.schema")" ]; then echo "the schema of $db is not as it was dumped" >&2; exit 1; fi
@rows_now_script@@compare_script@rm -f "$now"
echo "$db is as it was dumped"
""",
        cluster_script=fill(_CLUSTER, cluster=cluster),
        database=database,
        rows_now_script=_ROWS_NOW,
        compare_script=_EQUAL if exactly else "",
    )


def tables_kept_script(database: str, cluster: str, *, counted: bool) -> str:
    """Shell that exits 0 if every table of the dump can be read in the live database; counted: and none has fewer rows."""
    return fill(
        """\
@cluster_script@db=@database@
@rows_now_script@@compare_script@rm -f "$now"
echo "every table of $db is there"
""",
        cluster_script=fill(_CLUSTER, cluster=cluster),
        database=database,
        rows_now_script=_ROWS_NOW,
        compare_script=_NOT_FEWER if counted else "",
    )


_EQUAL = """\
if ! cmp -s "$dumps/$db.rows" "$now"; then
  echo "$db is not as it was dumped:" >&2
  diff "$dumps/$db.rows" "$now" | head -n 20 >&2 || :
  exit 1
fi
"""

_ROWS_NOW = f"""\
if [ ! -s "$dumps/$db.queries" ]; then echo "there is no dump of $db to compare with" >&2; exit 1; fi
now=$(mktemp)
trap 'rm -f "$now"' EXIT
{{ cat <<'SQL'
{_SETTINGS}
SQL
  cat "$dumps/$db.queries"; }} | pg psql -XAtq >"$now" || {{ echo "the tables of $db cannot all be read" >&2; exit 1; }}
"""

_NOT_FEWER = """\
awk -F'|' -v allowed="${may_shrink:-}" '
  BEGIN { n = split(allowed, names, "\\n"); for (i = 1; i <= n; i++) may[names[i]] = 1 }
  /^objects of kind / { next }
  FNR == NR { before[$1] = $(NF - 1); next }
  ($1 in before) && $(NF - 1) + 0 < before[$1] + 0 && !($1 in may) {
    print $1 " has " $(NF - 1) " rows, it had " before[$1]; bad = 1 }
  END { exit bad }' "$dumps/$db.rows" "$now" >&2 || { echo "rows of $db are missing" >&2; exit 1; }
"""


def restore_script(database: str, cluster: str) -> str:
    """Shell that brings the database back exactly as it was dumped: owner, privileges, settings, schema, rows.

    What was written since is lost. Its users must be stopped before; who is still connected is thrown out.
    The dump's checksum is looked at before anything is touched. The database as it is now is put aside under another name
    until the dump is restored, and brought back if that fails. May be run again after being killed anywhere.
    """
    return fill(
        """\
@cluster_script@db=@database@
( cd "$CHANGE_DIR/saved/dump" && sha256sum --status -c PROVEN ) || {
  echo "the dump of $db is missing or damaged; nothing was touched" >&2; exit 1; }
aside=standfast_$(printf '%s' "$db" | sha256sum | cut -c 1-24)
name=$db
db=postgres
has() { [ "$(printf "select count(*) from pg_database where datname = :'name'" | pg psql -XAtq -v name="$1")" = 1 ]; }
sql() { pg psql -XAtq -v ON_ERROR_STOP=1 -v name="$name" -v aside="$aside"; }
if has "$aside"; then
  echo "an earlier attempt was cut off; it is begun again"
else
  if has "$name"; then sql <<'SQL'
alter database :"name" allow_connections false;
select count(pg_terminate_backend(pid)) || ' sessions ended' from pg_stat_activity where datname = :'name';
select pg_sleep(0.3);
alter database :"name" rename to :"aside";
SQL
  fi
fi
echo 'drop database if exists :"name" with (force)' | sql
if pg pg_restore --exit-on-error -C -d template1 <"$dumps/$name.dump"; then
  echo 'drop database if exists :"aside" with (force)' | sql
  echo 'analyze' | db=$name pg psql -XAtq
  echo "$name is restored"
else
  echo "the dump of $name could not be restored; the database is put back as it was found" >&2
  echo 'drop database if exists :"name" with (force)' | sql
  if has "$aside"; then echo 'alter database :"aside" rename to :"name"; alter database :"name" allow_connections true' | sql; fi
  exit 1
fi
""",
        cluster_script=fill(_CLUSTER, cluster=cluster),
        database=database,
    )


def data_check_step(
    number: int, target: str, *, clusters: Sequence[Cluster], may_shrink: Sequence[str] = (), time_limit_s: int = 3600
) -> Step:
    """A step that reads: after a minor upgrade each server runs the installed version and has all its data (R013).

    It stands after `dump_step`, whose row counts it compares with: no table may have fewer rows, except those of `may_shrink`
    ("schema.table"), which the application empties by itself. Where the extension amcheck is installed, pg_amcheck is run.

    Raises ProcedureError if no PostgreSQL server runs.
    """
    running = _running(clusters)
    if not running:
        raise ProcedureError("no PostgreSQL server runs on this host; there is no data to check",
                             "该主机上没有正在运行的 PostgreSQL 服务器，没有可检查的数据")
    parts = [
        fill(
            _DATA_CHECK,
            cluster=cluster.name,
            cluster_script=fill(_CLUSTER, cluster=cluster.name),
            rows_now_script=_ROWS_NOW,
            not_fewer_script=_NOT_FEWER,
            allowed="\n".join(may_shrink),
        )
        for cluster in running
    ]
    return Step(
        number=number,
        key="data-check",
        target=target,
        title=Text(zh="核对数据库版本与数据", en="Check the database's version and data"),
        command="echo 'this step only reads'\n",
        proof="".join(parts),
        expected=Text(
            zh="数据库运行的版本与软件包一致,不在恢复中,没有待重启的设置,各表行数不少于升级前",
            en="The server runs the installed version, is not in recovery, waits for no restart, "
            "and no table has fewer rows than before",
        ),
        changes=False,
        time_limit_s=time_limit_s,
    )


_DATA_CHECK = """\
@cluster_script@db=postgres
ask() { echo "$1" | pg psql -XAtq -v ON_ERROR_STOP=1; }
installed=$(dpkg-query -W -f '${Version}' "postgresql-$major")
installed=${installed#*:}; installed=${installed%%-*}
n=0
until runs=$(ask 'show server_version' 2>&1); do
  n=$((n + 1)); if [ "$n" -gt 30 ]; then echo "PostgreSQL $cluster does not answer: $runs" >&2; exit 1; fi
  sleep 1
done
runs=${runs%% *}
if [ "$runs" != "$installed" ]; then
  echo "PostgreSQL $cluster runs $runs, but $installed is installed; restart it" >&2; exit 1
fi
if [ "$(ask 'select pg_is_in_recovery()')" != f ]; then echo "PostgreSQL $cluster is in recovery" >&2; exit 1; fi
waiting=$(ask "select string_agg(name, ', ') from pg_settings where pending_restart")
if [ -n "$waiting" ]; then echo "PostgreSQL $cluster waits for a restart because of $waiting" >&2; exit 1; fi
echo "PostgreSQL $cluster runs $runs"
may_shrink=@allowed@
for dump in "$dumps"/*.dump; do
  if [ ! -e "$dump" ]; then echo "there is no dump of $cluster to compare with" >&2; exit 1; fi
  db=${dump##*/}; db=${db%.dump}
@rows_now_script@@not_fewer_script@  rm -f "$now"
  checked='rows counted'
  if [ "$(ask "select count(*) from pg_extension where extname = 'amcheck'")" = 1 ]; then
    pg timeout 1200 "$bin/pg_amcheck" || { echo "pg_amcheck finds damage in $db" >&2; exit 1; }
    checked='rows counted, pg_amcheck clean'
  fi
  echo "$cluster $db: $checked"
done
"""
