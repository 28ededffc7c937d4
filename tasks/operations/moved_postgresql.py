"""A PostgreSQL server moved by physical replication: source, replica, fence, opening on the new host, comparison, and the way back.

Every function returns POSIX shell text and runs nothing. It is Debian's cluster VERSION/NAME, at the same place on both hosts.

The fence is the stopped server: a clean stop ends every session, sends all that was acknowledged to the replica, and writes no more. So the
replica that has replayed the stop itself has everything, and the old server can follow the new one later, as any standby follows a switch.
Who may serve is said once, by the file `turn` on the old host (peer_access): the new one opens only if it got the turn, the old one comes
back only if it has it, or if the new one has said how it was left.
"""

from __future__ import annotations

from collections.abc import Sequence

from tasks.operations.moved_service import ASK_TURN, MAY_SERVE, TURN, MovedDatabase
from tasks.operations.peer_access import Way

LAG_BYTES = 1 << 20  # so far behind a replica counts as caught up: what is left takes moments
REPLAY_S = 60

_SQL = TURN + MAY_SERVE + r"""sql() { runuser -u postgres -- psql -X -q -A -t -v ON_ERROR_STOP=1 --cluster @version@/@name@ -d postgres "$@"; }
far() {
  PGPASSWORD=$(cat "$CHANGE_DIR/saved/peer.secret") psql -X -q -A -t -v ON_ERROR_STOP=1 \
    "host=127.0.0.1 port=@near_data@ user=@role@ dbname=postgres replication=true application_name=standfast" "$@"
}
data=@data@; config=/etc/postgresql/@version@/@name@; unit=postgresql@@version@-@name@.service; bin=/usr/lib/postgresql/@version@/bin
replayed() { sql -c "select pg_last_wal_replay_lsn() $1 '$2'"; }
received() { [ "$(sql -c "select pg_last_wal_receive_lsn() > '$1'")" = t ]; }
"""

_ROLE = r"""{ echo "set log_statement to none; set log_min_duration_statement to -1; set log_min_error_statement to panic;"
  echo "select 'create role @role@' where not exists (select from pg_roles where rolname = '@role@') \\gexec"
  printf "alter role @role@ with login replication connection limit 8 password '%s';\n" "$(cat "$door/secret")"
} | sql -f - >/dev/null
"""
_GIVE = _SQL + _ROLE + r"""# a replica that is gone must not fill this disk with WAL that it will never fetch
keep="$CHANGE_DIR/saved/keep"
[ -e "$keep" ] || { sql -c "show max_slot_wal_keep_size" >"$keep.new"; mv "$keep.new" "$keep"; }
if [ "$(cat "$keep")" = -1 ]; then sql -c "alter system set max_slot_wal_keep_size = '@keep_mib@MB'" -c "select pg_reload_conf()" >/dev/null; fi
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
  [ ! -e "$data" ] || mv "$data" "$data.before-standfast"
  sync; : >"$SAVED/aside"
fi
rm -rf "$data"
far -c "DROP_REPLICATION_SLOT @slot@" 2>/dev/null || :
install -d -o postgres -g postgres -m 755 "${data%/*}"
install -d -o postgres -g postgres -m 700 "$data"
[ -e $config/start.conf ] || { echo auto >$config/start.conf; chown postgres: $config/start.conf; chmod 644 $config/start.conf; }
PGPASSWORD=$(cat "$CHANGE_DIR/saved/peer.secret"); export PGPASSWORD
# how long the old server's stop may wait for a replica that is gone; -R keeps it for the replica
PGOPTIONS='-c wal_sender_timeout=20s'; export PGOPTIONS
cd /
runuser -u postgres -- $bin/pg_basebackup -h 127.0.0.1 -p @near_data@ -U @role@ -D "$data" -R -C -S @slot@ -X stream -c fast --no-password
unset PGPASSWORD PGOPTIONS
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
  if [ -e "$CHANGE_DIR/saved/promoted" ] && [ -e "$data" ]; then mv "$data" "$data.served-$(date +%s)"; else rm -rf "$data"; fi
  [ ! -e "$data.before-standfast" ] || mv "$data.before-standfast" "$data"
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
  end=$(far -c IDENTIFY_SYSTEM | cut -d'|' -f3)
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
_READY = _SQL + r"""sql -c checkpoint
"""
_FENCE = _SQL + r"""if systemctl is-active -q $unit; then
  replica="pg_stat_replication where usename = '@role@'"
  [ "$(sql -c "select count(*) from $replica")" != 0 ] || { echo "no replica is connected; nothing was stopped" >&2; exit 1; }
  sql -c checkpoint
  # the stop waits until all is sent: not with a replica that has fallen behind again
  n=0; until [ "$(sql -c "select bool_and(pg_wal_lsn_diff(pg_current_wal_flush_lsn(), replay_lsn) <= @lag@) from $replica")" = t ]; do
    n=$((n + 1)); [ $n -lt 100 ] || { echo "the replica has fallen behind again; nothing was stopped" >&2; exit 1; }; sleep 0.1; done
