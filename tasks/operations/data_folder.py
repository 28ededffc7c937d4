"""A database server's data folder: built anew from a backup beside the one that is there, then put in its place by two renames.

The folder that was there is renamed and never deleted: it is evidence, holds what was written after the recovery point, and is the way back.

    <data>                          in use
    <data>.standfast-<change>       built from the backup, recovered, shut down cleanly; the server in use goes on meanwhile
    <data>.before-<change>          what was in use before the switch
    <data>.after-<change>           what the restore had brought, if it was taken back

Sources: PostgreSQL 26.3.5 (recovering a continuous archive), 20.5.5 (recovery target), rename(2), mariadb-install-db(1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from shlex import quote
from typing import Literal

from reports.records import BackedUpServer, Step, Text
from tasks.operations.owned import OWNED
from tasks.operations.scripts import fill

LONG_S = 6 * 3600


@dataclass(frozen=True)
class Until:
    """How far PostgreSQL's log is followed. kind: "backup" to the end of the base backup, "point" a named restore point, "time" just before a moment
    (UTC, as "2026-11-23 10:15:00+00"), "end" as far as there is log. shown: the moment as people read it."""

    kind: Literal["backup", "point", "time", "end"] = "end"
    value: str = ""
    shown: str = ""

    def said(self) -> Text:
        if self.kind == "time":
            return Text(zh=f"{self.shown or self.value} 之前一刻", en=f"just before {self.shown or self.value}")
        if self.kind == "point":
            return Text(zh=f"还原点 {self.value}", en=f"restore point {self.value}")
        if self.kind == "backup":
            return Text(zh="基础备份结束时", en="the end of the base backup")
        return Text(zh="现存日志的末尾", en="the end of the log that is there")

    def settings(self) -> str:
        if self.kind == "time":
            return f"recovery_target_time = '{self.value}'\nrecovery_target_inclusive = off\nrecovery_target_action = promote\n"
        if self.kind == "point":
            return f"recovery_target_name = '{self.value}'\nrecovery_target_action = promote\n"
        return ""


_PLACES = """\
data=@data@
new=@new@
before=@before@
after=@after@
run=@run@
owner=@owner@
mark=$CHANGE_DIR/saved/@slug@
as() { runuser -u "$owner" -- "$@"; }
""" + OWNED


def _places(change: str, server: BackedUpServer) -> str:
    return fill(_PLACES, data=server.data, new=f"{server.data}.standfast-{change}", before=f"{server.data}.before-{change}",
                after=f"{server.data}.after-{change}", run=f"{server.data}.standfast-{change}.run", owner=server.owner, slug=_slug(server))


def _slug(server: BackedUpServer) -> str:
    return server.name.replace("/", "-").lower()


def called(server: BackedUpServer) -> str:
    return f"PostgreSQL {server.name}" if server.engine == "postgresql" else "MariaDB"


# --- built beside ---------------------------------------------------------------------------------------------------------

# The server that builds: no network, a socket in a folder of its own, none of the real one's settings.
_PG_PRIVATE = """\
bin=/usr/lib/postgresql/@major@/bin
end_private() {
  if [ -e "$new/postmaster.pid" ]; then as "$bin/pg_ctl" -D "$new" -s -m immediate -t 60 stop || :; fi
}
"""

_PG_PREPARE = """\
umask 077
mkdir -p "$CHANGE_DIR/saved"
end_private
in_place rm -rf -- "$new" "$run"
trap end_private EXIT
trap 'exit 143' HUP INT TERM
make_folder 700 "$new"
make_folder 700 "$run"
as mkdir -m 700 "$run/log"
as tar -x -z -f - -C "$new" <"$CHANGE_DIR/media/@base@"
for log in @logs_script@; do as tar -x -z -f - -C "$run/log" <"$CHANGE_DIR/media/$log"; done
# where a segment of the log is looked for: in the backups, then where the server itself keeps it
fill_as_owner "$run/fetch" <<'FETCH'
for place in @places_script@; do if [ -f "$place/$1" ]; then exec cp "$place/$1" "$2"; fi; done
exit 1
FETCH
echo 'local all all peer' | fill_as_owner "$run/pg_hba.conf"
as touch "$run/pg_ident.conf"
fill_as_owner "$run/postgresql.conf" <<SETTINGS
hba_file = '$run/pg_hba.conf'
ident_file = '$run/pg_ident.conf'
listen_addresses = ''
unix_socket_directories = '$run'
port = 5432
restore_command = 'sh "$run/fetch" "%f" "%p"'
@until_script@hot_standby = off
archive_mode = off
autovacuum = off
shared_buffers = 128MB
max_prepared_transactions = 256
max_wal_size = 4GB
log_min_messages = log
lc_messages = 'C'
log_timezone = 'UTC'
SETTINGS
# its own settings, said by ALTER SYSTEM, come back when it is recovered
if [ -e "$new/postgresql.auto.conf" ]; then as mv -T "$new/postgresql.auto.conf" "$new/postgresql.auto.conf.kept"; fi
as touch "$new/postgresql.auto.conf" "$new/recovery.signal"
as "$bin/pg_ctl" -D "$new" -s -w -t 300 -l "$run/server.log" -o "-c config_file='$run/postgresql.conf'" start || :
# it answers once it has recovered all there is to recover
until [ "$(as "$bin/psql" -h "$run" -p 5432 -d postgres -XAtqwc 'select not pg_is_in_recovery()' 2>/dev/null)" = t ]; do
  if ! as "$bin/pg_ctl" -D "$new" status >/dev/null; then
    echo "the backup cannot be recovered:" >&2; as grep -E 'FATAL|PANIC|ERROR' "$run/server.log" | tail -n 5 >&2; exit 1
  fi
  sleep 0.2
