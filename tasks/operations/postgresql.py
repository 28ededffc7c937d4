"""Objects of a PostgreSQL server, mended on its host as the server's own account. Returns a Mend and runs nothing.

The scripts find the server's port in $PORT. Names of databases, schemas and objects come from the server and are quoted twice: as identifiers for
SQL, and the whole statement for the shell. Nobody waits longer than ten seconds for a lock, so nothing queues up behind us.
"""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote

from reports.records import Text
from tasks.operations.mend import Mend

LONG_S = 4 * 3600  # an index of a large table
TOUCHES = ("postgresql",)  # its schema is meant to change

_SQL = """sql() {{
  runuser -u postgres -- env PGOPTIONS='-c lock_timeout=10s' PGCONNECT_TIMEOUT=10 \\
    psql -X -A -t -q -v ON_ERROR_STOP=1 -p "$PORT" -d {database} -c "$1" </dev/null
}}
"""


def usable(*names: str) -> bool:
    """Whether these can be meant: psql takes a name with = or :// for a connection, and nobody gives a name signs that cannot be printed."""
    return all(name and name.isprintable() and "=" not in name and "://" not in name for name in names)


def identifier(*names: str) -> str:
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _class(schema: str, name: str) -> str:
    return f"to_regclass({literal(identifier(schema, name))})"


def analyze(database: str, schema: str, table: str) -> Mend:
    """Gathers the planner's statistics of a table. Nothing to bring back: the old ones were of no more use."""
    fresh = (f"select coalesce(greatest(last_analyze, last_autoanalyze) > now() - interval '1 hour', false) from pg_stat_user_tables "
             f"where relid = {_class(schema, table)}")
    head = _SQL.format(database=quote(database)) + f"fresh={quote(fresh)}\n"
    name = f"{database}.{schema}.{table}"
    return Mend(
        title=Text(zh=f"更新 {name} 的统计信息", en=f"Gather the statistics of {name}"),
        expected=Text(zh="优化器统计信息为最新", en="the planner's statistics are fresh"),
        probe=head + 'case $(sql "$fresh") in f) echo ABSENT ;; *) echo DONE ;; esac\n',
        command=head + f"sql {quote(f'ANALYZE {identifier(schema, table)}')}\n",
        # the server counts what was done a little later
        proof=head + 'for second in 1 2 3 4 5 6 7 8 9 10; do if [ "$(sql "$fresh")" = t ]; then echo analysed; exit 0; fi; sleep 1; done\nexit 1\n',
        touches=TOUCHES, settles_s=20, time_limit_s=LONG_S,
        breaks=Text(zh="分析期间读取该表，执行计划可能随之改变；统计信息无法恢复原样",
                    en="the table is read meanwhile, plans may change; old statistics are not brought back"))


