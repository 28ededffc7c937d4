"""A MariaDB server moved by replication: source, seed, replica, fence, opening on the new host, and the way back.

Every function returns POSIX shell text and runs nothing. It is Debian's server (mariadb.service), with its data at the same place on both hosts.

The seed is mariadb-backup's stream. Both ways it follows by GTID, whose position lies in the data themselves: a server that is killed goes on where
it was. The fence is the stopped server: a clean stop rolls back what was open, sends the last of the binary log to the replica and notes the
position beside it; a drop-in lets nobody start it. On the way back the new server is stopped in the same way and started at another socket
that only the old one knows. Who may serve is said once, by the file `turn` on the old host (peer_access).

A replica cannot make its primary prove who it is, so it reaches it by the socket, in a folder where nobody else can wait in the place of a server
that is stopped. Names of tables and events are data: what the client would read as its own commands is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tasks.operations.moved_mariadb_digest import begin_digests, compare_digests, read_fenced_digests
from tasks.operations.moved_service import MAY_SERVE, TURN, DatabaseScripts, MovedDatabase
from tasks.operations.owned import OWNED
from tasks.operations.peer_access import Way

LAG_TRANSACTIONS = 200  # so far behind a replica counts as caught up: what is left takes moments
REPLAY_S = 60
UNIT = "mariadb.service"
SETTINGS = "/etc/mysql/mariadb.conf.d"

_SQL = TURN + MAY_SERVE + OWNED + r"""owner=mysql
data=@data@; binlog=@binlog@; unit=mariadb.service; override=@override@; hidden=@hidden@
sql() {
  socket=@socket@; if grep -qs "^socket = $hidden" "$override"; then socket=$hidden; fi
  mariadb --no-defaults -N -B -r --connect-timeout=20 --socket="$socket" "$@"
}
quiet_sql() { { echo "set sql_log_bin = 0;"; cat; } | sql; }  # not in the binary log: it concerns this server alone
far() {
  through || { echo "the way to the other host is broken" >&2; return 1; }
  ( umask 077; printf '[client]\nprotocol=tcp\nhost=127.0.0.1\nport=@near_data@\nuser=@role@\npassword=%s\n' \
      "$(cat "$CHANGE_DIR/saved/peer.secret")" >"$CHANGE_DIR/saved/peer.cnf" )
  mariadb --defaults-file="$CHANGE_DIR/saved/peer.cnf" -N -B --connect-timeout=20 "$@"
}
write_override() {  # further lines from stdin
  { printf '# Of change @change@.\n[mariadbd]\n'; cat; } >"$override.new"; chmod 644 "$override.new"; sync "$override.new"; mv "$override.new" "$override"
}
hide() { printf 'skip_networking = ON\nsocket = %s\nread_only = ON\nevent_scheduler = OFF\n' "$hidden"
  printf 'loose_binlog_expire_logs_seconds = 0\nexpire_logs_days = 0\n'; }  # nothing that the other one needs goes away
is_up() { n=0; until sql -e 'select 1' >/dev/null 2>&1; do
  n=$((n + 1)); [ $n -lt 300 ] || { echo "MariaDB does not answer" >&2; return 1; }; sleep 0.2; done; }