done
{ as grep -E 'recovery stopping|last completed transaction|redo (starts|done)|selected new timeline' "$run/server.log" || :; } | tee "$mark.recovered"
as "$bin/pg_ctl" -D "$new" -s -w -m fast -t 600 stop
as rm -f "$new/postgresql.auto.conf"
if [ -e "$new/postgresql.auto.conf.kept" ]; then as mv -T "$new/postgresql.auto.conf.kept" "$new/postgresql.auto.conf"; fi
as "$bin/initdb" --sync-only -D "$new" >/dev/null
sync -f "$new"
in_place rm -rf -- "$run"
: >"$mark.prepared"
sync "$mark.prepared"
"""

_PG_WHOLE = """\
state=$(LC_ALL=C "$bin/pg_controldata" -D "$new" | sed -n 's/^Database cluster state: *//p')
[ "$state" = "shut down" ] || { echo "the recovered folder is: $state" >&2; exit 1; }
[ ! -e "$new/recovery.signal" ]
cat "$mark.recovered"
"""

_MY_PRIVATE = """\
server=$(command -v mariadbd || command -v mysqld)
client=$(command -v mariadb || command -v mysql)
end_private() {
  # the number alone may belong to another process by now
  if [ -s "$run/pid" ] && pid=$(cat "$run/pid") && [ "$(readlink "/proc/$pid/cwd")" = "$new" ]; then
    kill "$pid" || :
    n=0; while [ -e "/proc/$pid" ] && [ $n -lt 600 ]; do sleep 0.5; n=$((n + 1)); done
  fi
}
"""

_MY_PREPARE = """\
umask 077
mkdir -p "$CHANGE_DIR/saved"
end_private
in_place rm -rf -- "$new" "$run"
trap end_private EXIT
trap 'exit 143' HUP INT TERM
if "$server" --print-defaults | grep -qE -- '--innodb[-_](data[-_]home[-_]dir|log[-_]group[-_]home[-_]dir|undo[-_]directory)'; then
  echo "InnoDB keeps files outside the data folder here; restore this server by hand" >&2; exit 1
fi
make_folder 700 "$new"
make_folder 700 "$run"
builder=$(command -v mariadb-install-db || command -v mysql_install_db)
"$builder" --user="$owner" --datadir="$new" --skip-test-db --auth-root-authentication-method=socket >"$mark.install.log" 2>&1 || {
  tail -n 5 "$mark.install.log" >&2; exit 1; }
as "$server" --datadir="$new" --socket="$run/socket" --pid-file="$run/pid" --log-error="$run/server.log" --skip-networking --skip-log-bin \\
  --skip-slave-start --event-scheduler=OFF >/dev/null 2>&1 &
n=0
until "$client" --socket="$run/socket" -u root -e 'select 1' >/dev/null 2>&1; do
  n=$((n + 1)); [ $n -le 240 ] || { echo "the new server does not start:" >&2; as tail -n 5 "$run/server.log" >&2; exit 1; }
  sleep 0.5
done
gzip -dc "$CHANGE_DIR/media/@dump@" | "$client" --socket="$run/socket" -u root --binary-mode --default-character-set=utf8mb4
# the accounts replace root's own, too: so another one, which goes again, brings them back
MYSQL_PWD=$(head -c 24 /dev/urandom | base64); export MYSQL_PWD
echo "create or replace user standfast_restore@localhost identified by '$MYSQL_PWD'; grant all on *.* to standfast_restore@localhost with grant option;
  grant proxy on ''@'%' to standfast_restore@localhost with grant option" | "$client" --socket="$run/socket" -u root
