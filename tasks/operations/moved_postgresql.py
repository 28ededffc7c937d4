"""A PostgreSQL server moved by physical replication: source, replica, fence, opening on the new host, comparison, and the way back.

Every function returns POSIX shell text and runs nothing. It is Debian's cluster VERSION/NAME, at the same place on both hosts.

The fence is the stopped server: a clean stop ends every session, sends all that was acknowledged to the replica, and writes no more. So the
replica that has replayed the stop itself has everything, and the old server can follow the new one later, as any standby follows a switch.
Who may serve is said once, by the file `turn` on the old host (peer_access): the new one opens only if it got the turn, the old one comes
back only if it has it, or if the new one has said how it was left.

Whoever is superuser of the database is also the account postgres. So root writes nothing in that account's folders (tasks/operations/owned.py), and
what we ask as superuser runs nobody's functions, casts or search path. Names of databases are data: files are called by number.
"""

from __future__ import annotations

from collections.abc import Sequence

from tasks.operations.moved_service import MAY_SERVE, TURN, DatabaseScripts, MovedDatabase
from tasks.operations.owned import OWNED
from tasks.operations.peer_access import Way

LAG_BYTES = 1 << 20  # so far behind a replica counts as caught up: what is left takes moments
REPLAY_S = 60

# Each side proves to the other that it knows the password, or nothing is said: see `peer_must`.
_SQL = TURN + MAY_SERVE + OWNED + r"""owner=postgres
as_postgres() { runuser -u postgres -- env PGOPTIONS='-c search_path=pg_catalog' "$@"; }
sql() { as_postgres psql -X -q -A -t -v ON_ERROR_STOP=1 --cluster @version@/@name@ -d postgres "$@"; }
far() {
  PGPASSWORD=$(cat "$CHANGE_DIR/saved/peer.secret") psql -X -q -A -t -v ON_ERROR_STOP=1 \
    "host=127.0.0.1 port=@near_data@ user=@role@ dbname=postgres replication=true application_name=standfast @must_script@" "$@"
}
no_odd_names() {  # such a name is several lines or columns to whoever reads it
  [ "$(sql -c "select count(*) from pg_database where datname ~ '[[:cntrl:]]'")" = 0 ] ||
    { echo "a database has a name with signs that cannot be printed; rename it" >&2; exit 1; }
}
data=@data@; config=/etc/postgresql/@version@/@name@; unit=postgresql@@version@-@name@.service; bin=/usr/lib/postgresql/@version@/bin
replayed() { sql -c "select pg_last_wal_replay_lsn() $1 '$2'"; }
received() { [ "$(sql -c "select pg_last_wal_receive_lsn() > '$1'")" = t ]; }
"""

# The server gets what it checks a password by, never the password: RFC 5803.
_ROLE = r"""verifier() {
  perl -MDigest::SHA=sha256,hmac_sha256 -MMIME::Base64 -e '
    my $p = <STDIN>; chomp $p; open(my $r, "<", "/dev/urandom") or die; read($r, my $salt, 16) == 16 or die;
    my $u = my $k = hmac_sha256($salt . pack("N", 1), $p);
    for (2 .. 4096) { $u = hmac_sha256($u, $p); $k ^= $u }
    printf "SCRAM-SHA-256\$4096:%s\$%s:%s", map { encode_base64($_, "") } $salt, sha256(hmac_sha256("Client Key", $k)), hmac_sha256("Server Key", $k)'
}
{ echo "set log_statement to none; set log_min_duration_statement to -1; set log_min_error_statement to panic;"
  echo "select 'create role @role@' where not exists (select from pg_roles where rolname = '@role@') \\gexec"
  printf "alter role @role@ with login replication connection limit 8 password '%s';\n" "$(verifier <"$door/secret")"
} | sql -f - >/dev/null
"""
_GIVE = _SQL + _ROLE + r"""# a replica that is gone must not fill this disk with WAL that it will never fetch
keep="$CHANGE_DIR/saved/keep"
[ -e "$keep" ] || { sql -c "show max_slot_wal_keep_size" >"$keep.new"; mv "$keep.new" "$keep"; }
if [ "$(cat "$keep")" = -1 ]; then sql -c "alter system set max_slot_wal_keep_size = '@keep_mib@MB'" -c "select pg_reload_conf()" >/dev/null; fi
"""
_GIVEN = _SQL + r"""[ "$(sql -c "select count(*) from pg_roles where rolname = '@role@' and rolreplication")" = 1 ]
"""
_TAKE = _SQL + r"""n=0; until sql -c 'select 1' >/dev/null 2>&1; do
  n=$((n + 1)); [ $n -lt 100 ] || { echo "PostgreSQL does not answer, so its slot cannot be dropped" >&2; exit 1; }; sleep 0.3; done
ours="pg_replication_slots where slot_name in ('@slot@', '@back@')"
sql -c "select pg_terminate_backend(active_pid) from $ours and active" >/dev/null
n=0; while [ "$(sql -c "select count(*) from $ours and active")" != 0 ]; do n=$((n + 1)); [ $n -lt 100 ] || break; sleep 0.1; done
sql -c "select pg_drop_replication_slot(slot_name) from $ours" >/dev/null
sql -c "drop role if exists @role@"
if [ "$(cat "$CHANGE_DIR/saved/keep" 2>/dev/null)" = -1 ]; then
  sql -c "alter system reset max_slot_wal_keep_size" -c "select pg_reload_conf()" >/dev/null
fi
"""
_TAKEN = _SQL + r"""[ "$(sql -c "select count(*) from pg_replication_slots where slot_name in ('@slot@', '@back@')")" = 0 ]
[ "$(sql -c "select count(*) from pg_roles where rolname = '@role@'")" = 0 ]
echo "no slot and no role of this change is left"
"""