def rebuild_index(database: str, schema: str, index: str) -> Mend:
    """Builds an invalid index anew beside its use. Undo: it is marked as it was, so that nobody uses it, and goes on being kept up as it was."""
    state = (f"select coalesce((select case when indisvalid and indisready then 'valid' else 'invalid' end from pg_index "
             f"where indexrelid = {_class(schema, index)}), 'gone')")
    building = f"select count(*) from pg_stat_progress_create_index where index_relid = {_class(schema, index)}"
    marks = f"select indisvalid, indisready from pg_index where indexrelid = {_class(schema, index)}"
    head = _SQL.format(database=quote(database)) + f"state={quote(state)}\nmarks={quote(marks)}\n"
    mark = f"update pg_index set indisvalid = false, indisready = @ready@ where indexrelid = {_class(schema, index)}"
    return Mend(
        title=Text(zh=f"在线重建索引 {database}.{schema}.{index}", en=f"Build index {database}.{schema}.{index} anew, beside its use"),
        expected=Text(zh="索引有效，可被使用", en="the index is valid and can be used"),
        probe=head + 'case $(sql "$state") in invalid) if [ -e "$SAVED/marks" ]; then echo PARTIAL; else echo ABSENT; fi ;; *) echo DONE ;; esac\n',
        holds_before=head + f"""if [ "$(sql {quote(building)})" != 0 ]; then echo "it is being built just now" >&2; exit 1; fi\n""",
        command=head + f"""umask 077
mkdir -p "$SAVED"
[ -e "$SAVED/marks" ] || {{ sql "$marks" >"$SAVED/marks.new"; sync "$SAVED/marks.new"; mv "$SAVED/marks.new" "$SAVED/marks"; }}
sql {quote(f'REINDEX INDEX CONCURRENTLY {identifier(schema, index)}')}
""",
        proof=head + 'told=$(sql "$state"); echo "the index is $told"; [ "$told" != invalid ]\n', touches=TOUCHES, time_limit_s=LONG_S,
        undo=head + f"""[ -e "$SAVED/marks" ] || {{ echo "nothing was changed"; exit 0; }}
case $(cat "$SAVED/marks") in
  *'|t') sql {quote(mark.replace("@ready@", "true"))} ;;
  *) sql {quote(mark.replace("@ready@", "false"))} ;;
esac
""",
        undo_proof=head + """if [ -e "$SAVED/marks" ] && [ "$(sql "$marks")" != "$(cat "$SAVED/marks")" ]; then
  echo "it is not marked as it was" >&2; exit 1
fi
""",
        breaks=Text(zh="需要与索引同样大小的空闲空间；中途失败会留下一个无效的 _ccnew 索引，下次巡检会发现",
                    en="it needs as much free room as the index takes; broken off, it leaves an invalid index _ccnew, which the next inspection finds"))


def drop_remains(database: str, schema: str, index: str) -> Mend:
    """Drops what a broken-off REINDEX CONCURRENTLY left. Nothing to bring back: it never was an index that anybody used."""
    there = f"select case when {_class(schema, index)} is null then 'gone' else 'there' end"
    valid = f"select count(*) from pg_index where indexrelid = {_class(schema, index)} and indisvalid"
    head = _SQL.format(database=quote(database)) + f"there={quote(there)}\n"
    return Mend(
        title=Text(zh=f"删除残留的无效索引 {database}.{schema}.{index}", en=f"Drop {database}.{schema}.{index}, left by a build that was broken off"),
        expected=Text(zh="残留的索引已删除", en="what was left is gone"),
        probe=head + 'case $(sql "$there") in there) echo ABSENT ;; *) echo DONE ;; esac\n',
        holds_before=head + f"""if [ "$(sql {quote(valid)})" != 0 ]; then echo "it is valid by now" >&2; exit 1; fi\n""",
        command=head + f"sql {quote(f'DROP INDEX CONCURRENTLY IF EXISTS {identifier(schema, index)}')}\n",
        proof=head + '[ "$(sql "$there")" = gone ]\n', touches=TOUCHES, time_limit_s=LONG_S)


