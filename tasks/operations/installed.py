"""Packages that others stand on, installed from the host's own sources and taken away again without a trace in /etc. Returns a Mend and runs nothing.

What is installed already, is never upgraded or removed by it: apt is asked first, and refuses otherwise. The back-out purges what came with it, if nothing
that came later needs it, and brings back every file of /etc that the installation changed; what somebody edited since stays, and is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from shlex import quote

from reports.records import NOTHING, Text
from tasks.operations.mend import Mend

PLACE = "/var/lib/dpkg/status"  # what a step touches that installs packages; it changes none that was there
NAMED = 8
_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]+")

_WORDS = r"""apt() {
  DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l UCF_FORCE_CONFFOLD=1 APT_LISTCHANGES_FRONTEND=none apt-get -y -q -o DPkg::Lock::Timeout=120 \
    -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold -o APT::Install-Recommends=false "$@" </dev/null
}
installed() { dpkg-query -W -f '${db:Status-Status} ${binary:Package}\n' | sed -n 's/^installed //p' | LC_ALL=C sort; }
missing() { for one in $names; do [ "$(dpkg-query -W -f '${db:Status-Status}' "$one" 2>/dev/null)" = installed ] || echo "$one"; done; }
whole() { faults=$(dpkg --audit 2>&1); [ -z "$faults" ] || { printf '%s\n' "$faults" >&2; return 1; }; }
# everything in /etc: kind, mode, owner and where a link leads, then content. ld.so.cache is made anew by every package tool.
etc() {
  find /etc -xdev ! -path /etc/ld.so.cache -printf '%p\t%y %m %U:%G %l\n'
  find /etc -xdev ! -path /etc/ld.so.cache -type f -print0 | xargs -0 sha256sum | awk '{ print substr($0, 67) "\t" $1 }'
}
tab=$(printf '\t')
# what has another line in the second list, or stands in one of them alone
differing() { LC_ALL=C sort "$1" "$2" | uniq -u | cut -f 1 | uniq; }
was_there() { path="$1" awk -F '\t' '$1 == ENVIRON["path"] { found = 1 } END { exit !found }' "$SAVED/etc.before"; }
# what came with it may go: nothing that came otherwise would go with it
nobody_needs() {
  those=$(came)
  [ -n "$those" ] || return 0
  more=$(apt -s -o Debug::NoLocking=1 purge $those | sed -n 's/^\(Purg\|Remv\) \([^ ]*\).*/\2/p' | while read -r one; do
    case " $(echo $those | sed 's/:[a-z0-9]*//g') " in *" $one "*) ;; *) echo "$one" ;; esac
  done)
  [ -z "$more" ] || { echo "$more needs by now what was installed for the hardening; take that away first" >&2; return 1; }
}
# of what came with it, what is still there; what others installed since is theirs
came() { if [ -e "$SAVED/came" ]; then installed | LC_ALL=C comm -12 - "$SAVED/came"; else installed | LC_ALL=C comm -13 "$SAVED/packages" -; fi; }
note_what_came() { rm -f "$SAVED/came"; came >"$SAVED/came.new"; mv "$SAVED/came.new" "$SAVED/came"; }
"""
_PROBE = r"""if [ -z "$(missing)" ]; then echo DONE; elif [ -e "$SAVED/kept" ]; then echo PARTIAL; else echo ABSENT; fi
"""
_HOLDS = r"""command -v apt-get >/dev/null || { echo "there is no apt-get here" >&2; exit 1; }
whole || exit 1
would=$(apt -s -o Debug::NoLocking=1 install $(missing) 2>&1) || {
  printf '%s\n' "$would" | tail -n 5 >&2; echo "the package sources do not have it, or it does not fit" >&2; exit 1; }
if printf '%s\n' "$would" | grep -E '^(Remv |Inst [^ ]+ \[)' >&2; then
  echo "it would change or remove what is installed: do that first, as an upgrade" >&2; exit 1
fi
"""
_COMMAND = r"""umask 077
mkdir -p "$SAVED"
if [ ! -e "$SAVED/kept" ]; then
  installed >"$SAVED/packages"
  etc >"$SAVED/etc.before"
  tar -C / --one-file-system --xattrs -cf "$SAVED/etc.tar" etc
  sync
  touch "$SAVED/kept"