_REPLICA = _SQL + r"""SAVED="$CHANGE_DIR/saved/cluster"
umask 077; mkdir -p "$SAVED"
reach
[ -e "$SAVED/was" ] || { systemctl is-active $unit >"$SAVED/was.new" || :; mv "$SAVED/was.new" "$SAVED/was"; }
systemctl stop $unit
# what lay here is put aside, not removed
if [ ! -e "$SAVED/aside" ]; then
  [ ! -e "$data" ] || in_place mv -T "$data" "$data.before-standfast"
  sync; : >"$SAVED/aside"
fi
in_place rm -rf "$data"
far -c "DROP_REPLICATION_SLOT @slot@" 2>/dev/null || :
[ -d "${data%/*}" ] || make_folder 755 "${data%/*}"
make_folder 700 "$data"
[ -e $config/start.conf ] || echo auto | (umask 022; fill_as_owner $config/start.conf)
PGPASSWORD=$(cat "$CHANGE_DIR/saved/peer.secret"); export PGPASSWORD
# how long the old server's stop may wait for a replica that is gone; -R keeps it for the replica
PGOPTIONS='-c wal_sender_timeout=20s'; export PGOPTIONS
export @must_env_script@
cd /
runuser -u postgres -- $bin/pg_basebackup -h 127.0.0.1 -p @near_data@ -U @role@ -D "$data" -R -C -S @slot@ -X stream -c fast --no-password
unset PGPASSWORD PGOPTIONS PGSSLMODE PGCHANNELBINDING PGREQUIREAUTH
systemctl daemon-reload
systemctl reset-failed $unit 2>/dev/null || :
systemctl start $unit
"""
_REPLICA_PROOF = _SQL + r"""n=0; until [ "$(sql -c "select status from pg_stat_wal_receiver" 2>/dev/null)" = streaming ]; do
  n=$((n + 1)); [ $n -lt 300 ] || { echo "the replica does not stream" >&2; exit 1; }; sleep 0.1; done
[ "$(sql -c 'select pg_is_in_recovery()')" = t ]
echo "the replica streams"
"""
# Never while this host may be the one that serves: see `not_serving`.
_REPLICA_UNDO = _SQL + r"""SAVED="$CHANGE_DIR/saved/cluster"
[ -e "$SAVED/was" ] || { echo "nothing was done"; exit 0; }
systemctl stop $unit
if [ -e "$SAVED/aside" ]; then
  if [ -e "$CHANGE_DIR/saved/promoted" ] && [ -e "$data" ]; then in_place mv -T "$data" "$data.served-$(date +%s)"; else in_place rm -rf "$data"; fi
  [ ! -e "$data.before-standfast" ] || in_place mv -T "$data.before-standfast" "$data"
  rm -f "$SAVED/aside"
fi
if [ "$(cat "$SAVED/was")" = active ] && [ -e "$data" ]; then echo active; else echo inactive; fi >"$SAVED/wanted"
"""
_REPLICA_START = _SQL + r"""SAVED="$CHANGE_DIR/saved/cluster"
if [ "$(cat "$SAVED/wanted" 2>/dev/null)" = active ]; then systemctl reset-failed $unit 2>/dev/null || :; systemctl start $unit; fi
"""

