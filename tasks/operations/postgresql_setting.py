"""Settings of a PostgreSQL server, by ALTER SYSTEM and reload, and brought back exactly. Returns a Mend and runs nothing.

What a reload brings in force and somebody else set anew since stays as he set it.
As in tasks/operations/postgresql.py: on its host, as the server's own account, at the port in $PORT.
"""

from __future__ import annotations

from shlex import quote

from reports.records import FileChange, Text
from tasks.operations.mend import Mend
from tasks.operations.owned import KEPT_OF_OWNER, OWNED
from tasks.operations.postgresql import TOUCHES, literal, talking

FILE = "postgresql.auto.conf"

_WORDS = OWNED + KEPT_OF_OWNER + r"""owner=postgres
auto() { echo "$(ask "show data_directory")/postgresql.auto.conf"; }
now() { ask "select setting from pg_settings where name = '$name'"; }
# what ALTER SYSTEM has set, empty: nothing; a value begins with =
set_by_us() { ask "select '=' || setting from pg_file_settings where name = '$name' and sourcefile = current_setting('data_directory')
  || '/postgresql.auto.conf' order by seqno desc limit 1"; }
# a reload is a signal: the server follows a little later
becomes() {
  ask "select pg_reload_conf()" >/dev/null
  for second in 1 2 3 4 5 6 7 8 9 10; do if [ "$(now)" = "$1" ]; then return 0; fi; sleep 1; done
  echo "$name is $(now) after the reload, not $1; another file or the command line decides" >&2
  return 1
}
entries() { grep -v '^[[:space:]]*#' "$1" | sort; }
# somebody else used ALTER SYSTEM since: his word stays
theirs() { said=$(set_by_us); [ -n "$said" ] && [ "$said" != "=$value" ] && [ "$said" != "$(cat "$SAVED/set")" ]; }
"""
# A reload brings in force whatever else stands in the files: nobody's edit that waits for a restart or its author may come with it.
LOADED = r"""if [ ! -e "$SAVED/kept" ]; then
  loaded=$(ask "select floor(extract(epoch from pg_conf_load_time()))::bigint")
  files=$(ask "select distinct sourcefile from pg_file_settings union select current_setting('hba_file') union select current_setting('ident_file')")
  printf '%s\n' "$files" | while read -r file; do
    if [ "$(stat -c %Y "$file")" -gt "$loaded" ]; then echo "$file was changed and is not loaded yet; load it, or take it back, first" >&2; exit 1; fi
  done || exit 1
fi
"""
_HOLDS = r"""told=$(ask "select case when context in ('internal', 'postmaster') then 'it needs a restart'
  when source in ('command line', 'environment variable', 'override') then 'it is set where the server is started'
  when exists (select from pg_file_settings where error is not null and error not like '%cannot be changed without restarting%')
    then 'the server''s configuration files have errors; see pg_file_settings' else 'ready' end from pg_settings where name = '$name'")
if [ "$told" != ready ]; then echo "$name: ${told:-this server does not have it}" >&2; exit 1; fi
"""
_COMMAND = r"""umask 077
mkdir -p "$SAVED"
if [ ! -e "$SAVED/kept" ]; then
  now >"$SAVED/value"; set_by_us >"$SAVED/set"; keep_of_owner "$(auto)" "$SAVED/file"
  sync
  touch "$SAVED/kept"
fi
act -c "$order"
becomes "$value"
"""
# The server writes the file anew, in its own order; where it says what it said before, its bytes come back too.
_UNDO = r"""[ -e "$SAVED/kept" ] || { echo "nothing was changed"; exit 0; }
if theirs; then echo "$name was set by somebody else after this change set it, to ${said#=}: that stays"; exit 0; fi
if [ -s "$SAVED/set" ]; then act -c "ALTER SYSTEM SET $name = '$(sed "s/^=//; s/'/''/g" "$SAVED/set")'"; else act -c "ALTER SYSTEM RESET $name"; fi
file=$(auto)
if [ "$(entries "$file")" = "$(entries "$SAVED/file")" ]; then bring_to_owner "$SAVED/file" "$file" <"$SAVED/file"; fi
becomes "$(cat "$SAVED/value")"
"""
_UNDO_PROOF = r"""[ -e "$SAVED/kept" ] || exit 0
if theirs; then exit 0; fi
if [ "$(now)" != "$(cat "$SAVED/value")" ] || [ "$(set_by_us)" != "$(cat "$SAVED/set")" ]; then echo "$name is $(now), not as it was" >&2; exit 1; fi
file=$(auto)
if [ "$(entries "$file")" = "$(entries "$SAVED/file")" ]; then cmp "$file" "$SAVED/file"; fi
"""


def set_server(name: str, value: str, was: str) -> Mend:
    """Sets it for the whole server. Undo: what ALTER SYSTEM had set before, or nothing, and the value that was in force.

    value: as the server tells it, in its base unit.
    """
    head = talking("postgres") + f"name={quote(name)}\nvalue={quote(value)}\n{_WORDS}"
    return Mend(
        title=Text(zh=f"PostgreSQL 参数 {name} 设为 {value.strip()}", en=f"Set PostgreSQL's {name} to {value.strip()}"),
        expected=Text(zh=f"{name} 已生效，重启后仍然有效", en=f"{name} is in force, also after a restart"),
        probe=head + 'if [ "$(now)" = "$value" ]; then echo DONE; elif [ -e "$SAVED/kept" ]; then echo PARTIAL; else echo ABSENT; fi\n',
        holds_before=head + _HOLDS + LOADED, command=head + f"order={quote(f'ALTER SYSTEM SET {name} = {literal(value)}')}\n" + _COMMAND,
        proof=head + 'told=$(now)\necho "$name is $told"\n[ "$told" = "$value" ]\n', undo=head + _UNDO, undo_proof=head + _UNDO_PROOF,
        touches=TOUCHES, settles_s=10, files=(FileChange(path=FILE, before=(f"{name} = {literal(was)}  # in force",), after=(f"{name} = {literal(value)}",)),))