begin() { systemctl daemon-reload; systemctl reset-failed $unit 2>/dev/null || :; systemctl restart $unit; is_up; }
follow() {  # as a replica of the other one
  { echo "set sql_log_off = 1; set slow_query_log = 0;"
    printf "change master to master_host = '127.0.0.1', master_port = @near_data@, master_user = '@role@', master_password = '%s',
      master_use_gtid = slave_pos, master_connect_retry = 1, master_heartbeat_period = 2;\n" "$(cat "$CHANGE_DIR/saved/peer.secret")"
    echo "start slave;"; } | sql
}
slave() { sql --column-names -e 'show slave status\G' 2>/dev/null | sed -n "s/^ *$1: //p"; }
said_of_slave() { echo "replication: $(slave Last_IO_Error) $(slave Last_SQL_Error)"; }
dormant() { sql -e "select concat('\`', replace(event_schema, '\`', '\`\`'), '\`.\`', replace(event_name, '\`', '\`\`'), '\`') from information_schema.events
  where status = 'SLAVESIDE_DISABLED' and not ($odd)"; }
odd="concat(event_schema, event_name) regexp '[[:cntrl:]]' or instr(concat(event_schema, event_name), char(92))"
no_odd_names() {
  [ "$(sql -e "select count(*) from information_schema.events where $odd
    union all select count(*) from information_schema.tables where $(printf '%s' "$odd" | sed 's/event_/table_/g')" | sort -u)" = 0 ] ||
    { echo "a table or an event has a name with a backslash or signs that cannot be printed; rename it" >&2; exit 1; }
}
wake_events() {  # events that were made on the other server since sleep here; those that slept before go on sleeping
  dormant | grep -vxF -f "$CHANGE_DIR/saved/dormant" | sed 's/^/alter event /; s/$/ enable;/' | quiet_sql
}
"""

# The server gets what it checks a password by, never the password.
_ROLE = r"""verifier() { perl -MDigest::SHA=sha1,sha1_hex -e 'my $p = <STDIN>; chomp $p; print "*", uc sha1_hex(sha1($p))'; }
{ echo "set sql_log_off = 1; set slow_query_log = 0;"
  printf "create or replace user '@role@'@'localhost' identified by password '%s' with max_user_connections 8;\n" "$(verifier <"$door/secret")"
  echo "grant replication slave on *.* to '@role@'@'localhost';"; } | quiet_sql
"""
# One backup for every reader that asks: each has a pipe of its own, so what an earlier one left unread spoils nothing.
_SEED = r"""cd @door_script@ || exit 1
exec 3<>seed.ask
while read -r id <&3; do
  case $id in ''|*[!0-9]*) continue ;; esac
  [ ! -L "seed.$id" ] && [ -p "seed.$id" ] || continue
  { mariadb-backup --backup --stream=mbstream --user=root --socket=@socket@ --datadir=@data@ >"seed.$id" 3>&-; rm -f "seed.$id"; } &
done
"""
_GIVE = _SQL + _ROLE + r"""cat >"$CHANGE_DIR/saved/seed" <<'END'
@seed_script@END
cd $door
[ -p seed.ask ] || { rm -f seed.ask; mkfifo -m 600 seed.ask; chown --reference=. seed.ask; }
systemctl is-active -q standfast-seed-@tag@ || { systemctl reset-failed standfast-seed-@tag@ 2>/dev/null || :
  systemd-run --quiet --collect --unit=standfast-seed-@tag@ -p LimitNOFILE=65536 sh "$CHANGE_DIR/saved/seed"; }
