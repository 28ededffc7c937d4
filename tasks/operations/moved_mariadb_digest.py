"""Counts and checksums of everything that a moved MariaDB server holds, on both hosts in the state of the cutover.

Every function returns POSIX shell text with gaps for moved_mariadb to fill, after its own functions, and runs nothing. The new host takes them in one
transaction that is opened before the first client; the old host's are read from the stopped data: a server that may not write starts on a folder of
links to them.
"""

from __future__ import annotations

from tasks.operations.schemas import OWN_SCHEMAS

# What does not change by transactions is read at once, before the first client; tables and sequences follow from the snapshot.
_DIGESTS = rf"""digests=/run/standfast-digest-@tag@
mkdir -p -m 700 $digests
write_sql() {{  # the client to ask with
  odd=$("$@" -e "select count(*) from information_schema.tables where concat(table_schema, table_name) regexp '[[:cntrl:]]'
    or instr(concat(table_schema, table_name), char(92))")
  [ "$odd" = 0 ] || {{ echo "a table has a name with a backslash or signs that cannot be printed" >&2; exit 1; }}
  cat <<'END'
set max_statement_time = 0; set wait_timeout = 86400; set group_concat_max_len = 1000000;
set session transaction isolation level repeatable read;
start transaction with consistent snapshot;
select 'accounts', count(*), sum(crc32(concat_ws('|', host, user, priv))) from mysql.global_priv where user not like 'standfast\\_chg\\_%';
checksum table mysql.db, mysql.tables_priv, mysql.columns_priv, mysql.procs_priv, mysql.roles_mapping, mysql.servers extended;
select 'columns', count(*), sum(crc32(concat_ws('|', table_schema, table_name, column_name, ordinal_position, column_default, is_nullable, column_type,
  collation_name, extra))) from information_schema.columns where table_schema not in {OWN_SCHEMAS};
select 'indexes', count(*), sum(crc32(concat_ws('|', table_schema, table_name, index_name, seq_in_index, column_name, non_unique, sub_part)))
  from information_schema.statistics where table_schema not in {OWN_SCHEMAS};
select 'views', count(*), sum(crc32(concat_ws('|', table_schema, table_name, view_definition, definer, security_type)))
  from information_schema.views where table_schema not in {OWN_SCHEMAS};
select 'routines', count(*), sum(crc32(concat_ws('|', routine_schema, routine_name, routine_type, routine_definition, definer, sql_mode, security_type)))
  from information_schema.routines where routine_schema not in {OWN_SCHEMAS};
select 'triggers', count(*), sum(crc32(concat_ws('|', trigger_schema, trigger_name, action_timing, event_manipulation, event_object_table,
  action_statement, definer))) from information_schema.triggers where trigger_schema not in {OWN_SCHEMAS};
select 'events', count(*), sum(crc32(concat_ws('|', event_schema, event_name, event_definition, event_type, interval_value, interval_field, definer)))
  from information_schema.events where event_schema not in {OWN_SCHEMAS};
select 'settings', concat_ws('|', @@global.sql_mode, @@global.character_set_server, @@global.collation_server, @@global.lower_case_table_names,
  @@global.default_storage_engine, @@global.time_zone, @@global.explicit_defaults_for_timestamp);
\! touch /run/standfast-digest-@tag@/begun
END
  "$@" -e "select concat('select ', quote(concat('sequence ', table_schema, '.', table_name)), ', next_not_cached_value, increment from \`',
    replace(table_schema, '\`', '\`\`'), '\`.\`', replace(table_name, '\`', '\`\`'), '\`;') from information_schema.tables
    where table_type = 'SEQUENCE' and table_schema not in {OWN_SCHEMAS} order by table_schema, table_name"
  "$@" -e "select concat('select ', quote(concat('table ', table_schema, '.', table_name)), ', count(*) from ', t, '; checksum table ', t, ' extended;')
    from (select table_schema, table_name, concat('\`', replace(table_schema, '\`', '\`\`'), '\`.\`', replace(table_name, '\`', '\`\`'), '\`') t
      from information_schema.tables where table_type in ('BASE TABLE', 'SYSTEM VERSIONED') and table_schema not in {OWN_SCHEMAS}) them
    order by table_schema, table_name"
  echo "commit;"
}}
"""

_BEGIN = _DIGESTS + r"""if [ ! -e "$CHANGE_DIR/saved/opened" ] && [ ! -e $digests/begun ] && [ ! -e $digests/whole ]; then
  write_sql sql >$digests/sql
  echo "mariadb --no-defaults -N -B -r -n --socket=@socket@ <$digests/sql >$digests/part && mv $digests/part $digests/whole" >$digests/run
  systemctl is-active -q standfast-digest-@tag@ || systemd-run --quiet --collect --unit=standfast-digest-@tag@ sh $digests/run
  n=0; until [ -e $digests/begun ] || [ -e $digests/whole ]; do
    n=$((n + 1)); [ $n -lt 1500 ] || { echo "the state of the cutover could not be held for comparison" >&2; exit 1; }; sleep 0.02; done
fi
"""

