"""An address record of the name that people know, changed on the name server that has the zone. Returns shell text and runs nothing.

By BIND's own update in the server's local session (the zone has `update-policy local`), so there is no key to keep; a change and its way back are one
message each, so that the name is never without an address. Who has asked before goes on with the old address until the record's TTL is over.
Sources: nsupdate(1), dig(1), RFC 2136.
"""

from __future__ import annotations

from tasks.operations.scripts import fill

TOUCHES = ("/var/lib/bind/", "/var/cache/bind/")  # where BIND keeps zones that it may write

_WORDS = r"""saved="$CHANGE_DIR/saved/dns-record"
records() {  # name, TTL, class, type, address
  dig +noall +answer +norecurse +tries=3 +time=5 @127.0.0.1 @name@ @type@ | awk -v type=@type@ '$4 == type { print $1, $2, $3, $4, $5 }' | LC_ALL=C sort
}
points_to() { records | awk -v to="$1" '$5 == to { found = 1 } END { exit !found }'; }
"""
_TURN = _WORDS + r"""if [ ! -e "$saved" ]; then
  records >"$saved.new"
  points_to @now@ || { echo @name@" does not point to "@now@ >&2; exit 1; }
  sync "$saved.new"; mv "$saved.new" "$saved"
fi
if points_to @now@; then
  # only if it is still as it was seen
  awk -v now=@now@ -v to=@then@ '{ print "prereq yxrrset", $1, $3, $4, $5 }
    $5 == now { changes = "update delete " $1 " " $3 " " $4 " " now "\nupdate add " $1 " " $2 " " $3 " " $4 " " to }
    END { print changes; print "send" }' "$saved" | nsupdate -l
fi
records >"$saved.after.new"; sync "$saved.after.new"; mv "$saved.after.new" "$saved.after"
"""
_TURNED = _WORDS + r"""points_to @then@
! points_to @now@
"""
_BACK = _WORDS + r"""if [ -e "$saved" ]; then
  awk 'NR == 1 { print "update delete", $1, $3, $4 } { print "update add", $0 } END { print "send" }' "$saved" | nsupdate -l
  records | cmp - "$saved"
else
  echo "the record was not touched"
fi
"""
_HOLDS = _WORDS + r"""if [ -e "$saved.after" ] && ! records | cmp -s - "$saved.after"; then
  echo "the record of "@name@" was changed since, and comes back only as it was before the migration" >&2; exit 1
fi
"""


def turn(name: str, kind: str, now: str, then: str) -> str:
    """`then` for `now` among the addresses of a name. kind: A or AAAA."""
    return fill(_TURN, name=name, type=kind, now=now, then=then)


def turned(name: str, kind: str, now: str, then: str) -> str:
    return fill(_TURNED, name=name, type=kind, now=now, then=then)


def back(name: str, kind: str) -> str:
    return fill(_BACK, name=name, type=kind)


def as_we_left_it(name: str, kind: str) -> str:
    """Exit 1 if somebody has changed the record since: going back would take that away."""
    return fill(_HOLDS, name=name, type=kind)