fi
was="$CHANGE_DIR/saved/start.conf"
[ -e "$was" ] || { cp -p $config/start.conf "$was.new"; mv "$was.new" "$was"; }
: >"$CHANGE_DIR/saved/stopped"; sync "$CHANGE_DIR/saved/stopped"
echo disabled >$config/start.conf  # nobody starts it by mistake, nor does the machine
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
  fenced=$(ask fenced)
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
    printf 'local all postgres peer\nhost replication @role@ 127.0.0.1/32 scram-sha-256\n' >"$data/standfast_hba.conf.new"
    chown postgres: "$data/standfast_hba.conf.new"
    sql -c "alter system set hba_file = '$data/standfast_hba.conf'"
    mv "$data/standfast_hba.conf.new" "$data/standfast_hba.conf"
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
    rm -f "$data/standby.signal"
    cp -p "$CHANGE_DIR/saved/start.conf" $config/start.conf
    systemctl is-active -q $unit || { systemctl reset-failed $unit 2>/dev/null || :; systemctl start $unit; }
  else
    @follow_script@
    hand_turn source
    sql -c "select case when pg_is_in_recovery() then pg_promote(true, 60) end" >/dev/null
    sql -c "alter system reset primary_conninfo"
    sql -c "alter system reset primary_slot_name" -c "select pg_reload_conf()" >/dev/null
    cp -p "$CHANGE_DIR/saved/start.conf" $config/start.conf
  fi
  rm -f $door/fenced "$CHANGE_DIR/saved/stopped"
else
  echo "this host has come back, or nothing was stopped"
fi
@start_script@
@leave_script@
"""
_FOLLOW = r"""umask 077
rm -f "$CHANGE_DIR/saved/peer.secret"
reach
if [ ! -e "$CHANGE_DIR/saved/followed" ]; then
  systemctl stop $unit
  echo manual >$config/start.conf  # not with the machine: before it follows it would begin a history of its own
  cp -p "$data/postgresql.auto.conf" "$data/postgresql.auto.conf.new"
  sed -i '/^primary_conninfo\|^primary_slot_name/d' "$data/postgresql.auto.conf.new"
  { printf "primary_conninfo = 'host=127.0.0.1 port=@near_data@ user=@role@ password=%s'\n" "$(cat "$CHANGE_DIR/saved/peer.secret")"
    echo "primary_slot_name = '@back@'"; } >>"$data/postgresql.auto.conf.new"
  mv "$data/postgresql.auto.conf.new" "$data/postgresql.auto.conf"
  : >"$data/standby.signal"; chown postgres: "$data/standby.signal" "$data/postgresql.auto.conf"
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

# Every table of every database by count and digest of its rows, every sequence by its last value.
_DIGEST_SQL = r"""\set ON_ERROR_STOP on
set timezone to 'UTC'; set datestyle to 'ISO, YMD'; set intervalstyle to 'postgres'; set extra_float_digits to 1; set bytea_output to 'hex';
set statement_timeout to 0; set idle_in_transaction_session_timeout to 0;
begin isolation level repeatable read read only;
\o @file@
select format('select %L, last_value, %s from %I.%I', 'sequence ' || current_database() || ' ' || n.nspname || '.' || c.relname,
    s.seqincrement, n.nspname, c.relname)
  from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_sequence s on s.seqrelid = c.oid
  where c.relpersistence = 'p' order by n.nspname, c.relname \gexec
\! touch @file@.begun
select format('select %L, count(*), coalesce(sum(hashtextextended(t::text, 0)), 0) from only %I.%I t',
    'table ' || current_database() || ' ' || n.nspname || '.' || c.relname, n.nspname, c.relname)
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'm') and c.relpersistence = 'p' and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg_toast%'
  order by n.nspname, c.relname \gexec
select 'roles', count(*), coalesce(sum(hashtextextended(row(rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication,
    rolbypassrls, rolpassword)::text, 0)), 0)
  from pg_authid where rolname not like 'standfast\_chg\_%';
select 'schema ' || current_database(), count(*), sum(hashtextextended(row(attrelid::regclass, attname, atttypid::regtype, attnotnull)::text, 0))
  from pg_attribute a join pg_class c on c.oid = attrelid
  where c.relnamespace in (select oid from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema');
commit;
\o
\! mv @file@ @file@.whole
"""