gzip -dc "$CHANGE_DIR/media/@accounts@" | "$client" --socket="$run/socket" -u standfast_restore
unset MYSQL_PWD
"$client" --socket="$run/socket" -u root -e 'drop user standfast_restore@localhost; flush privileges'
end_private
as grep -qi 'shutdown complete' "$run/server.log" || { echo "the new server did not end cleanly:" >&2; as tail -n 5 "$run/server.log" >&2; exit 1; }
as chmod 755 "$new"
sync -f "$new"
in_place rm -rf -- "$run"
: >"$mark.prepared"
sync "$mark.prepared"
"""

_ROOM = """\
# beside the present folder there must be room for the new one
kib=@kib@
beside=$(dirname "$data"); while [ ! -d "$beside" ]; do beside=$(dirname "$beside"); done  # the failure may have taken more than the folder
free=$(df -Pk "$beside" | awk 'NR == 2 { print $4 }')
[ "$free" -ge "$kib" ] || { echo "$beside has $free KiB free, the restored data needs $kib KiB; make room, the old data is kept" >&2; exit 1; }
if mountpoint -q "$data"; then echo "$data is a mount point and cannot be renamed; restore by hand" >&2; exit 1; fi
"""


def build_step(number: int, target: str, change: str, server: BackedUpServer, *, base: str, logs: Sequence[str] = (), accounts: str = "",
               until: Until | None = None, from_host: bool = True, kib: int = 0, time_limit_s: int = LONG_S) -> Step:
    """The data folder built beside the one in use: base backup and log up to `until`, or the dump; the server in use goes on.

    base: name of the base backup's or the dump's file. logs: names of the files with its log, oldest first. from_host: also what log the host still has.
    kib: what the restored data takes.
    """
    postgresql = server.engine == "postgresql"
    until = until or Until()
    head = _places(change, server) + (fill(_PG_PRIVATE, major=server.name.partition("/")[0]) if postgresql else _MY_PRIVATE)
    if postgresql:
        places = [f"{server.data}.standfast-{change}.run/log"] + [f"{server.data}{end}/pg_wal" for end in ("", f".before-{change}") if from_host]
        command = fill(_PG_PREPARE, base=base, until_script=until.settings(), logs_script=" ".join(map(quote, logs)),
                       places_script=" ".join(map(quote, places)))
    else:
        command = fill(_MY_PREPARE, dump=base, accounts=accounts)
    to = until.said() if postgresql else Text(zh="备份时的状态", en="the time of the backup")
    return Step(
        number=number, key=f"build-{_slug(server)}", target=target,
        title=Text(zh=f"在现有数据旁由备份重建 {called(server)} 的数据，恢复至{to.zh}",
                   en=f"Build the data of {called(server)} from the backup beside the present, up to {to.en}"),
        probe=head + """\
if [ -e "$mark.prepared" ] && { [ -e "$new" ] || [ -e "$before" ]; }; then echo DONE
elif [ -e "$new" ] || [ -e "$run" ]; then echo PARTIAL
else echo ABSENT; fi
""",
        holds_before=head + fill(_ROOM, kib=kib),
        command=head + command,
        proof=head + """\