fi
umask 022
dpkg --configure -a --force-confdef --force-confold </dev/null
apt --download-only install $(missing)
apt --no-download install $(missing)
umask 077
note_what_came
etc >"$SAVED/etc.after"
"""
_PROOF = r"""still=$(missing)
[ -z "$still" ] || { echo "not installed: "$still >&2; exit 1; }
whole || exit 1
echo "installed: "$names
"""
_UNDO = r"""[ -e "$SAVED/kept" ] || { echo "nothing was changed"; exit 0; }
umask 077
[ -e "$SAVED/came" ] || note_what_came
[ -s "$SAVED/etc.after" ] || etc >"$SAVED/etc.after"
# what the installation changed, and of that what somebody changed since
if [ ! -e "$SAVED/edited" ]; then
  etc >"$SAVED/etc.now"
  differing "$SAVED/etc.before" "$SAVED/etc.after" >"$SAVED/changed"
  differing "$SAVED/etc.after" "$SAVED/etc.now" | LC_ALL=C comm -12 - "$SAVED/changed" >"$SAVED/edited.new"
  mv "$SAVED/edited.new" "$SAVED/edited"
fi
umask 022
dpkg --configure -a --force-confdef --force-confold </dev/null || :
nobody_needs || exit 1
those=$(came)
if [ -n "$those" ]; then apt purge $those; fi
umask 077
etc >"$SAVED/etc.now"
differing "$SAVED/etc.before" "$SAVED/etc.now" | LC_ALL=C comm -12 - "$SAVED/changed" | LC_ALL=C comm -23 - "$SAVED/edited" >"$SAVED/back"
LC_ALL=C sort -r "$SAVED/back" | while IFS= read -r path; do
  if was_there "$path"; then continue; fi
  if [ -d "$path" ] && [ ! -L "$path" ]; then rmdir --ignore-fail-on-non-empty "$path"; else rm -f "$path"; fi
done
while IFS= read -r path; do
  if ! was_there "$path"; then continue; fi
  tar -C / --xattrs --no-recursion -xpf "$SAVED/etc.tar" "${path#/}"
done <"$SAVED/back"
if [ -s "$SAVED/edited" ]; then echo "edited since, and left as it is:"; cat "$SAVED/edited"; fi
if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
"""
_UNDO_HOLDS = r"""[ -e "$SAVED/kept" ] || exit 0
nobody_needs
"""
_UNDO_PROOF = r"""[ -e "$SAVED/kept" ] || exit 0
those=$(came)
[ -z "$those" ] || { echo "still installed: "$those >&2; exit 1; }
etc >"$SAVED/etc.now"
left=$(differing "$SAVED/etc.before" "$SAVED/etc.now" | LC_ALL=C comm -12 - "$SAVED/changed" | LC_ALL=C comm -23 - "$SAVED/edited")
[ -z "$left" ] || { echo "not as before: "$left >&2; exit 1; }
"""


def install(names: Iterable[str], breaks: Text = NOTHING) -> Mend:
    """These packages and what they need; recommended ones are named like any other, or not installed."""
    wanted = sorted(dict.fromkeys(names))
    if bad := [name for name in wanted if not _NAME.fullmatch(name)]:
        raise ValueError(f"{bad[0]!r} is no name of a package")
    told = " ".join(wanted[:NAMED]) + (f" (+{len(wanted) - NAMED})" if len(wanted) > NAMED else "")
    head = f"names={quote(' '.join(wanted))}\n{_WORDS}"
    return Mend(
        title=Text(zh=f"安装软件包 {told}", en=f"Install {told}"),
        expected=Text(zh="软件包及其依赖已安装完整，原有软件包未变", en="they and what they need are installed whole, and nothing that was there has changed"),
        probe=head + _PROBE, holds_before=head + _HOLDS, command=head + _COMMAND, proof=head + _PROOF, undo=head + _UNDO, undo_proof=head + _UNDO_PROOF,
        undo_holds=head + _UNDO_HOLDS,
        touches=(PLACE,), breaks=breaks, time_limit_s=900, packages=tuple(wanted))