_CAUGHT_UP = _SQL + r"""reach
uptime_s() { cut -d . -f 1 /proc/uptime; }
good=0; end_s=$(($(uptime_s) + 60 * @minutes@))
while [ $good -lt 3 ]; do
  end=$(far -c IDENTIFY_SYSTEM | cut -d'|' -f3); is_position "$end"
  lag=$(sql -c "select greatest(0, pg_wal_lsn_diff('$end', pg_last_wal_replay_lsn()))::bigint")
  if [ "$lag" -le @lag@ ]; then good=$((good + 1)); else good=0; fi
  [ $good != 0 ] || [ "$(uptime_s)" -lt $end_s ] || { echo "the replica is $lag bytes behind and does not catch up" >&2; exit 1; }
  [ $good = 3 ] || sleep 0.5
done
# from here on this host's WAL is kept for the way back
sql -c "select pg_create_physical_replication_slot('@back@', true)
  where not exists (select from pg_replication_slots where slot_name = '@back@')" >/dev/null
echo "the replica is $lag bytes behind"
"""

# What would make the stop last is done before it.
_READY = _SQL + r"""no_odd_names
as_owner test -w $config/start.conf || { echo "$config/start.conf is not the account postgres's own; make it so" >&2; exit 1; }
sql -c checkpoint
"""
_FENCE = _SQL + r"""if systemctl is-active -q $unit; then
  no_odd_names
  replica="pg_stat_replication where usename = '@role@'"
  [ "$(sql -c "select count(*) from $replica")" != 0 ] || { echo "no replica is connected; nothing was stopped" >&2; exit 1; }
  sql -c checkpoint
  # the stop waits until all is sent: not with a replica that has fallen behind again
  n=0; until [ "$(sql -c "select bool_and(pg_wal_lsn_diff(pg_current_wal_flush_lsn(), replay_lsn) <= @lag@) from $replica")" = t ]; do
    n=$((n + 1)); [ $n -lt 100 ] || { echo "the replica has fallen behind again; nothing was stopped" >&2; exit 1; }; sleep 0.1; done
fi
was="$CHANGE_DIR/saved/start.conf"
[ -e "$was" ] || { as_owner cat $config/start.conf >"$was.new"; mv "$was.new" "$was"; }
: >"$CHANGE_DIR/saved/stopped"; sync "$CHANGE_DIR/saved/stopped"
echo disabled | fill_as_owner $config/start.conf  # nobody starts it by mistake, nor does the machine
# the replica is connected and stays so to the end; whoever waits at this port afterwards and asks for the password learns one that opens nothing
if systemctl is-active -q $unit; then sql -c "alter role @role@ nologin password null"; fi
meanwhile() { :
@meanwhile_script@
}
meanwhile & beside=$!
systemctl stop @units_script@ $unit
pg_controldata() { $bin/pg_controldata "$data" | sed -n "s/^$1: *//p"; }
[ "$(pg_controldata 'Database cluster state')" = "shut down" ] || { echo "PostgreSQL was not shut down cleanly" >&2; exit 1; }
pg_controldata 'Latest checkpoint location' >$door/fenced.new
chmod 644 $door/fenced.new; sync $door/fenced.new; mv $door/fenced.new $door/fenced
wait $beside
"""
_FENCED = _SQL + r"""for one in @units_script@ $unit; do
  case $(systemctl is-active "$one" || :) in inactive|failed) ;; *) echo "$one still runs" >&2; exit 1 ;; esac
done
[ -s $door/fenced ]
echo "nobody writes here any more; the last position is $(cat $door/fenced)"
"""

