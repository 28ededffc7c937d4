"""Packages that a host does not have yet, installed from its own sources, and taken away again. Returns a Mend and runs nothing.

Source: apt-get(8). Services of a new package are not started by its installation: a step of their own starts them, after their files are there.
"""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote

from reports.records import Text
from tasks.operations.installed import PLACE
from tasks.operations.mend import Mend
from tasks.operations.scripts import fill

NAMED = 6
_WORDS = r"""wished=@wished@
version() { dpkg-query -W -f '${db:Status-Abbrev}${Version}\n' "$1" 2>/dev/null | sed -n 's/^ii *//p'; }
there() {
  for wish in $wished; do
    have=$(version "${wish%%=*}")
    case $wish in *=*) [ "$have" = "${wish#*=}" ] || return 1 ;; *) [ -n "$have" ] || return 1 ;; esac
  done
}
packages() { dpkg-query -W -f '${db:Status-Abbrev}${binary:Package}\n' | sed -n 's/^i[a-zA-Z] *//p' | LC_ALL=C sort; }
quietly() { DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l apt-get -q -y -o DPkg::Lock::Timeout=300 "$@"; }
"""
_HOLDS = r"""told=$(dpkg --audit)
if [ -n "$told" ]; then echo "packages are half installed: $told" >&2; exit 1; fi
would=$(quietly -s --no-install-recommends install $wished 2>&1) || { printf '%s\n' "$would" | tail -n 3 >&2; exit 1; }
others=$(printf '%s\n' "$would" | sed -n 's/^Inst \([^ ]*\) \[.*/\1/p; s/^Remv \([^ ]*\).*/\1/p')
if [ -n "$others" ]; then echo "this would change or remove what is installed:" $others >&2; exit 1; fi
"""
_COMMAND = r"""umask 077
mkdir -p "$SAVED"
if [ ! -e "$SAVED/packages" ]; then packages >"$SAVED/packages.new"; sync "$SAVED/packages.new"; mv "$SAVED/packages.new" "$SAVED/packages"; fi
umask 022
dpkg --configure -a
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then printf '#!/bin/sh\n# Standfast\nexit 101\n' >"$policy"; chmod 755 "$policy"; fi
quietly --no-install-recommends install $wished
if grep -q '^# Standfast$' "$policy"; then rm -f "$policy"; fi
"""
_UNDO = r"""[ -e "$SAVED/packages" ] || { echo "nothing was changed"; exit 0; }
policy=/usr/sbin/policy-rc.d
if [ -e "$policy" ] && grep -q '^# Standfast$' "$policy"; then rm -f "$policy"; fi
dpkg --configure -a || :
new=$(packages | LC_ALL=C comm -13 "$SAVED/packages" -)
if [ -n "$new" ]; then quietly purge $new; fi
"""
_UNDO_PROOF = r"""[ -e "$SAVED/packages" ] || exit 0
told=$(packages | LC_ALL=C comm -3 "$SAVED/packages" - | tr -d '\t')
if [ -n "$told" ]; then echo "not as before:" $told >&2; exit 1; fi
"""


def install(wished: Sequence[str]) -> Mend:
    """Installs these (name, or name=version) and what they need; nothing that is there is changed. Undo: purged, with all that came along."""
    head = fill(_WORDS, wished=" ".join(wished))
    more = len(wished) - NAMED
    told = ", ".join(wished[:NAMED]) + (f" (+{more})" if more > 0 else "")
    return Mend(
        title=Text(zh=f"安装软件包 {told}", en=f"Install packages {told}"), expected=Text(zh="软件包已完整安装", en="they are installed, whole"),
        probe=head + 'if there; then echo DONE; elif [ -e "$SAVED/packages" ]; then echo PARTIAL; else echo ABSENT; fi\n', holds_before=head + _HOLDS,
        command=head + _COMMAND, proof=head + f"there || {{ dpkg -l {quote(wished[0].partition('=')[0])} >&2 || :; exit 1; }}\n[ -z \"$(dpkg --audit)\" ]\n",
        undo=head + _UNDO, undo_proof=head + _UNDO_PROOF, touches=(PLACE,), time_limit_s=1800)
