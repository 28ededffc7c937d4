"""Tablespaces of PostgreSQL: made, tables moved into them, and back. Returns a Mend and runs nothing.

As in tasks/operations/postgresql.py: on its host, as the server's own account, at the port in $PORT.
Source: PostgreSQL manual, CREATE TABLESPACE, ALTER TABLE ... SET TABLESPACE (locks the table while its file is copied).
"""

from __future__ import annotations

from shlex import quote

from reports.records import Text
from tasks.operations.mend import Mend
from tasks.operations.postgresql import LONG_S, TOUCHES, identifier, literal, talking
from tasks.operations.scripts import fill

_WHERE = r"""place=@path@
where() { ask "$there"; }
"""


def create(name: str, path: str) -> Mend:
    """Makes the folder, the server's own, and the tablespace in it. Undo: both away again, if nothing lies in it."""
    talk = talking("postgres", there=f"select pg_tablespace_location(oid) from pg_tablespace where spcname = {literal(name)}")
    head = talk + fill(_WHERE, path=path)
    return Mend(
        title=Text(zh=f"建立表空间 {name}（{path}）", en=f"Make tablespace {name} in {path}"),
        expected=Text(zh=f"表空间 {name} 位于 {path}", en=f"tablespace {name} lies in {path}"),
        probe=head + """told=$(where)
case $told in "$place") echo DONE ;; "") if [ -e "$SAVED/kept" ]; then echo PARTIAL; else echo ABSENT; fi ;;
  *) echo FOREIGN; echo "a tablespace of this name lies in $told" ;;
esac
""",
        holds_before=head + """if [ -d "$place" ] && [ -n "$(ls -A "$place")" ]; then echo "$place is not empty" >&2; exit 1; fi
[ -d "$(dirname "$place")" ] || { echo "there is no folder $(dirname "$place")" >&2; exit 1; }
told=$(ask "select case when pg_is_in_recovery() then 'this server is a standby'
  when exists (select from pg_stat_replication) then 'it has standbys, which need the same folder first' else 'ready' end")
if [ "$told" != ready ]; then echo "$told" >&2; exit 1; fi
""",
        command=head + f"""umask 077
mkdir -p "$SAVED"
if [ ! -e "$SAVED/kept" ]; then
  if [ -d "$place" ]; then stat -c '%U:%G %a' "$place" >"$SAVED/folder"; else : >"$SAVED/folder"; fi
  sync "$SAVED/folder"; touch "$SAVED/kept"
fi
install -d -m 700 -o postgres -g postgres "$place"
act -c {quote(f"CREATE TABLESPACE {identifier(name)} LOCATION {literal(path)}")}
""",
        proof=head + 'told=$(where)\necho "it lies in $told"\n[ "$told" = "$place" ]\n',
        undo=head + f"""[ -e "$SAVED/kept" ] || {{ echo "nothing was changed"; exit 0; }}
act -c {quote(f"DROP TABLESPACE IF EXISTS {identifier(name)}")}
if [ -s "$SAVED/folder" ]; then
  read -r owner mode <"$SAVED/folder"; chown "$owner" "$place"; chmod "$mode" "$place"
elif [ -d "$place" ]; then rmdir "$place"; fi
""",
        undo_proof=head + """[ -e "$SAVED/kept" ] || exit 0
if [ -n "$(where)" ]; then echo "the tablespace is still there" >&2; exit 1; fi
if [ ! -s "$SAVED/folder" ] && [ -e "$place" ]; then echo "$place is still there" >&2; exit 1; fi
""",
        touches=TOUCHES, breaks=Text(zh="此后的物理备份须带表空间映射（pg_basebackup --tablespace-mapping）",
                                     en="base backups to the same machine need a mapping from now on (pg_basebackup --tablespace-mapping)"))


def move(database: str, schema: str, table: str, name: str) -> Mend:
    """Moves a table with its indexes into a tablespace, all or nothing. Undo: each back to where it lay."""
    this = f"to_regclass({literal(identifier(schema, table))})"
    each = ("from pg_class c left join pg_tablespace t on t.oid = c.reltablespace "
            f"where (c.oid = {this} or c.oid in (select indexrelid from pg_index where indrelid = {this}))")
    able = (f"select case when {this} is null then 'there is no such table' when (select relkind from pg_class where oid = {this}) <> 'r'"
            " then 'it is no plain table' when exists (select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
            " and backend_type = 'client backend' and xact_start < now() - interval '10 min')"
            " then 'a transaction has been open for more than ten minutes; this would wait for its end' else 'ready' end")
    kind = "case c.relkind when 'i' then 'INDEX' else 'TABLE' end"
    # An empty name is the database's own tablespace.
    own = "(select spcname from pg_tablespace s join pg_database d on d.dattablespace = s.oid where d.datname = current_database())"
    talk = talking(
        database, elsewhere=f"select count(*) {each} and coalesce(t.spcname, '') <> {literal(name)}",
        orders=f"select string_agg(format('ALTER %s %s SET TABLESPACE %I', {kind}, c.oid::regclass, {literal(name)}), '; ') {each} "
               f"and coalesce(t.spcname, '') <> {literal(name)}",
        back=f"select string_agg(format('ALTER %s %s SET TABLESPACE %I', {kind}, c.oid::regclass, coalesce(t.spcname, {own})), '; ') {each}",
        lies=f"select string_agg(c.oid::regclass || ' ' || coalesce(t.spcname, ''), '; ' order by c.oid) {each}")
    return Mend(
        title=Text(zh=f"将 {database}.{schema}.{table} 及其索引移入表空间 {name}",
                   en=f"Move {database}.{schema}.{table} and its indexes into tablespace {name}"),
        expected=Text(zh="表和索引全部位于该表空间，数据不变", en="table and indexes lie there, with the same rows"),
        probe=talk + 'told=$(ask "$elsewhere")\nif [ "$told" = 0 ]; then echo DONE; elif [ -e "$SAVED/back" ]; then echo PARTIAL; else echo ABSENT; fi\n',
        holds_before=talk + f"""told=$(ask {quote(able)})
if [ "$told" != ready ]; then echo "$told" >&2; exit 1; fi
""",
        command=talk + """umask 077
mkdir -p "$SAVED"
if [ ! -e "$SAVED/back" ]; then
  ask "$lies" >"$SAVED/lay"; ask "$back" >"$SAVED/back.new"
  sync "$SAVED/lay" "$SAVED/back.new"; mv "$SAVED/back.new" "$SAVED/back"
fi
wanted=$(ask "$orders")
told 30s 230min -c "$wanted"  # several in one order are one transaction; nobody waits longer than the lock is waited for
""",
        proof=talk + 'told=$(ask "$elsewhere")\nask "$lies"\n[ "$told" = 0 ]\n',
        undo=talk + """[ -e "$SAVED/back" ] || { echo "nothing was changed"; exit 0; }
if [ "$(ask "$lies")" != "$(cat "$SAVED/lay")" ]; then told 10min 230min -c "$(cat "$SAVED/back")"; fi
""",
        undo_proof=talk + """[ -e "$SAVED/back" ] || exit 0
if [ "$(ask "$lies")" != "$(cat "$SAVED/lay")" ]; then echo "it lies elsewhere than before: $(ask "$lies")" >&2; exit 1; fi
""",
        touches=TOUCHES, interrupts=True, risk="medium", time_limit_s=LONG_S,
        breaks=Text(zh="移动期间该表锁定，读写均须等待", en="the table is locked while its file is copied: readers and writers wait"))
