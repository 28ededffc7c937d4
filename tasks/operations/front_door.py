"""The front door: the place in a proxy's configuration that says where the service is. Returns shell text and runs nothing.

Clients keep the address they have. Works for nginx and HAProxy alike: one text in one file, tested before it is loaded.
"""

from __future__ import annotations

from shlex import quote

from tasks.operations.scripts import fill
from tasks.operations.service import config_test

_TURN = r"""saved="$CHANGE_DIR/saved/front-door"
address=$(cat @address_script@)
umask 077
[ -e "$saved" ] || { cp -p @file@ "$saved.new"; sync "$saved.new"; mv "$saved.new" "$saved"; }
then_=$(printf '%s' @then@ | sed "s/@NEW@/$address/g")
awk -v now=@now@ -v then_="$then_" '{ out = ""
  while ((at = index($0, now)) > 0) { out = out substr($0, 1, at - 1) then_; $0 = substr($0, at + length(now)); found = 1 }
  print out $0 } END { exit !found }' "$saved" >@file@.standfast || { rm -f @file@.standfast; echo @now@" is not in the file" >&2; exit 1; }
chmod --reference=@file@ @file@.standfast; chown --reference=@file@ @file@.standfast
cp -p @file@.standfast "$saved.after"; sync @file@.standfast; mv @file@.standfast @file@
"""
_BACK = r"""saved="$CHANGE_DIR/saved/front-door"
[ -e "$saved" ] || { echo "the front door was not touched"; exit 0; }
cp -p "$saved" @file@.standfast; sync @file@.standfast; mv @file@.standfast @file@
"""


def _load(unit: str) -> str:
    return config_test(unit) + f"systemctl reload {quote(unit)}\n"


def turn(file: str, now: str, then: str, unit: str, address_file: str) -> str:
    """Put `then` for every `now`; "@new@" in it is the address that lies in address_file (shell text)."""
    script = fill(_TURN, file=file, now=now, then=then.replace("@new@", "@NEW@"), address_script=address_file)
    return script + _load(unit)


def turned(file: str, unit: str) -> str:
    return f"""if cmp -s "$CHANGE_DIR/saved/front-door" {quote(file)}; then echo "the file is as it was" >&2; exit 1; fi
systemctl is-active {quote(unit)}
"""


def as_we_left_it(file: str) -> str:
    """Exit 1 if somebody has edited the file since: going back would take that away."""
    return fill("""if [ -e "$CHANGE_DIR/saved/front-door.after" ] && ! cmp -s "$CHANGE_DIR/saved/front-door.after" @file@; then
  echo @file@" was edited since, and comes back only as a whole" >&2; exit 1
fi
""", file=file)


def back(file: str, unit: str) -> str:
    return fill(_BACK, file=file) + _load(unit)