# Only InnoDB's files are linked, and it opens them for reading alone; what MariaDB's own system tables are made of is small, and copied.
_READ = _DIGESTS + r"""farm=$data.standfast-reading; reader=standfast-reading-@tag@
stop_reading() { systemctl stop $reader 2>/dev/null || :; in_place rm -rf "$farm"; }
seen() { find "$data" -printf '%p %s %T@ %C@\n' | LC_ALL=C sort | sha256sum; }
trap stop_reading EXIT
stop_reading
before=$(seen)
make_folder 700 "$farm"
for one in "$data"/*; do
  case ${one##*/} in
    mysql|aria_log*) as_owner cp -a "$one" "$farm/" ;;
    sys|performance_schema|lost+found|'#'*) ;;
    ibdata*|ib_logfile*|undo[0-9]*) as_owner ln -s "$one" "$farm/" ;;
    *) [ ! -d "$one" ] || as_owner ln -s "$one" "$farm/" ;;
  esac
done
systemctl reset-failed $reader 2>/dev/null || :
systemd-run --quiet --collect --unit=$reader -p User=mysql -p Group=mysql -p ReadOnlyPaths="$data" -p LimitNOFILE=32768 -p TimeoutStopSec=900 mariadbd \
  --datadir="$farm" --tmpdir="$farm" --socket="$farm/sock" --pid-file="$farm/pid" --log-error="$farm/log.err" --innodb-read-only=ON --read-only=ON \
  --skip-networking --skip-log-bin --skip-slave-start --event-scheduler=OFF --general-log=OFF --slow-query-log=OFF \
  --innodb-buffer-pool-load-at-startup=OFF --innodb-buffer-pool-dump-at-shutdown=OFF
reading() { mariadb --no-defaults -N -B -r --socket="$farm/sock" "$@"; }
n=0; until reading -e 'select 1' >/dev/null 2>&1; do
  n=$((n + 1)); [ $n -lt 3000 ] && systemctl is-active -q $reader || {
    as_owner grep -i error "$farm/log.err" | tail -n 5 >&2; echo "the fenced data cannot be read" >&2; exit 1; }
  sleep 0.2; done
write_sql reading >$digests/sql
reading -n <$digests/sql >$digests/part
LC_ALL=C sort $digests/part >$door/digest.new
stop_reading
[ "$(seen)" = "$before" ] || { echo "the fenced data were written to" >&2; exit 1; }
chmod 644 $door/digest.new; mv $door/digest.new $door/digest
echo "$(wc -l <$door/digest) counts and checksums; no file of the fenced data was written to"
"""

_COMPARE = _DIGESTS + r"""while systemctl is-active -q standfast-digest-@tag@; do sleep 0.2; done
[ -e $digests/whole ] || { echo "the counts and checksums of this host are not whole" >&2; exit 1; }
LC_ALL=C sort $digests/whole >"$CHANGE_DIR/saved/digest.here"
ask digest >"$CHANGE_DIR/saved/digest.there"
for one in here there; do grep -v '^sequence ' "$CHANGE_DIR/saved/digest.$one" >"$CHANGE_DIR/saved/tables.$one"; done
diff "$CHANGE_DIR/saved/tables.there" "$CHANGE_DIR/saved/tables.here" || { echo "the databases are not equal (<: old host, >: new host)" >&2; exit 1; }
# a sequence may be ahead, never behind: a value is not given out twice
LC_ALL=C awk -F '	' '!/^sequence / { next } NR == FNR { there[$1] = $2; next }
  !($1 in there) || ($3 > 0 ? $2 < there[$1] : $2 > there[$1]) { print "sequence is behind: " $1; bad = 1 }
  END { exit bad }' "$CHANGE_DIR/saved/digest.there" "$CHANGE_DIR/saved/digest.here" >&2
awk -F '	' '/^table / { tables++; rows += $2 } /^sequence / { sequences++ }
  END { printf "equal: %d tables with %d rows, by count and checksum; %d sequences; accounts, routines, events, settings\n", tables, rows, sequences }' \
  "$CHANGE_DIR/saved/digest.here"
"""


def begin_digests() -> str:
    """New host, before its first client: hold the state of the cutover and read it in the background."""
    return _BEGIN


def read_fenced_digests() -> str:
    """Old host: the stopped data, without writing to them; what came of it lies in the door as `digest`."""
    return _READ


def compare_digests() -> str:
    """New host: exit 1 unless both hold the same."""
    return _COMPARE