_OPEN = _SQL + r"""umask 077
reach
systemctl is-active -q $unit || { systemctl reset-failed $unit 2>/dev/null || :; systemctl start $unit; }
if [ ! -e "$CHANGE_DIR/saved/promoted" ]; then
  fenced=$(ask fenced); is_position "$fenced"
  (umask 022; copy) & files=$!
  n=0; until [ "$(replayed '>' "$fenced")" = t ]; do
    n=$((n + 1)); sleep 0.05
    if [ $n = 100 ] && ! received "$fenced" || [ $n = @replay_tries@ ]; then
      echo "the replica did not receive the old server's last position $fenced" >&2; exit 1
    fi
  done
  wait $files || { echo "the files' second pass failed" >&2; exit 1; }
@ask_turn_script@fi
promoted=$(sql -c "select case when pg_is_in_recovery() then pg_promote(true, 60) else true end")
[ "$promoted" = t ] || { echo "PostgreSQL was not promoted" >&2; exit 1; }
@digest_script@
: >"$CHANGE_DIR/saved/opened"
umask 022
@start_script@
"""

_KEPT = r"""if may_serve && [ ! -e "$data/standfast_hba.conf" ] &&
  [ "$(sql -c 'select pg_is_in_recovery()')" = f ]; then
  kept=$(sql -c "select coalesce((select wal_status from pg_replication_slots where slot_name = '@back@'), 'lost')")
  case $kept in
    reserved|extended) ;;
    *) echo "the WAL since the cutover is no longer whole ($kept): no way back keeps what was written since; nothing was stopped" >&2; exit 1 ;;
  esac
fi
"""
_SHUT = _SQL + r"""back=never
if may_serve; then
  old_host_listens
  systemctl is-active -q $unit || { systemctl reset-failed $unit 2>/dev/null || :; systemctl start $unit; }
fi
""" + _KEPT + r"""if may_serve && [ "$(sql -c 'select pg_is_in_recovery()')" = f ]; then
  @open_script@
  systemctl stop @units_script@
  # only the old host's replica gets in, from here on
  if [ ! -e "$data/standfast_hba.conf" ]; then
@role_script@
    printf 'local all postgres peer\nhost replication @role@ 127.0.0.1/32 scram-sha-256\n' | new_as_owner "$data/standfast_hba.conf.new"
    sql -c "alter system set hba_file = '$data/standfast_hba.conf'"
    as_owner mv -T "$data/standfast_hba.conf.new" "$data/standfast_hba.conf"
  fi
  systemctl restart $unit
  back=$(sql -c "select pg_current_wal_flush_lsn()")
else
  systemctl stop @units_script@ $unit  # it never served, or serves no more
fi
tell_how_left $back
"""

_COME_BACK = _SQL + r"""if [ -e "$CHANGE_DIR/saved/stopped" ]; then
  returned=$(how_left)
  if [ "$returned" = never ]; then
    hand_turn source
    as_owner rm -f "$data/standby.signal"
    fill_as_owner $config/start.conf <"$CHANGE_DIR/saved/start.conf"
    systemctl is-active -q $unit || { systemctl reset-failed $unit 2>/dev/null || :; systemctl start $unit; }
  else
    @follow_script@
    hand_turn source
    sql -c "select case when pg_is_in_recovery() then pg_promote(true, 60) end" >/dev/null
    sql -c "alter system reset primary_conninfo"
    sql -c "alter system reset primary_slot_name" -c "select pg_reload_conf()" >/dev/null
    fill_as_owner $config/start.conf <"$CHANGE_DIR/saved/start.conf"
  fi
  rm -f $door/fenced "$CHANGE_DIR/saved/stopped"
else
  echo "this host has come back, or nothing was stopped"
fi
@start_script@
@leave_script@
"""
_FOLLOW = r"""umask 077
rm -f "$CHANGE_DIR/saved/peer.secret" "$CHANGE_DIR/saved/peer.files"
reach
if [ ! -e "$CHANGE_DIR/saved/followed" ]; then
  systemctl stop $unit
  echo manual | fill_as_owner $config/start.conf  # not with the machine: before it follows it would begin a history of its own
  said=$(as_owner sed '/^primary_conninfo\|^primary_slot_name/d' "$data/postgresql.auto.conf")
  { printf '%s\n' "$said"
    printf "primary_conninfo = 'host=127.0.0.1 port=@near_data@ user=@role@ password=%s @must_script@'\n" "$(cat "$CHANGE_DIR/saved/peer.secret")"
    echo "primary_slot_name = '@back@'"; } | new_as_owner "$data/postgresql.auto.conf.new"
  as_owner mv -T "$data/postgresql.auto.conf.new" "$data/postgresql.auto.conf"
  as_owner touch "$data/standby.signal"
  systemctl reset-failed $unit 2>/dev/null || :
  systemctl start $unit
  n=0; until [ "$(replayed '>=' "$returned" 2>/dev/null)" = t ]; do
    n=$((n + 1)); [ $n -lt 36000 ] || { echo "this host does not receive what was written on the new one" >&2; exit 1; }; sleep 0.1; done
  umask 022; copy; umask 077
  : >"$CHANGE_DIR/saved/followed"; sync "$CHANGE_DIR/saved/followed"
fi
systemctl is-active -q $unit || { systemctl reset-failed $unit 2>/dev/null || :; systemctl start $unit; }
umask 022
"""
_CAME_BACK = _SQL + r"""[ "$(sql -c 'select pg_is_in_recovery()')" = f ]
for one in @units_script@; do systemctl is-active -q "$one"; done
echo "this host serves again"
"""