"""
_GIVEN = _SQL + r"""[ "$(sql -e "select count(*) from mysql.user where user = '@role@' and repl_slave_priv = 'Y'")" = 1 ]
systemctl is-active standfast-seed-@tag@
"""
_END_SEED = r"""systemctl stop standfast-seed-@tag@ 2>/dev/null || :
rm -f $door/seed.*
"""
_TAKE = _SQL + _END_SEED + r"""is_up
echo "drop user if exists '@role@'@'localhost';" | quiet_sql
"""
_TAKEN = _SQL + r"""[ "$(sql -e "select count(*) from mysql.user where user = '@role@'")" = 0 ]
! systemctl is-active -q standfast-seed-@tag@
echo "no role of this change is left"
"""

_REPLICA = _SQL + r"""SAVED="$CHANGE_DIR/saved/server"
umask 077; mkdir -p "$SAVED"
reach
outside() { case $binlog in "$data"/*) false ;; esac; }
if [ ! -e "$SAVED/aside" ] && outside && [ -e "$binlog.index" ]; then
  echo "binary logs of another server lie at $binlog; move them away first" >&2; exit 1
fi
[ -e "$SAVED/enabled" ] || { systemctl is-enabled $unit >"$SAVED/enabled.new" || :; mv "$SAVED/enabled.new" "$SAVED/enabled"; }
[ -e "$SAVED/was" ] || { systemctl is-active $unit >"$SAVED/was.new" || :; mv "$SAVED/was.new" "$SAVED/was"; }
systemctl enable --quiet $unit
systemctl stop $unit
# what lay here is put aside, not removed
if [ ! -e "$SAVED/aside" ]; then
  [ ! -e "$data" ] || in_place mv -T "$data" "$data.before-standfast"
  sync; : >"$SAVED/aside"
fi
in_place rm -rf "$data"
cd /
if outside; then rm -f "$binlog".*; install -d -o mysql -g adm -m 2750 "${binlog%/*}"; fi
make_folder 755 "$data"
{ ask seed || echo "the old host's backup ended early" >&2; } | as_owner mbstream -x -C "$data" || { echo "the backup did not arrive whole" >&2; exit 1; }
[ -s "$data/xtrabackup_checkpoints" ] || { echo "the backup did not arrive whole; see the journal of standfast-seed-@tag@ on the old host" >&2; exit 1; }
as_owner mariadb-backup --prepare --target-dir="$data" >"$SAVED/prepare.log" 2>&1 || { tail -n 5 "$SAVED/prepare.log" >&2; exit 1; }
position=$(as_owner cut -f3 "$data/xtrabackup_binlog_info"); is_position "$position"
as_owner rm -f "$data"/xtrabackup_* "$data"/mariadb_backup_* "$data"/backup-my.cnf
printf '%s' @upgraded@ | fill_as_owner "$data/mysql_upgrade_info"  # these are the system tables of this very version
as_owner touch "$data/debian-@series_script@.flag"
umask 022
write_override <<'END'
server_id = @server_id@
log_slave_updates = ON
read_only = ON
event_scheduler = OFF
END
umask 077
begin
[ "$(sql -e 'select @@server_id')" = @server_id@ ] || { echo "MariaDB here does not read $override" >&2; exit 1; }
echo "drop user if exists '@role@'@'localhost';" | quiet_sql
sql -e "reset master; set global gtid_binlog_state = '$position'"  # its own log goes on where the old one's was, so that the old one can follow it later
sql -e "set global gtid_slave_pos = '$position'"
dormant >"$CHANGE_DIR/saved/dormant"
follow
"""
_REPLICA_PROOF = _SQL + r"""n=0; until [ "$(slave Slave_IO_Running) $(slave Slave_SQL_Running)" = "Yes Yes" ]; do
  n=$((n + 1)); [ $n -lt 300 ] || { said_of_slave >&2; echo "the replica does not follow" >&2; exit 1; }; sleep 0.1; done
[ "$(sql -e 'select @@read_only, @@event_scheduler')" = "1	OFF" ]
echo "the replica follows"
"""
# Never while this host may be the one that serves: see `not_serving`.
_REPLICA_UNDO = _SQL + r"""SAVED="$CHANGE_DIR/saved/server"
[ -e "$SAVED/was" ] || { echo "nothing was done"; exit 0; }
systemctl stop $unit
if [ -e "$SAVED/aside" ]; then
  kept="$data.served-$(date +%s)"
  if [ -e "$CHANGE_DIR/saved/promoted" ] && [ -e "$data" ]; then in_place mv -T "$data" "$kept"; else in_place rm -rf "$data"; fi
  case $binlog in "$data"/*) ;; *)
    [ ! -d "$kept" ] || find "${binlog%/*}" -maxdepth 1 -name "${binlog##*/}.*" -exec mv {} "$kept" \;
    rm -f "$binlog".* ;;
  esac
  [ ! -e "$data.before-standfast" ] || in_place mv -T "$data.before-standfast" "$data"
  rm -f "$SAVED/aside"