[ -e "$mark.prepared" ]
if [ ! -e "$new" ] && [ -e "$before" ]; then echo "it is in its place"; exit 0; fi
""" + (_PG_WHOLE if postgresql else """[ -s "$new/ibdata1" ]\n"""),
        undo=head + """end_private\nin_place rm -rf -- "$new" "$run"\nrm -f -- "$mark.prepared"\n""",
        undo_proof=head + """[ ! -e "$new" ] && [ ! -e "$run" ]\n""",
        expected=Text(zh="新的数据目录完整且已正常关闭，现有数据未动", en="the new data folder is whole and cleanly shut down; the present one is untouched"),
        changes=False, time_limit_s=time_limit_s)


# --- put in its place -----------------------------------------------------------------------------------------------------

_PG_CONTROL = """\
running() { case $(pg_lsclusters -h @major@ @name@ | awk '{ print $4 }') in online*) return 0 ;; *) return 1 ;; esac; }
halt() {
  systemctl stop @unit@ 2>/dev/null || :
  if running; then pg_ctlcluster --force @major@ @name@ stop || :; fi
  if running; then echo "the server does not stop" >&2; exit 1; fi
}
begin() {
  systemctl reset-failed @unit@ 2>/dev/null || :
  systemctl start @unit@ 2>/dev/null || pg_ctlcluster @major@ @name@ start
}
answers() {
  said=$(runuser -u "$owner" -- env PGCLUSTER=@cluster@ PGCONNECT_TIMEOUT=5 psql -XAtqc 'select not pg_is_in_recovery()' -d postgres 2>/dev/null)
  [ "$said" = t ]
}
"""

_MY_CONTROL = """\
unit=mariadb.service; [ "$(systemctl show -p LoadState --value $unit)" = loaded ] || unit=mysql.service
running() { systemctl is-active --quiet $unit; }
halt() {
  systemctl stop $unit || :
  if running || pgrep -x -u "$owner" 'mariadbd|mysqld' >/dev/null; then echo "the server does not stop" >&2; exit 1; fi
}
begin() { systemctl reset-failed $unit 2>/dev/null || :; systemctl start $unit; }
answers() { $(command -v mariadb || command -v mysql) -N -B -e 'select 1' >/dev/null 2>&1; }
"""

_SETTLED = """\
n=0; until answers; do n=$((n + 1)); [ $n -lt 120 ] || { echo "the server does not answer" >&2; exit 1; }; sleep 0.5; done
"""


def switch_step(number: int, target: str, change: str, server: BackedUpServer) -> Step:
    """The server stops, the present folder is renamed, the new one takes its place, the server starts. Undo: the same renames backwards."""
    if server.engine == "postgresql":
        major, _, name = server.name.partition("/")
        control = fill(_PG_CONTROL, major=major, name=name, unit=f"postgresql@{major}-{name}.service", cluster=server.name)
    else:
        control = _MY_CONTROL
    head = _places(change, server) + control
    return Step(
        number=number, key=f"switch-{_slug(server)}", target=target,
        title=Text(zh=f"切换 {called(server)} 至恢复的数据，原数据目录改名保留",
                   en=f"Switch {called(server)} to the restored data; the old folder is renamed and kept"),
        probe=head + """\
if [ -e "$before" ] && [ ! -e "$new" ] && [ -e "$data" ] && answers; then echo DONE
elif [ -e "$mark.was" ]; then echo PARTIAL
else echo ABSENT; fi
""",
        holds_before=head + """[ -e "$mark.prepared" ] && { [ -e "$new" ] || [ -e "$before" ]; }\n""",
        command=head + """\
# whether it ran before, for the way back
if [ ! -e "$mark.was" ]; then
  if running; then echo running; else echo stopped; fi >"$mark.was.new"; sync "$mark.was.new"; mv "$mark.was.new" "$mark.was"
fi
halt
if [ -e "$new" ]; then
  # cut off between the renames, there is no present folder: then only the second is left to do
  if [ -e "$data" ]; then
    if [ -e "$before" ]; then echo "both $data and $before are there" >&2; exit 1; fi
    in_place mv -T "$data" "$before"
  elif [ ! -e "$before" ]; then
    make_folder 700 "$before"  # all of it had gone; an empty folder stands for that
  fi
  in_place mv -T "$new" "$data"
  sync -f "$(dirname "$data")"
fi
begin
""" + _SETTLED,
        proof=head + _SETTLED + """[ -e "$before" ] && [ ! -e "$new" ]\necho "the old data is kept in $before"\n""",
        undo=head + """\
if [ ! -e "$mark.was" ]; then echo "nothing was switched"; exit 0; fi
if [ -e "$before" ]; then
  halt
  if [ -e "$data" ] && [ ! -e "$new" ]; then in_place mv -T "$data" "$after"; fi
  if [ ! -e "$data" ]; then in_place mv -T "$before" "$data"; fi
  sync -f "$(dirname "$data")"
fi
if [ "$(cat "$mark.was")" = running ]; then begin; else halt; fi
""",
        undo_proof=head + """\
if [ ! -e "$mark.was" ]; then exit 0; fi
[ ! -e "$before" ] && [ -e "$data" ] || { echo "the old folder is not back" >&2; exit 1; }
if [ "$(cat "$mark.was")" = running ]; then
""" + _SETTLED + """fi
if [ -e "$after" ]; then echo "what the restore had brought is kept in $after"; fi
""",
        expected=Text(zh="数据库已在恢复的数据上提供服务，原数据目录仍在", en="the server serves the restored data; the old folder is still there"),
        interrupts=True, touches=("postgresql",) if server.engine == "postgresql" else ("mariadb.service",), time_limit_s=1800)