# Every table of every database by count and digest of its rows, every sequence by its last value. Said as superuser, so: no search path of the
# database's owner, no cast of a table's owner (record_out is none), no column of his (t alone could be one), and every name on one line.
_DIGEST_SQL = r"""\set ON_ERROR_STOP on
set search_path to pg_catalog; set standard_conforming_strings to on;
set timezone to 'UTC'; set datestyle to 'ISO, YMD'; set intervalstyle to 'postgres'; set extra_float_digits to 1; set bytea_output to 'hex';
set statement_timeout to 0; set idle_in_transaction_session_timeout to 0;
begin isolation level repeatable read read only;
select format('select %L, last_value, %s from %I.%I', 'sequence ' || to_json(current_database() || ' ' || n.nspname || '.' || c.relname)::text,
    s.seqincrement, n.nspname, c.relname)
  from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_sequence s on s.seqrelid = c.oid
  where c.relpersistence = 'p' order by n.nspname, c.relname \gexec
select 'begun';
select format('select %L, count(*), coalesce(sum(hashtextextended(textin(record_out(t.*)), 0)), 0) from only %I.%I t',
    'table ' || to_json(current_database() || ' ' || n.nspname || '.' || c.relname)::text, n.nspname, c.relname)
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'm') and c.relpersistence = 'p' and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg_toast%'
  order by n.nspname, c.relname \gexec
select 'roles', count(*), coalesce(sum(hashtextextended(textin(record_out(row(rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin,
    rolreplication, rolbypassrls, rolpassword))), 0)), 0)
  from pg_authid where rolname not like 'standfast\_chg\_%';
select 'schema ' || to_json(current_database())::text, count(*),
    sum(hashtextextended(textin(record_out(row(attrelid::regclass, attname, atttypid::regtype, attnotnull))), 0))
  from pg_attribute a join pg_class c on c.oid = attrelid
  where c.relnamespace in (select oid from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema');
commit;
"""