# The digests' folder belongs to the database's account; on the new host they are taken in the state of the cutover, while the service already runs.
_DIGESTS = r"""digests=/run/standfast-digest-@tag@
install -d -o postgres -g postgres -m 700 $digests
write_sql() { cat <<'END'
@sql_script@END
}
"""
_BEGIN_DIGESTS = _DIGESTS + r"""if [ ! -e "$CHANGE_DIR/saved/opened" ]; then
  bases=$(sql -c "select datname from pg_database where datallowconn and datname <> 'template1'")
  for base in $bases; do
    if [ -e "$digests/$base.begun" ] || [ -e "$digests/$base.whole" ] || systemctl is-active -q "standfast-digest-@tag@-$base"; then continue; fi
    write_sql | sed "s|standfast-file|$digests/$base|g" >"$digests/$base.sql"; chown postgres: "$digests/$base.sql"
    systemd-run --quiet --collect --unit="standfast-digest-@tag@-$base" --uid=postgres \
      psql -X -q -A -t -F '	' --cluster @version@/@name@ -d "$base" -f "$digests/$base.sql"
  done
  for base in $bases; do
    n=0; until [ -e "$digests/$base.begun" ] || [ -e "$digests/$base.whole" ]; do
      n=$((n + 1)); [ $n -lt 300 ] || { echo "the state of the cutover could not be held for comparison" >&2; exit 1; }; sleep 0.02; done
  done
fi
"""
_READ_DIGESTS = _SQL + _DIGESTS + r"""stop_reading() {
  runuser -u postgres -- $bin/pg_ctl -D "$data" -m fast -w stop >/dev/null 2>&1 || :
  rm -f "$data/standby.signal"
}
trap stop_reading EXIT
stop_reading
: >"$data/standby.signal"; chown postgres: "$data/standby.signal"
# read only, waiting for WAL that does not come: not a byte is added to what was fenced
options="-c config_file=$config/postgresql.conf -c listen_addresses='' -c unix_socket_directories=$digests -c hot_standby=on"
options="$options -c archive_mode=off -c primary_conninfo='' -c restore_command=''"
runuser -u postgres -- $bin/pg_ctl -D "$data" -w -t 600 -l $digests/log start -o "$options" >/dev/null || { tail -n 5 $digests/log >&2; exit 1; }
ask_here() { runuser -u postgres -- psql -X -q -A -t -F '	' -v ON_ERROR_STOP=1 -h $digests -p @port@ "$@"; }
for base in $(ask_here -d postgres -c "select datname from pg_database where datallowconn and datname <> 'template1'"); do
  write_sql | sed "s|standfast-file|$digests/$base|g" >"$digests/$base.sql"; chown postgres: "$digests/$base.sql"
  ask_here -d "$base" -f "$digests/$base.sql"
done
cat $digests/*.whole | LC_ALL=C sort >$door/digest.new
chmod 644 $door/digest.new; mv $door/digest.new $door/digest
stop_reading
wc -l <$door/digest
"""
_COMPARE = _SQL + _DIGESTS + r"""for file in $digests/*.sql; do
  while systemctl is-active -q "standfast-digest-@tag@-$(basename "$file" .sql)"; do sleep 0.2; done
  [ -e "${file%.sql}.whole" ] || { echo "the digests of $(basename "$file" .sql) are not whole" >&2; exit 1; }
done
cat $digests/*.whole | LC_ALL=C sort >"$CHANGE_DIR/saved/digest.here"
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


class MovedCluster(MovedDatabase):
    """One cluster on its way from `there` to here and, in need, back.

    keep_mib: of WAL, for the other host. catch_up_minutes: what the replica has for it.
    """

    def __init__(self, change: str, *, version: str, name: str, port: int, data: str, keep_mib: int, catch_up_minutes: int, units: Sequence[str],
                 there: Way, back: Way) -> None:
        super().__init__(change, units=units, there=there, back=back)
        tag = change.lower().replace("-", "_")
        self.unit, self.fence_touches = f"postgresql@{version}-{name}.service", (f"/etc/postgresql/{version}/{name}/start.conf",)
        self._gaps |= {
            "version": version, "name": name, "port": port, "data": data, "keep_mib": keep_mib, "near_data": there.near_data,
            "tag": tag.replace("_", "-"), "lag": LAG_BYTES, "minutes": catch_up_minutes, "replay_tries": REPLAY_S * 20}
        # names of SQL, made of the change's number: no quoting there
        self._names = {"role": f"standfast_{tag}", "slot": f"standfast_{tag}", "back": f"standfast_{tag}_back"}

    def _fill(self, text: str, **more: str | int) -> str:
        for gap, value in self._names.items():
            text = text.replace(f"@{gap}@", value)
        return super()._fill(text, **more)

    def give(self) -> str:
        """Old host: a role and a bound on the WAL that is kept for a replica."""
        return self._fill(_GIVE)

    def given(self) -> str:
        return self._fill(_SQL) + f"""[ "$(sql -c "select count(*) from pg_roles where rolname = '{self._names["role"]}' and rolreplication")" = 1 ]\n"""

    def take(self) -> str:
        """Old host: slots and role away, the bound as it was."""
        return self._fill(_TAKE)

    def taken(self) -> str:
        return self._fill(_TAKEN)

    def replicate(self) -> str:
        """New host: what lies there aside, base backup, start as a replica."""
        return self.there.reach() + self._fill(_REPLICA)

    def replicates(self) -> str:
        return self._fill(_REPLICA_PROOF)

    def drop_replica(self) -> str:
        return self.not_serving() + self._fill(_REPLICA_UNDO)

    def start_as_before(self) -> str:
        """New host, once its own configuration is back: its server as it was."""
        return self._fill(_REPLICA_START)

    def clear_packages(self) -> str:
        """New host: the clusters that PostgreSQL's package made."""
        return self._fill("""pg_lsclusters -h 2>/dev/null | awk '$1 == @version@ { print $2 }' |
  while read -r one; do pg_dropcluster --stop @version@ "$one"; done
""")

    def caught_up(self) -> str:
        return self.there.reach() + self._fill(_CAUGHT_UP)

    def make_ready(self) -> str:
        """Old host: what is in memory is written out, so that the stop is short."""
        return self._fill(_READY)

    def fence(self, meanwhile: str) -> str:
        """Old host: applications and server stopped for good, the last position noted. meanwhile: shell text that is run at the same time."""
        return self._fill(_FENCE, meanwhile_script=meanwhile)

    def fenced(self) -> str:
        return self._fill(_FENCED)

    def open(self, copy: str) -> str:
        """New host: everything is here, then the files' second pass, the turn, promotion, applications."""
        return self.there.reach() + copy + self._fill(_OPEN, ask_turn_script=ASK_TURN, digest_script=self._fill(_BEGIN_DIGESTS, sql_script=_sql()))

    def opened(self) -> str:
        return self._fill(_CAME_BACK).replace("this host serves again", "this host serves")

    def way_back_is_whole(self) -> str:
        """New host: exit 1 if going back would lose what was written since the cutover."""
        return self._fill(_SQL + _KEPT)

    def shut(self) -> str:
        """New host, on the way back: nobody writes here any more; what was written since waits for the old host."""
        role = "".join(f"    {line}\n" if line else "\n" for line in self._fill(_ROLE).splitlines())
        return self.there.ask() + self._fill(_SHUT, open_script=self.back.open(), role_script=role)

    def come_back(self, copy: str) -> str:
        """Old host: with all that was written on the new one, if it was opened; else as it was stopped."""
        follow = "".join(f"    {line}\n" if line else "\n" for line in self._fill(_FOLLOW).splitlines())
        return self.back.reach() + copy + self._fill(_COME_BACK, follow_script=follow, leave_script=self.back.leave())

    def came_back(self) -> str:
        return self._fill(_CAME_BACK)

    def read_digests(self) -> str:
        """Old host: the fenced data, read without writing to it."""
        return self._fill(_READ_DIGESTS, sql_script=_sql())

    def compare(self) -> str:
        """New host: what it had at the cutover against what the old host has."""
        return self.there.ask() + self._fill(_COMPARE, sql_script="")

    def settle(self) -> str:
        """New host: no longer a replica, and nobody may replicate from it as this change did."""
        return self._fill(_SETTLE)


def _sql() -> str:
    return _DIGEST_SQL.replace("@file@", "standfast-file")
