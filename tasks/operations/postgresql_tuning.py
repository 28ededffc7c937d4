"""Several settings of one PostgreSQL server at once, by ALTER SYSTEM and one reload or restart, brought back exactly. Returns a Mend and runs nothing.

As tasks/operations/postgresql_setting.py, and beyond it: a server that does not start with its new settings is brought back through its files alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from shlex import quote

from reports.records import NOTHING, FileChange, Text
from reports.records.measurement import EFFECT
from tasks.operations.mend import Mend
from tasks.operations.owned import KEPT_OF_OWNER, OWNED
from tasks.operations.postgresql import TOUCHES, literal, talking
from tasks.operations.postgresql_setting import FILE, LOADED

RESTARTS = Text(zh="数据库重启，期间连接中断数秒", en="the server restarts; its connections are gone for some seconds")

_WORDS = OWNED + KEPT_OF_OWNER + r"""owner=postgres
now() { ask "select setting from pg_settings where name = '$1'"; }
wished() { printf '%s\n' "$wishes"; }  # name=value, as the server tells it, in its base units
are() {  # whether these are in force, name=value on standard input
  while IFS= read -r line; do
    name=${line%%=*}; told=$(now "$name")
    if [ "$told" != "${line#*=}" ]; then echo "$name is $told, not ${line#*=}" >&2; return 1; fi
  done
}
waits() { ask "select count(*) from pg_settings where pending_restart and name in ($listed)"; }
shown() { for name in $names; do echo "@effect@ $name $(ask "show $name")"; done; }
answers() { ask "select 1" >/dev/null 2>&1; }
# the lines of other settings, and of these, without comments
others() { grep -vE "^[[:space:]]*(#|($pattern)[[:space:]=])" "$1" | sort; }
ours() { grep -E "^[[:space:]]*($pattern)[[:space:]=]" "$1" || :; }
into_force() {  # name=value on standard input
  wanted=$(cat)
  if [ "$restart" = yes ]; then systemctl reset-failed "$unit" 2>/dev/null || :; systemctl restart "$unit"
  else ask "select pg_reload_conf()" >/dev/null; fi
  # a reload is a signal, and a server takes a while to start
  second=0
  until answers && printf '%s\n' "$wanted" | are 2>/dev/null; do
    second=$((second + 1))
    if [ $second -ge @patience@ ]; then printf '%s\n' "$wanted" | are || :; return 1; fi
    sleep 1
  done
}
"""
_HOLDS = r"""for name in $names; do
  told=$(ask "select case when context = 'internal' then 'it cannot be set'
    when context = 'postmaster' and '$restart' = 'no' then 'it needs a restart'
    when source in ('command line', 'environment variable', 'override') then 'it is set where the server is started'
    when exists (select from pg_file_settings where error is not null and error not like '%cannot be changed without restarting%')
      then 'the server''s configuration files have errors; see pg_file_settings'
    when pending_restart then 'somebody changed it, and the server was not restarted since'
    when pg_is_in_recovery() then 'this server is a standby' else 'ready' end from pg_settings where name = '$name'")
  if [ "$told" != ready ]; then echo "$name: ${told:-this server does not have it}" >&2; exit 1; fi
done
if [ "$restart" = yes ]; then
  told=$(ask "select case when exists (select from pg_settings where pending_restart)
    then (select string_agg(name, ', ') || ' waits for a restart, which this would bring in force' from pg_settings where pending_restart)
    when exists (select from pg_stat_activity where pid <> pg_backend_pid() and backend_type = 'client backend' and xact_start < now() - interval '10 min')
      then 'a transaction has been open for more than ten minutes, and would be broken off' else 'ready' end")
  if [ "$told" != ready ]; then echo "$told" >&2; exit 1; fi
fi
# the server's own program is asked whether it would take the values; nothing is started
data=$(ask "show data_directory"); program=$(readlink "/proc/$(head -n 1 "$data/postmaster.pid")/exe")
(cd "$data" && runuser -u postgres -- "$program" -D "$data" -c config_file="$(ask "show config_file")" @options@ -C @first@)
"""
_COMMAND = r"""umask 077
mkdir -p "$SAVED"
if ! answers && [ "$restart" = yes ]; then systemctl start "$unit"; sleep 2; fi  # cut off in its restart
if [ ! -e "$SAVED/kept" ]; then
  file=$(ask "show data_directory")/postgresql.auto.conf
  echo "$file" >"$SAVED/where"; keep_of_owner "$file" "$SAVED/file"
  for name in $names; do echo "$name=$(now "$name")"; done >"$SAVED/values"
  sync
  touch "$SAVED/kept"
fi
act @orders@
wished | into_force
"""
# By the file, which needs no server that answers. What somebody else has set meanwhile stays.
_UNDO = r"""[ -e "$SAVED/kept" ] || { echo "nothing was changed"; exit 0; }
file=$(cat "$SAVED/where")
if [ "$(others "$file")" != "$(others "$SAVED/file")" ]; then
  { as_owner grep -vE "^[[:space:]]*($pattern)[[:space:]=]" "$file"; ours "$SAVED/file"; } | bring_to_owner "$SAVED/file" "$file" now
else bring_to_owner "$SAVED/file" "$file" <"$SAVED/file"; fi
if [ "$restart" = yes ] && answers && are <"$SAVED/values" 2>/dev/null && [ "$(waits)" = 0 ]; then echo "the old values are still in force"
else into_force <"$SAVED/values"; fi
"""
_UNDO_PROOF = r"""[ -e "$SAVED/kept" ] || exit 0
file=$(cat "$SAVED/where")
are <"$SAVED/values"
if [ "$(waits)" != 0 ]; then echo "a setting waits for a restart" >&2; exit 1; fi
if [ "$(ours "$file")" != "$(ours "$SAVED/file")" ]; then echo "$file does not say what it said" >&2; exit 1; fi
if [ "$(others "$file")" = "$(others "$SAVED/file")" ]; then cmp "$file" "$SAVED/file"; fi
[ "$(stat -c '%a %u:%g' "$file")" = "$(stat -c '%a %u:%g' "$SAVED/file")" ]
shown
"""


def tune(values: Mapping[str, tuple[str, str]], told: Mapping[str, str], *, port: int, unit: str, restart: bool) -> Mend:
    """values: by name, what is asked for and how the server tells it. told: by name, what is so, with where that stands.

    unit: systemd's, that runs this server. Undo: the file of ALTER SYSTEM as it was, byte for byte, and the values that were in force.
    """
    names = list(values)
    wishes = "\n".join(f"{name}={plain}" for name, (_, plain) in values.items())
    words = _WORDS.replace("@effect@", EFFECT).replace("@patience@", "120" if restart else "15")
    head = talking("postgres") + "".join(f"{name}={quote(text)}\n" for name, text in {
        "names": " ".join(names), "listed": ", ".join(literal(name) for name in names), "pattern": "|".join(name.replace(".", "[.]") for name in names),
        "wishes": wishes, "unit": unit, "restart": "yes" if restart else "no"}.items()) + words
    options = " ".join(f"-c {quote(f'{name}={asked}')}" for name, (asked, _) in values.items())
    orders = " ".join(f"-c {quote(f'ALTER SYSTEM SET {name} = {literal(asked)}')}" for name, (asked, _) in values.items())
    short = "; ".join(f"{name} {asked}" for name, (asked, _) in values.items())
    return Mend(
        title=Text(zh=f"设置 PostgreSQL（端口 {port}）参数：{short}", en=f"Set PostgreSQL on port {port}: {short}"),
        expected=Text(zh="各参数已生效，没有等待重启的参数", en="the settings are in force, none waits for a restart"),
        probe=head + 'if wished | are 2>/dev/null && [ "$(waits)" = 0 ]; then echo DONE\n'
                     'elif [ -e "$SAVED/kept" ]; then echo PARTIAL; else echo ABSENT; fi\n',
        holds_before=head + _HOLDS.replace("@options@", options).replace("@first@", names[0]) + LOADED,
        command=head + _COMMAND.replace("@orders@", orders),
        proof=head + 'wished | are\nif [ "$(waits)" != 0 ]; then echo "a setting waits for a restart" >&2; exit 1; fi\nshown\n',
        undo=head + _UNDO, undo_proof=head + _UNDO_PROOF, touches=(*TOUCHES, *((unit,) if restart else ())), interrupts=restart,
        risk="medium" if restart else "low", time_limit_s=600, settles_s=10, port=port,
        breaks=RESTARTS if restart else NOTHING,
        files=(FileChange(path=FILE, before=tuple(told[name] for name in names),
                          after=tuple(f"{name} = {literal(asked)}" for name, (asked, _) in values.items())),))