# Root's folder: root opens what the database's account says. On the new host it is said in the state of the cutover, while the service already runs.
_DIGESTS = r"""digests="$CHANGE_DIR/saved/digests"
bases="select oid from pg_database where datallowconn and datname <> 'template1'"
write_sql() { cat <<'END'
@sql_script@END
}
"""
# Its own script: it goes on after its step has ended. A name is given by the environment, where `=` in it means nothing.
_READER = r"""#!/bin/sh
# Counts and digests of one database: its number.
here=$(dirname "$0"); cd /
as_postgres() { runuser -u postgres -- env PGOPTIONS='-c search_path=pg_catalog' "$@"; }
name=$(as_postgres psql -X -q -A -t --cluster @version@/@name@ -d postgres -c "select datname from pg_database where oid = $1") && [ "$name" ] || exit 1
as_postgres env PGDATABASE="$name" stdbuf -oL psql -X -q -A -t -F '	' --cluster @version@/@name@ -f - <"$here/sql" >"$here/$1.part" &&
  mv "$here/$1.part" "$here/$1.whole"
"""
_BEGIN_DIGESTS = _DIGESTS + r"""if [ ! -e "$CHANGE_DIR/saved/opened" ]; then
  no_odd_names
  mkdir -p "$digests"; write_sql >"$digests/sql"
  cat >"$digests/reader" <<'END'
@reader_script@END
  begun() { [ -e "$digests/$1.whole" ] || grep -qsx begun "$digests/$1.part"; }
  for base in $(sql -c "$bases"); do
    if begun "$base" || systemctl is-active -q "standfast-digest-@tag@-$base"; then continue; fi
    systemd-run --quiet --collect --unit="standfast-digest-@tag@-$base" sh "$digests/reader" "$base"
  done
  for base in $(sql -c "$bases"); do
    n=0; until begun "$base"; do
      n=$((n + 1)); [ $n -lt 300 ] || { echo "the state of the cutover could not be held for comparison" >&2; exit 1; }; sleep 0.02; done
  done
fi
"""
_READ_DIGESTS = _SQL + _DIGESTS + r"""private=/run/standfast-reading-@tag@  # for the server's socket and its log
stop_reading() {
  as_owner $bin/pg_ctl -D "$data" -m fast -w stop >/dev/null 2>&1 || :
  as_owner rm -f "$data/standby.signal"
  rm -rf "$private"
}
trap stop_reading EXIT
stop_reading
install -d -o postgres -g postgres -m 700 $private
rm -rf "$digests"; mkdir -m 700 "$digests"; write_sql >"$digests/sql"
as_owner touch "$data/standby.signal"
# read only, waiting for WAL that does not come: not a byte is added to what was fenced
options="-c config_file=$config/postgresql.conf -c listen_addresses='' -c unix_socket_directories=$private -c hot_standby=on"
options="$options -c archive_mode=off -c primary_conninfo='' -c restore_command=''"
as_owner $bin/pg_ctl -D "$data" -w -t 600 -l $private/log start -o "$options" >/dev/null || { as_owner tail -n 5 $private/log >&2; exit 1; }
ask_here() { as_postgres env PGDATABASE="$1" psql -X -q -A -t -F '	' -v ON_ERROR_STOP=1 -h $private -p @port@ -f -; }
for base in $(echo "$bases" | ask_here postgres); do
  name=$(echo "select datname from pg_database where oid = $base" | ask_here postgres)
  ask_here "$name" <"$digests/sql" >"$digests/$base.part"; mv "$digests/$base.part" "$digests/$base.whole"
done
cat "$digests"/*.whole | grep -vx begun | LC_ALL=C sort >$door/digest.new
chmod 644 $door/digest.new; mv $door/digest.new $door/digest
stop_reading
wc -l <$door/digest
"""
_COMPARE = _SQL + _DIGESTS + r"""for base in $(sql -c "$bases"); do
  while systemctl is-active -q "standfast-digest-@tag@-$base"; do sleep 0.2; done
done
for file in "$digests"/*.part; do
  [ ! -e "$file" ] || { echo "the digests of database number $(basename "$file" .part) are not whole" >&2; exit 1; }
done
cat "$digests"/*.whole | grep -vx begun | LC_ALL=C sort >"$CHANGE_DIR/saved/digest.here"
ask digest >"$CHANGE_DIR/saved/digest.there"
grep -v '^sequence ' "$CHANGE_DIR/saved/digest.here" >"$CHANGE_DIR/saved/tables.here"
grep -v '^sequence ' "$CHANGE_DIR/saved/digest.there" >"$CHANGE_DIR/saved/tables.there"
diff "$CHANGE_DIR/saved/tables.there" "$CHANGE_DIR/saved/tables.here" || { echo "the databases are not equal (<: old host, >: new host)" >&2; exit 1; }
# a replica's sequence may be a few values ahead, never behind: a value is not given out twice
LC_ALL=C awk -F '	' '!/^sequence / { next } NR == FNR { there[$1] = $2; next }
  !($1 in there) || ($3 > 0 ? $2 < there[$1] : $2 > there[$1]) { print "sequence is behind: " $1; bad = 1 }
  END { exit bad }' "$CHANGE_DIR/saved/digest.there" "$CHANGE_DIR/saved/digest.here" >&2
awk -F '	' '/^table / { tables++; rows += $2 } /^sequence / { sequences++ }
  END { printf "equal: %d tables with %d rows, by count and digest; %d sequences\n", tables, rows, sequences }' "$CHANGE_DIR/saved/digest.here"
"""
_SETTLE = _SQL + r"""sql -c "alter system reset primary_conninfo"
sql -c "alter system reset primary_slot_name" -c "select pg_reload_conf()" >/dev/null
sql -c "drop role if exists @role@"
"""