def drop_duplicates(database: str, schema: str, table: str, kept: str, others: Sequence[str]) -> Mend:
    """Drops indexes that another one equals, where no constraint, replica identity or order of the table stands on them. Undo: built again as they were."""
    head = _SQL.format(database=quote(database)) + "indexes() {  # number, name as the server takes it\n" + "".join(
        f"  $1 {place} {quote(identifier(schema, other))}\n" for place, other in enumerate(others, 1)) + "}\n"
    asks = """of() { printf "'%s'" "$(printf '%s' "$1" | sed "s/'/''/g")"; }  # as a literal
there() { sql "select count(*) from pg_index where indexrelid = to_regclass($(of "$1"))"; }
"""
    return Mend(
        title=Text(zh=f"删除 {database}.{schema}.{table} 上与 {kept} 相同的索引 {'、'.join(others)}",
                   en=f"Drop {', '.join(others)} of {database}.{schema}.{table}, the same as {kept}"),
        expected=Text(zh=f"只保留 {kept}，查询和约束不受影响", en=f"{kept} alone is kept; queries and constraints are as before"),
        probe=head + asks + """state=DONE
look() { if [ "$(there "$2")" != 0 ]; then state=ABSENT; fi; }
indexes look
if [ "$state" = ABSENT ] && [ -e "$SAVED/1" ]; then state=PARTIAL; fi
echo "$state"
""",
        holds_before=head + asks + f"""kept=$(there {quote(identifier(schema, kept))})
if [ "$kept" != 1 ]; then echo "the index that should stay is not there" >&2; exit 1; fi
free() {{
  bound=$(sql "select count(*) from pg_index i where i.indexrelid = to_regclass($(of "$2")) and (i.indisreplident or i.indisclustered
    or exists (select 1 from pg_constraint c where c.conindid = i.indexrelid) or exists (select 1 from pg_inherits h where h.inhrelid = i.indexrelid)
    or exists (select 1 from pg_class r where r.oid = i.indexrelid and r.relkind = 'I'))")
  if [ "$bound" != 0 ]; then echo "something stands on $2: a constraint, a replica identity, an order of the table, a partition" >&2; exit 1; fi
}}
indexes free
""",
        command=head + asks + """umask 077
mkdir -p "$SAVED"
save() {
  [ -e "$SAVED/$1" ] || [ "$(there "$2")" = 0 ] || {
    sql "select coalesce(s.spcname, 'pg_default') from pg_class c left join pg_tablespace s on s.oid = c.reltablespace
      where c.oid = to_regclass($(of "$2"))" >"$SAVED/$1.space"
    sql "select pg_get_indexdef(to_regclass($(of "$2")))" >"$SAVED/$1.new"; [ -s "$SAVED/$1.new" ]
    sync "$SAVED/$1.space" "$SAVED/$1.new"; mv "$SAVED/$1.new" "$SAVED/$1"; }
}
indexes save
drop() { sql "DROP INDEX CONCURRENTLY IF EXISTS $2"; }
indexes drop
""",
        proof=head + asks + 'gone() { if [ "$(there "$2")" != 0 ]; then echo "$2 is still there" >&2; exit 1; fi; }\nindexes gone\n',
        undo=head + asks + """build() {
  [ -e "$SAVED/$1" ] || return 0
  valid=$(sql "select count(*) from pg_index where indexrelid = to_regclass($(of "$2")) and indisvalid")
  if [ "$valid" = 0 ]; then
    sql "DROP INDEX CONCURRENTLY IF EXISTS $2"  # what an undo that was cut off has left
    space=$(cat "$SAVED/$1.space")
    if [ "$space" = pg_default ]; then space=; fi
    runuser -u postgres -- env PGOPTIONS="-c lock_timeout=10s" PGCONNECT_TIMEOUT=10 psql -X -q -v ON_ERROR_STOP=1 -p "$PORT" \\
      -d @database@ -c "set default_tablespace = '$(printf '%s' "$space" | sed "s/'/''/g")'" \\
      -c "$(sed -E '1s/^CREATE (UNIQUE )?INDEX /&CONCURRENTLY /' "$SAVED/$1")"
  fi
}
indexes build
""".replace("@database@", quote(database)),
        undo_proof=head + asks + """same() {
  [ -e "$SAVED/$1" ] || return 0
  now=$(sql "select pg_get_indexdef(indexrelid) from pg_index where indexrelid = to_regclass($(of "$2")) and indisvalid")
  if [ "$now" != "$(cat "$SAVED/$1")" ]; then echo "$2 is not as it was" >&2; exit 1; fi
}
indexes same
""",
        touches=TOUCHES, risk="medium", time_limit_s=LONG_S,
        breaks=Text(zh="按名称指定索引的提示（pg_hint_plan）会失效；回退时在线重建，大表需要时间",
                    en="hints that name an index (pg_hint_plan) no longer find it; an undo builds it anew, which takes time on large tables"))