fi
rm -f "$override" "$override.new"
[ "$(cat "$SAVED/enabled")" != disabled ] || systemctl disable --quiet $unit
if [ "$(cat "$SAVED/was")" = active ] && [ -e "$data" ]; then echo active; else echo inactive; fi >"$SAVED/wanted"
"""
_REPLICA_START = _SQL + r"""SAVED="$CHANGE_DIR/saved/server"
if [ "$(cat "$SAVED/wanted" 2>/dev/null)" = active ]; then systemctl reset-failed $unit 2>/dev/null || :; systemctl start $unit; fi
"""
_CLEAR = _SQL + r"""systemctl stop $unit 2>/dev/null || :
rm -rf "$data"
"""

# Transactions by which the first position is ahead of the second, over all domains.
_CAUGHT_UP = _SQL + r"""reach
behind() { printf '%s\n%s\n' "$1" "$2" | awk -F, '{ for (i = 1; i <= NF; i++) { split($i, g, "-"); if (NR == 1) there[g[1]] = g[3]; else here[g[1]] = g[3] } }
  END { for (d in there) if (there[d] > here[d] + 0) sum += there[d] - here[d]; print sum + 0 }'; }
uptime_s() { cut -d . -f 1 /proc/uptime; }
good=0; end_s=$(($(uptime_s) + 60 * @minutes@))
while [ $good -lt 3 ]; do
  is_up  # it may just have been killed, and goes on where it was
  end=$(far -e 'select @@gtid_binlog_pos')
  lag=$(behind "$end" "$(sql -e 'select @@gtid_slave_pos')")
  [ ! "$(slave Last_SQL_Error)" ] || { said_of_slave >&2; echo "the replica does not follow any more" >&2; exit 1; }
  if [ "$lag" -le @lag@ ] && [ "$(slave Slave_IO_Running) $(slave Slave_SQL_Running)" = "Yes Yes" ]; then good=$((good + 1)); else good=0; fi
  [ $good != 0 ] || [ "$(uptime_s)" -lt $end_s ] || {
    said_of_slave >&2; echo "the replica is $lag transactions behind and does not catch up" >&2; exit 1; }
  [ $good = 3 ] || sleep 0.5
done
echo "the replica is $lag transactions behind"
"""

_FENCE = _SQL + r"""drop=/etc/systemd/system/$unit.d/standfast-fence.conf
if systemctl is-active -q $unit; then
  no_odd_names
  replica="information_schema.processlist where user = '@role@' and command like 'Binlog Dump%'"
  [ "$(sql -e "select count(*) from $replica")" != 0 ] || { echo "no replica is connected; nothing was stopped" >&2; exit 1; }
  n=0; until [ "$(sql -e "select count(*) from $replica and state like '%has sent all binlog%'")" != 0 ]; do
    n=$((n + 1)); [ $n -lt 200 ] || { echo "the replica has fallen behind again; nothing was stopped" >&2; exit 1; }; sleep 0.05; done
fi
if [ ! -e "$CHANGE_DIR/saved/stopped" ]; then  # the way back needs both, and the stopped server cannot tell them any more
  dormant >"$CHANGE_DIR/saved/dormant"; sql -e 'select @@gtid_slave_pos' >"$CHANGE_DIR/saved/slave_pos"
  sync "$CHANGE_DIR/saved/dormant" "$CHANGE_DIR/saved/slave_pos"
  : >"$CHANGE_DIR/saved/stopped"; sync "$CHANGE_DIR/saved/stopped"
fi
@end_seed_script@
mkdir -p "${drop%/*}"
printf '# Of change @change@: this server has moved.\n[Unit]\nAssertPathExists=/var/lib/standfast/moved-away\n' >"$drop.new"
sync "$drop.new"; mv "$drop.new" "$drop"; systemctl daemon-reload  # nobody starts it by mistake, nor does the machine
meanwhile() { :
@meanwhile_script@
}
meanwhile & beside=$!
systemctl stop @units_script@
if systemctl is-active -q $unit; then
  sql -e "set global innodb_fast_shutdown = 1"
  # the last of the binary log goes to the replica before the connection ends
  timeout 60 mariadb --no-defaults --socket=@socket@ -e "shutdown wait for all slaves" || :
  n=0; while [ "$(systemctl is-active $unit || :)" = active ] && [ $n -lt 1200 ]; do n=$((n + 1)); sleep 0.05; done
fi
systemctl stop $unit
[ "$(systemctl show -p Result --value $unit)" = success ] || { echo "MariaDB was not shut down cleanly" >&2; exit 1; }
[ "$binlog.state" -nt "$CHANGE_DIR/saved/stopped" ] || { echo "MariaDB did not note its last position" >&2; exit 1; }
# of each domain the last line is the newest
awk -F- '{ last[$1] = $0 } END { for (d in last) printf "%s%s", (n++ ? "," : ""), last[d]; print "" }' "$binlog.state" >$door/fenced.new
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
systemctl is-active -q $unit || begin
if [ ! -e "$CHANGE_DIR/saved/promoted" ]; then
  fenced=$(ask fenced); is_position "$fenced"
  (umask 022; copy) & files=$!
  [ "$(sql -e "select master_gtid_wait('$fenced', @replay_s@)")" = 0 ] || {
    said_of_slave >&2; echo "the replica did not receive the old server's last position $fenced" >&2; exit 1; }
  wait $files || { echo "the files' second pass failed" >&2; exit 1; }
  sql -e "stop slave; flush binary logs"
  sql -e "show master status" | cut -f1 >"$CHANGE_DIR/saved/home.new"; mv "$CHANGE_DIR/saved/home.new" "$CHANGE_DIR/saved/home"  # from here on it is ours
@ask_turn_script@fi
sql -e "stop slave; reset slave all"
wake_events
@digest_script@
: >"$CHANGE_DIR/saved/opened"
umask 022
write_override <<'END'
server_id = @server_id@
log_slave_updates = ON
END
sql -e "set global read_only = OFF"
[ @scheduler@ != ON ] || sql -e "set global event_scheduler = ON"
@start_script@
"""

# The binary log since the cutover, of which the first file is `home`; older ones go first.
_KEPT = r"""if may_serve && [ ! -e "$CHANGE_DIR/saved/shut" ]; then
  home=$(cat "$CHANGE_DIR/saved/home")
  { [ -s "${binlog%/*}/$home" ] && grep -q "/$home\$\|^$home\$" "$binlog.index"; } || {
    echo "the binary log since the cutover is no longer whole ($home is gone): no way back keeps what was written since; nothing was stopped" >&2; exit 1; }
fi
"""
_SHUT = _SQL + r"""back=never
if may_serve; then old_host_listens; fi
""" + _KEPT + r"""if may_serve; then
  @open_script@
  systemctl stop @units_script@
  if [ ! -e "$CHANGE_DIR/saved/shut" ]; then
    systemctl is-active -q $unit || begin
@role_script@
    # only the old host's server gets in, from here on
    { printf 'server_id = @server_id@\nlog_slave_updates = ON\n'; hide; } | write_override
    : >"$CHANGE_DIR/saved/shut"; sync "$CHANGE_DIR/saved/shut"
  fi
  begin
  sql -e "stop slave; reset slave all"
  back=$(sql -e "select @@gtid_binlog_pos")
else
  systemctl stop @units_script@ $unit  # it never served, or serves no more
fi
tell_how_left "$back"
"""

_COME_BACK = _SQL + r"""drop=/etc/systemd/system/$unit.d/standfast-fence.conf
may_start() { rm -f "$drop" "$drop.new"; rmdir "${drop%/*}" 2>/dev/null || :; }
if [ -e "$CHANGE_DIR/saved/stopped" ]; then
  returned=$(how_left)
  if [ "$returned" = never ]; then
    hand_turn source
    may_start
    systemctl daemon-reload; systemctl reset-failed $unit 2>/dev/null || :; systemctl start $unit; is_up
  else
    @follow_script@
    hand_turn source
    if [ -e "$override" ]; then
      sql -e "stop slave; reset slave all; set global gtid_slave_pos = '$(cat "$CHANGE_DIR/saved/slave_pos")'"
      wake_events
      rm -f "$override" "$override.new"
    fi
    begin
  fi
  rm -f $door/fenced "$CHANGE_DIR/saved/stopped"
else
  echo "this host has come back, or nothing was stopped"
fi
@start_script@
@leave_script@
"""
# Nobody gets in before it has everything.
_FOLLOW = r"""umask 077
rm -f "$CHANGE_DIR/saved/peer.secret" "$CHANGE_DIR/saved/peer.files"
reach
umask 022
may_start
if [ ! -e "$CHANGE_DIR/saved/followed" ]; then
  { printf 'log_slave_updates = ON\n'; hide; } | write_override
  begin
  if [ ! "$(slave Master_Host)" ]; then
    fenced=$(cat $door/fenced); is_position "$fenced"
    sql -e "set global gtid_slave_pos = '$fenced'"
    follow
  fi
  n=0; until [ "$(sql -e "select master_gtid_wait('$returned', 10)")" = 0 ]; do
    n=$((n + 1)); [ $n -lt 360 ] && [ ! "$(slave Last_SQL_Error)" ] || {
      said_of_slave >&2; echo "this host does not receive what was written on the new one" >&2; exit 1; }
    is_up
  done
  (copy)
  : >"$CHANGE_DIR/saved/followed"; sync "$CHANGE_DIR/saved/followed"
fi
if [ -e "$override" ] && ! systemctl is-active -q $unit; then begin; fi
"""
_CAME_BACK = _SQL + r"""[ "$(sql -e 'select @@read_only')" = 0 ]
for one in @units_script@ $unit; do systemctl is-active -q "$one"; done
echo "this host serves again"
"""
_SETTLE = _SQL + r"""[ ! "$(slave Master_Host)" ]
rm -f "$CHANGE_DIR/saved/peer.cnf"
echo "it follows nobody"
"""


def hidden_socket(change: str) -> str:
    """Of a server that nobody but this change is to reach."""
    return f"/run/mysqld/{change.lower()}.sock"


@dataclass(frozen=True)
class Server:
    """The old host's server as it runs. version: as the package says, "10.11.18"; binlog: path of its binary logs without number."""

    version: str
    port: int
    data: str
    socket: str
    binlog: str
    server_id: int
    scheduler: str


class MovedMariaDB(MovedDatabase):
    """One server on its way from `there` to here and, in need, back.

    catch_up_minutes: what the replica has for it.
    """

    scripts = DatabaseScripts(
        sql=_SQL, role=_ROLE, given=_GIVEN, take=_TAKE, taken=_TAKEN, replica=_REPLICA, replica_proof=_REPLICA_PROOF, replica_undo=_REPLICA_UNDO,
        replica_start=_REPLICA_START, caught_up=_CAUGHT_UP, fenced=_FENCED, open=_OPEN, kept=_KEPT, shut=_SHUT, come_back=_COME_BACK, follow=_FOLLOW,
        came_back=_CAME_BACK, settle=_SETTLE)

    def __init__(self, change: str, server: Server, *, catch_up_minutes: int, units: Sequence[str], there: Way, back: Way) -> None:
        super().__init__(change, units=units, there=there, back=back)
        tag = change.lower()
        self.unit, self.fence_touches = UNIT, (f"/etc/systemd/system/{UNIT}.d/standfast-fence.conf",)
        self._gaps |= {
            "change": change, "tag": tag, "hidden": hidden_socket(change), "data": server.data, "socket": server.socket, "binlog": server.binlog,
            "override": f"{SETTINGS}/zz-standfast-{tag}.cnf", "server_id": server.server_id % 4294967295 + 1, "scheduler": server.scheduler,
            "upgraded": f"{server.version}-MariaDB", "series_script": ".".join(server.version.split(".")[:2]), "near_data": there.near_data,
            "lag": LAG_TRANSACTIONS, "minutes": catch_up_minutes, "replay_s": REPLAY_S}
        self._role = f"standfast_{tag.replace('-', '_')}"  # made of the change's number: no quoting

    def _fill(self, text: str, **more: str | int) -> str:
        # variables of SQL begin with @@, which is no gap
        return super()._fill(text.replace("@role@", self._role).replace("@@", "\0"), **more).replace("\0", "@@")

    def give(self) -> str:
        """Old host: a role, and a backup for whoever asks with the change's key."""
        return self._fill(_GIVE, seed_script=self._fill(_SEED))

    def clear_packages(self) -> str:
        return self._fill(_CLEAR)

    def make_ready(self) -> str:
        """Old host: what would stop the comparison, while it stops nothing."""
        return self._fill(_SQL) + "no_odd_names\n"

    def fence(self, meanwhile: str) -> str:
        """Old host: applications and server stopped for good, the last position noted. meanwhile: shell text that is run at the same time."""
        return self._fill(_FENCE, end_seed_script=self._fill(_END_SEED), meanwhile_script=meanwhile)

    def begin_digests(self) -> str:
        return self._fill(begin_digests())

    def read_digests(self) -> str:
        return self._fill(_SQL + read_fenced_digests())

    def compare(self) -> str:
        return self.there.ask() + self._fill(_SQL + compare_digests())