def needs_tls(version: int) -> bool:
    """Whether the client library cannot yet insist on SCRAM alone, so that it has to insist on a binding to the TLS channel, which only SCRAM gives."""
    return version < 16


def peer_must(version: int) -> dict[str, str]:
    """The client's settings by which the other side has to prove that it knows the password, too, and gets none in clear: as words and for the
    environment. Another account that waits at the port of a stopped server could feed the replica otherwise."""
    if needs_tls(version):
        return {"must_script": "sslmode=require channel_binding=require", "must_env_script": "PGSSLMODE=require PGCHANNELBINDING=require"}
    return {"must_script": "require_auth=scram-sha-256", "must_env_script": "PGREQUIREAUTH=scram-sha-256"}


class MovedCluster(MovedDatabase):
    """One cluster on its way from `there` to here and, in need, back.

    keep_mib: of WAL, for the other host. catch_up_minutes: what the replica has for it.
    """

    scripts = DatabaseScripts(
        sql=_SQL, role=_ROLE, given=_GIVEN, take=_TAKE, taken=_TAKEN, replica=_REPLICA, replica_proof=_REPLICA_PROOF, replica_undo=_REPLICA_UNDO,
        replica_start=_REPLICA_START, caught_up=_CAUGHT_UP, fenced=_FENCED, open=_OPEN, kept=_KEPT, shut=_SHUT, come_back=_COME_BACK, follow=_FOLLOW,
        came_back=_CAME_BACK, settle=_SETTLE)

    def __init__(self, change: str, *, version: str, name: str, port: int, data: str, keep_mib: int, catch_up_minutes: int, units: Sequence[str],
                 there: Way, back: Way) -> None:
        super().__init__(change, units=units, there=there, back=back)
        tag = change.lower().replace("-", "_")
        self.unit, self.fence_touches = f"postgresql@{version}-{name}.service", (f"/etc/postgresql/{version}/{name}/start.conf",)
        self._gaps |= {
            "version": version, "name": name, "port": port, "data": data, "keep_mib": keep_mib, "near_data": there.near_data,
            "tag": tag.replace("_", "-"), "lag": LAG_BYTES, "minutes": catch_up_minutes, "replay_tries": REPLAY_S * 20,
            **peer_must(int(version))}
        # names of SQL, made of the change's number: no quoting there
        self._names = {"role": f"standfast_{tag}", "slot": f"standfast_{tag}", "back": f"standfast_{tag}_back"}

    def _fill(self, text: str, **more: str | int) -> str:
        for gap, value in self._names.items():
            text = text.replace(f"@{gap}@", value)
        return super()._fill(text, **more)

    def give(self) -> str:
        """Old host: a role and a bound on the WAL that is kept for a replica."""
        return self._fill(_GIVE)

    def clear_packages(self) -> str:
        """New host: the clusters that PostgreSQL's package made."""
        return self._fill("""pg_lsclusters -h 2>/dev/null | awk '$1 == @version@ { print $2 }' |
  while read -r one; do pg_dropcluster --stop @version@ "$one"; done
""")

    def make_ready(self) -> str:
        """Old host: what is in memory is written out, so that the stop is short."""
        return self._fill(_READY)

    def fence(self, meanwhile: str) -> str:
        """Old host: applications and server stopped for good, the last position noted. meanwhile: shell text that is run at the same time."""
        return self._fill(_FENCE, meanwhile_script=meanwhile)

    def begin_digests(self) -> str:
        return self._fill(_BEGIN_DIGESTS, sql_script=_DIGEST_SQL, reader_script=self._fill(_READER))

    def read_digests(self) -> str:
        """Old host: the fenced data, read without writing to it."""
        return self._fill(_READ_DIGESTS, sql_script=_DIGEST_SQL)

    def compare(self) -> str:
        """New host: what it had at the cutover against what the old host has."""
        return self.there.ask() + self._fill(_COMPARE, sql_script="")
