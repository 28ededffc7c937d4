"""Objects of a PostgreSQL server, mended on its host as the server's own account. Returns a Mend and runs nothing.

The scripts find the server's port in $PORT. Names come from the server and are quoted twice: as identifiers for SQL, and the whole statement for
the shell. Who owns a database may set its search path and its quoting; both are set here again, since what we say is said as superuser.

What is built or dropped CONCURRENTLY keeps nobody waiting, but waits itself for the transactions that are open: with a limit, and it is not begun
where one has been open for long, for what is broken off leaves an index that is not valid.
"""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote

from reports.records import Text
from tasks.operations.mend import Mend

LONG_S = 4 * 3600  # an index of a large table; the server itself ends an order a little earlier, see `act`
TOUCHES = ("postgresql",)  # its schema is meant to change

_TALK = """told() {{  # longest wait for a lock, longest statement, what psql is given
  wait=$1; long=$2; shift 2
  runuser -u postgres -- env PGCONNECT_TIMEOUT=10 PGCLIENTENCODING=UTF8 \\
    PGOPTIONS="-c search_path=pg_catalog -c standard_conforming_strings=on -c client_min_messages=warning
      -c lock_timeout=$wait -c statement_timeout=$long" \\
    psql -X -w -A -t -q -v ON_ERROR_STOP=1 -p "$PORT" -d {database} "$@" </dev/null
}}
ask() {{ told 10s 60s -c "$1"; }}
act() {{ told 10min 230min "$@"; }}
"""
_PRIMARY = "when pg_is_in_recovery() then 'this server is a standby; mend it on its primary'"
_QUIET = """when exists (select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
    and backend_type = 'client backend' and xact_start < now() - interval '10 min')
    or exists (select from pg_prepared_xacts where database = current_database())
    then 'a transaction has been open for more than ten minutes, or is prepared; this would wait for its end'"""

# Whether index o can go because index k does the same: nothing stands on o, and it keeps no rule that k does not keep.
REPLACEABLE = """k.indrelid = o.indrelid and k.indisvalid and k.indisready
    and substring(pg_get_indexdef(o.indexrelid) from ' USING .*') = substring(pg_get_indexdef(k.indexrelid) from ' USING .*')
    and (not o.indisunique or k.indisunique and k.indimmediate) and not o.indisreplident and not o.indisclustered
    and exists (select from pg_class c where c.oid = o.indexrelid and c.relkind = 'i' and not c.relispartition)
    and not exists (select from pg_constraint c where c.conindid = o.indexrelid)
    and not exists (select from pg_attribute a where a.attrelid = o.indexrelid and a.attstattarget >= 0)"""


def usable(*names: str) -> bool:
    """Whether these can be meant: psql takes a name with = or :// for a connection, and nobody gives a name signs that cannot be printed."""
    return all(name and name.isprintable() and "=" not in name and "://" not in name for name in names)


def identifier(*names: str) -> str:
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _class(schema: str, name: str) -> str:
    return f"to_regclass({literal(identifier(schema, name))})"


def talking(database: str, **questions: str) -> str:
    """How a script asks this database, and what it asks more than once."""
    return _TALK.format(database=quote(database)) + "".join(f"{name}={quote(question)}\n" for name, question in questions.items())


def _ready(*reasons: str) -> str:
    return f"""told=$(ask {quote("select case " + " ".join(reasons) + " else 'ready' end")})
if [ "$told" != ready ]; then echo "$told" >&2; exit 1; fi
"""


def analyze(database: str, schema: str, table: str) -> Mend:
    """Gathers the planner's statistics of a table. Nothing to bring back: the old ones were of no more use."""
    talk = talking(database, fresh="select coalesce(greatest(last_analyze, last_autoanalyze) > now() - interval '1 hour', false)"
                                 f" from pg_stat_user_tables where relid = {_class(schema, table)}")
    name = f"{database}.{schema}.{table}"
    return Mend(
        title=Text(zh=f"更新 {name} 的统计信息", en=f"Gather the statistics of {name}"),
        expected=Text(zh="优化器统计信息为最新", en="the planner's statistics are fresh"),
        probe=talk + 'told=$(ask "$fresh")\ncase $told in f) echo ABSENT ;; *) echo DONE ;; esac\n',
        holds_before=talk + _ready(_PRIMARY),
        command=talk + f"act -c {quote(f'ANALYZE {identifier(schema, table)}')}\n",
        # the server counts what was done a little later
        proof=talk + 'for second in 1 2 3 4 5 6 7 8 9 10; do if [ "$(ask "$fresh")" = t ]; then echo analysed; exit 0; fi; sleep 1; done\nexit 1\n',
        touches=TOUCHES, settles_s=20, time_limit_s=LONG_S,
        breaks=Text(zh="分析期间读取该表，执行计划可能随之改变；统计信息无法恢复原样",
                    en="the table is read meanwhile, plans may change; old statistics are not brought back"))


def rebuild_index(database: str, schema: str, index: str) -> Mend:
    """Builds an invalid index anew beside its use. Undo: it is marked as not valid again, so that nobody uses it; it goes on being kept up,
    since sessions that have used it would miss rows otherwise."""
    this = _class(schema, index)
    talk = talking(
        database, state=f"select coalesce((select case when indisvalid then 'valid' else 'invalid' end from pg_index where indexrelid = {this}), 'gone')",
        remains="select r.indexrelid from pg_index r join pg_class c on c.oid = r.indexrelid where not r.indisvalid and c.relname ~ '_cc(new|old)[0-9]*$' "
                f"and starts_with(c.relname, left({literal(index)}, 10)) and r.indrelid = (select indrelid from pg_index where indexrelid = {this})")
    clear = """clear() {  # what a build of ours that was broken off has left
  left=$(ask "$remains")
  for oid in $left; do
    if ! grep -qx "$oid" "$SAVED/remains"; then act -c "DROP INDEX CONCURRENTLY $(ask "select $oid::regclass")"; fi
  done
}
"""
    dropped = f"when exists (select from pg_index where indexrelid = {this} and not indislive) then 'somebody has begun to drop it; let him finish'"
    building = f"when exists (select from pg_stat_progress_create_index where index_relid = {this}) then 'it is being built just now'"
    return Mend(
        title=Text(zh=f"在线重建索引 {database}.{schema}.{index}", en=f"Build index {database}.{schema}.{index} anew, beside its use"),
        expected=Text(zh="索引有效，可被使用", en="the index is valid and can be used"),
        probe=talk + """told=$(ask "$state")
case $told in invalid) if [ -e "$SAVED/remains" ]; then echo PARTIAL; else echo ABSENT; fi ;; *) echo DONE ;; esac
""",
        holds_before=talk + _ready(_PRIMARY, dropped, building, _QUIET),
        command=talk + clear + f"""umask 077
mkdir -p "$SAVED"
if [ ! -e "$SAVED/remains" ]; then ask "$remains" >"$SAVED/new"; sync "$SAVED/new"; mv "$SAVED/new" "$SAVED/remains"; fi
clear
act -c {quote(f'REINDEX INDEX CONCURRENTLY {identifier(schema, index)}')}
""",
        proof=talk + 'told=$(ask "$state")\necho "the index is $told"\n[ "$told" != invalid ]\n', touches=TOUCHES, time_limit_s=LONG_S,
        undo=talk + clear + f"""if [ ! -e "$SAVED/remains" ]; then echo "nothing was changed"; exit 0; fi
clear
act -c {quote(f"update pg_index set indisvalid = false where indisvalid and indexrelid = {this}")}
""",
        undo_proof=talk + """if [ ! -e "$SAVED/remains" ]; then exit 0; fi
told=$(ask "$state")
if [ "$told" = valid ]; then echo "it is not marked as it was" >&2; exit 1; fi
left=$(ask "$remains")
for oid in $left; do grep -qx "$oid" "$SAVED/remains" || { echo "an index that was begun is left" >&2; exit 1; }; done
""",
        breaks=Text(zh="需要与索引同样大小的空闲空间，执行计划可能随之改变", en="it needs as much free room as the index takes; plans may change"))


def drop_remains(database: str, schema: str, index: str) -> Mend:
    """Drops what a broken-off REINDEX CONCURRENTLY left. Nothing to bring back: it never was an index that anybody used."""
    this = _class(schema, index)
    talk = talking(database, there=f"select case when {this} is null then 'gone' else 'there' end")
    valid = f"when exists (select from pg_index where indexrelid = {this} and indisvalid) then 'it is valid by now'"
    return Mend(
        title=Text(zh=f"删除残留的无效索引 {database}.{schema}.{index}", en=f"Drop {database}.{schema}.{index}, left by a build that was broken off"),
        expected=Text(zh="残留的索引已删除", en="what was left is gone"),
        probe=talk + 'told=$(ask "$there")\ncase $told in there) echo ABSENT ;; *) echo DONE ;; esac\n',
        holds_before=talk + _ready(_PRIMARY, valid, _QUIET),
        command=talk + f"act -c {quote(f'DROP INDEX CONCURRENTLY IF EXISTS {identifier(schema, index)}')}\n",
        proof=talk + 'told=$(ask "$there")\necho "the index is $told"\n[ "$told" = gone ]\n', touches=TOUCHES, time_limit_s=LONG_S,
        breaks=Text(zh="残留的索引从未被使用，不再恢复", en="it was never used, and is not brought back"))


def drop_duplicates(database: str, schema: str, table: str, kept: str, others: Sequence[str]) -> Mend:
    """Drops indexes that another one equals, where nothing stands on them. Undo: built again by their own definitions, with tablespace and comment."""
    talk = talking(database) + "each() {  # number, name as the server takes it, the same as a literal\n" + "".join(
        f"  $1 {number} {quote(identifier(schema, other))} {quote(literal(identifier(schema, other)))}\n" for number, other in enumerate(others, 1)) + """}
say() { printf '%s\\n' "$1" >&2; }
there() { ask "select count(*) from pg_index where indexrelid = to_regclass($1)"; }
"""
    written = r"""written() {  # one of these orders as it stands now; literal
  ask "select $1 from pg_class c left join pg_tablespace t on t.oid = c.reltablespace where c.oid = to_regclass($2)"
}
build="regexp_replace(pg_get_indexdef(c.oid), '^CREATE (UNIQUE )?INDEX ', 'CREATE \1INDEX CONCURRENTLY ')"
space="format('SET default_tablespace = %L', coalesce(t.spcname, ''))"
comment="format('COMMENT ON INDEX %s IS %L', c.oid::regclass, obj_description(c.oid, 'pg_class'))"
"""
    return Mend(
        title=Text(zh=f"删除 {database}.{schema}.{table} 上与 {kept} 相同的索引 {'、'.join(others)}",
                   en=f"Drop {', '.join(others)} of {database}.{schema}.{table}, the same as {kept}"),
        expected=Text(zh=f"只保留 {kept}，查询和约束不受影响", en=f"{kept} alone is kept; queries and constraints are as before"),
        probe=talk + """state=DONE
look() { told=$(there "$3"); if [ "$told" != 0 ]; then state=ABSENT; if [ -e "$SAVED/$1" ]; then state=PARTIAL; fi; fi; }
each look
echo "$state"
""",
        holds_before=talk + _ready(_PRIMARY, _QUIET) + f"""free() {{
  told=$(there "$3")
  if [ "$told" = 0 ] || [ -e "$SAVED/$1" ]; then return; fi
  told=$(ask "select count(*) from pg_index o, pg_index k where o.indexrelid = to_regclass($3)
    and k.indexrelid = "{quote(_class(schema, kept))}" and {REPLACEABLE}")
  if [ "$told" != 1 ]; then say "$2 is not the same as the index that stays, or something stands on it"; exit 1; fi
}}
each free
""",
        command=talk + written + """umask 077
mkdir -p "$SAVED"
save() {
  told=$(there "$3")
  if [ "$told" = 0 ] || [ -e "$SAVED/$1" ]; then return; fi
  written "$space" "$3" >"$SAVED/$1.space"; written "$comment" "$3" >"$SAVED/$1.comment"; written "$build" "$3" >"$SAVED/$1.new"
  sync "$SAVED/$1.space" "$SAVED/$1.comment" "$SAVED/$1.new"
  mv "$SAVED/$1.new" "$SAVED/$1"
}
each save
drop() { act -c "DROP INDEX CONCURRENTLY IF EXISTS $2"; }
each drop
""",
        proof=talk + 'gone() { told=$(there "$3"); if [ "$told" != 0 ]; then say "$2 is still there"; exit 1; fi; }\neach gone\n',
        undo=talk + """again() {
  if [ ! -e "$SAVED/$1" ]; then return; fi
  told=$(ask "select count(*) from pg_index where indexrelid = to_regclass($3) and indisvalid")
  if [ "$told" != 0 ]; then return; fi  # whether it is the same, the proof says
  act -c "DROP INDEX CONCURRENTLY IF EXISTS $2"  # what was cut off has left one that is not valid
  act -c "$(cat "$SAVED/$1.space")" -c "$(cat "$SAVED/$1")" -c "$(cat "$SAVED/$1.comment")"
}
each again
""",
        undo_proof=talk + written + """same() {
  if [ ! -e "$SAVED/$1" ]; then return; fi
  told=$(ask "select count(*) from pg_index where indexrelid = to_regclass($3) and indisvalid")
  if [ "$told" != 1 ] || [ "$(written "$build" "$3")" != "$(cat "$SAVED/$1")" ] || [ "$(written "$space" "$3")" != "$(cat "$SAVED/$1.space")" ] ||
     [ "$(written "$comment" "$3")" != "$(cat "$SAVED/$1.comment")" ]; then say "$2 is not as it was"; exit 1; fi
}
each same
""",
        touches=TOUCHES, risk="medium", time_limit_s=LONG_S,
        breaks=Text(zh="按名称指定索引的提示（pg_hint_plan）会失效；回退时在线重建，大表需要时间",
                    en="hints that name an index (pg_hint_plan) no longer find it; an undo builds it anew, which takes time on large tables"))
