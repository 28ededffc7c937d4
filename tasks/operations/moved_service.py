"""Services moved with their files: fence, opening on the new host, and the way back; and the turn, which says which host may serve.

Every function returns POSIX shell text and runs nothing. `turn` on the old host (peer_access) is written once: the new host opens only if it got
the turn; the old one comes back only if it has it, or if the new one has said how it was left. Of the marks in $CHANGE_DIR/saved, the old host has
`stopped` from its fence until it has come back; the new one has `asked` before it asks for the turn, `promoted` once it has it, `opened` before its
first client, `handed-back` once the old one serves again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from shlex import quote

from tasks.operations.peer_access import IS_POSITION, Way, door_of
from tasks.operations.scripts import fill

# Old host.
TURN = IS_POSITION + r"""door=@door_script@
write_turn() { printf '%s\n' "$1" >$door/turn.root; chmod 644 $door/turn.root; sync $door/turn.root; }
take_turn() {  # written once: `ln` fails where somebody was before
  write_turn "$1"; ln $door/turn.root $door/turn 2>/dev/null || :
  rm -f $door/turn.root; sync $door; [ "$(cat $door/turn)" = "$1" ]
}
hand_turn() { write_turn "$1"; mv $door/turn.root $door/turn; sync $door; }  # at once: never a moment without one
how_left() {  # how the new host was left, if this one may come back
  [ -e $door/turn ] || take_turn source || :
  if [ "$(cat $door/turn)" = target ] && [ ! -s $door/returned ]; then
    echo "the new host got the turn and has not said how it was left: it may hold what was written since. Bring it up, then take this up again" >&2
    return 1
  fi
  left=$(cat $door/returned 2>/dev/null || echo never)
  is_position "$left" && printf '%s\n' "$left"
}
"""
# What the old host's undo needs: it has come back, so nobody needs any more what was made here for the change.
_NOT_FENCED = r"""[ ! -e "$CHANGE_DIR/saved/stopped" ] || { echo "this host is fenced and has not come back; nothing was undone here" >&2; exit 1; }
"""
# New host.
ASK_TURN = r""": >"$CHANGE_DIR/saved/asked"; sync "$CHANGE_DIR/saved/asked"
ask open && given=0 || given=$?
if [ $given != 0 ]; then
  [ $given = 255 ] || rm -f "$CHANGE_DIR/saved/asked"  # it said no; 255: nobody knows what it said
  echo "the old host does not give the turn" >&2; exit 1
fi
: >"$CHANGE_DIR/saved/promoted"; sync "$CHANGE_DIR/saved/promoted"
"""
# What the new host's undo needs: whether it may be the one that serves. It may, unless the old host has the service back, or never gave the turn.
_NOT_SERVING = r"""if [ -e "$CHANGE_DIR/saved/promoted" ] && [ ! -e "$CHANGE_DIR/saved/handed-back" ]; then
  [ "$(ask turn)" = source ] || { echo "this host serves, and the old one has not taken the service back; nothing was undone here" >&2; exit 1; }
  : >"$CHANGE_DIR/saved/handed-back"
fi
"""
MAY_SERVE = r"""may_serve() { [ -e "$CHANGE_DIR/saved/promoted" ] && [ ! -e "$CHANGE_DIR/saved/handed-back" ]; }
old_host_listens() {
  ask turn >/dev/null || { echo "the old host does not answer, so it cannot take the service back; nothing was stopped" >&2; return 1; }
}
tell_how_left() { if [ -e "$CHANGE_DIR/saved/asked" ] && [ ! -e "$CHANGE_DIR/saved/handed-back" ]; then ask "returned $1"; fi; }
"""

_FENCE = TURN + r""": >"$CHANGE_DIR/saved/stopped"; sync "$CHANGE_DIR/saved/stopped"
meanwhile() { :
@meanwhile_script@
}
meanwhile & beside=$!
systemctl stop @units_script@
echo files >$door/fenced.new; chmod 644 $door/fenced.new; sync $door/fenced.new; mv $door/fenced.new $door/fenced
wait $beside
"""
_FENCED = TURN + r"""for one in @units_script@; do
  case $(systemctl is-active "$one" || :) in inactive|failed) ;; *) echo "$one still runs" >&2; exit 1 ;; esac
done
[ -s $door/fenced ]
"""
_OPEN = r"""reach
if [ ! -e "$CHANGE_DIR/saved/promoted" ]; then
  ask fenced >/dev/null
  (umask 022; copy)
@ask_turn_script@fi
: >"$CHANGE_DIR/saved/opened"
umask 022
@start_script@
"""
_SHUT = MAY_SERVE + r"""back=never
if may_serve; then
  old_host_listens
  @open_script@
  back=0/0  # there is no WAL to say a position of
fi
systemctl stop @units_script@
tell_how_left $back
"""
_COME_BACK = TURN + r"""if [ -e "$CHANGE_DIR/saved/stopped" ]; then
  returned=$(how_left)
  if [ "$returned" != never ] && [ ! -e "$CHANGE_DIR/saved/followed" ]; then
    rm -f "$CHANGE_DIR/saved/peer.secret"
    reach
    (umask 022; copy)
    : >"$CHANGE_DIR/saved/followed"; sync "$CHANGE_DIR/saved/followed"
  fi
  hand_turn source
  rm -f $door/fenced "$CHANGE_DIR/saved/stopped"
else
  echo "this host has come back, or nothing was stopped"
fi
umask 022
@start_script@
@leave_script@
"""
_RUNNING = r"""for one in @units_script@; do systemctl is-active -q "$one"; done
echo "this host serves"
"""


class MovedService:
    """Services and their files on the way from one host to another and, in need, back.

    there: the way from the new host to the old one; back: the other way round. units: what writes, in the order it starts in.
    """

    def __init__(self, change: str, *, units: Sequence[str], there: Way, back: Way) -> None:
        self.there, self.back = there, back
        start = "\n".join(f"systemctl reset-failed {quote(one)} 2>/dev/null || :\nsystemctl start {quote(one)}" for one in units)
        self._gaps: dict[str, str | int] = {"units_script": " ".join(map(quote, units)), "start_script": start, "door_script": door_of(change)}

    def _fill(self, text: str, **more: str | int) -> str:
        return fill(text, **self._gaps, **more)

    def not_fenced(self) -> str:
        """Old host: exit 1 while it is fenced. Stands before every undo there of what came before the fence."""
        return _NOT_FENCED

    def not_serving(self) -> str:
        """New host: exit 1 while it may be the one that serves. Stands before every undo there."""
        return self.there.ask() + _NOT_SERVING

    def run_services(self) -> str:
        """Old host: its services run, also if it went down after it was made ready."""
        return self._fill("@start_script@\n")

    def make_ready(self) -> str:
        """Old host: what would make the stop last is done before it."""
        return ""

    def fence(self, meanwhile: str) -> str:
        """Old host: all that writes is stopped for good. meanwhile: shell text that is run at the same time."""
        return self._fill(_FENCE, meanwhile_script=meanwhile)

    def fenced(self) -> str:
        return self._fill(_FENCED)

    def open(self, copy: str) -> str:
        """New host: the files' second pass, the turn, applications."""
        return self.there.reach() + copy + self._fill(_OPEN, ask_turn_script=ASK_TURN)

    def opened(self) -> str:
        return self._fill(_RUNNING)

    def way_back_is_whole(self) -> str:
        """New host: exit 1 if going back would lose what was written since the cutover."""
        return ""

    def only_for_the_old_host(self) -> str:
        """New host: exit 1 while it is the one that serves and the old one does not answer. Stands before what would turn people away from it."""
        return self.there.ask() + MAY_SERVE + "if may_serve; then old_host_listens; fi\n"

    def shut(self) -> str:
        """New host, on the way back: nobody writes here any more; what was written since waits for the old host."""
        return self.there.ask() + self._fill(_SHUT, open_script=self.back.open())

    def come_back(self, copy: str) -> str:
        """Old host: with all that was written on the new one, if it was opened; else as it was stopped."""
        return self.back.reach() + copy + self._fill(_COME_BACK, leave_script=self.back.leave())

    def came_back(self) -> str:
        return self._fill(_RUNNING)

    def start_as_before(self) -> str:
        """New host, once its own configuration is back: its database server as it was."""
        return ""

    def compare(self) -> str:
        """New host: what it had at the cutover against what the old host has, beside the files."""
        return ""

    def settle(self) -> str:
        """New host: what the change needed there and nobody needs any more goes."""
        return ""


@dataclass(frozen=True)
class DatabaseScripts:
    """What one kind of database server says for each step; gaps as in `scripts.fill`. sql: how it is asked, which `kept` needs before it.

    role: makes the role for replication. kept: exit 1 if what the way back needs is gone. follow: the old host's part of the way back, if the new
    one was opened.
    """

    sql: str
    role: str
    given: str
    take: str
    taken: str
    replica: str
    replica_proof: str
    replica_undo: str
    replica_start: str
    caught_up: str
    fenced: str
    open: str
    kept: str
    shut: str
    come_back: str
    follow: str
    came_back: str
    settle: str


class MovedDatabase(MovedService):
    """Services with the database server that they write to. All texts may be run again after they were cut off.

    scripts: of its kind of server. unit: the server's own. fence_touches: files of its own that the fence alters on the old host.
    """

    scripts: DatabaseScripts
    unit: str
    fence_touches: tuple[str, ...]

    def give(self) -> str:
        """Old host: a role for replication, and what the copy needs."""
        raise NotImplementedError

    def given(self) -> str:
        return self._fill(self.scripts.given)

    def take(self) -> str:
        """Old host: all of that away."""
        return self._fill(self.scripts.take)

    def taken(self) -> str:
        return self._fill(self.scripts.taken)

    def replicate(self) -> str:
        """New host: what lies there aside, a copy, start as a replica."""
        return self.there.reach() + self._fill(self.scripts.replica)

    def replicates(self) -> str:
        return self._fill(self.scripts.replica_proof)

    def drop_replica(self) -> str:
        return self.not_serving() + self._fill(self.scripts.replica_undo)

    def start_as_before(self) -> str:
        return self._fill(self.scripts.replica_start)

    def clear_packages(self) -> str:
        """New host, before the package goes that brought the server: what it made."""
        raise NotImplementedError

    def caught_up(self) -> str:
        return self.there.reach() + self._fill(self.scripts.caught_up)

    def fenced(self) -> str:
        return self._fill(self.scripts.fenced)

    def open(self, copy: str) -> str:
        """New host: everything is here, then the files' second pass, the turn, promotion, applications."""
        return self.there.reach() + copy + self._fill(self.scripts.open, ask_turn_script=ASK_TURN, digest_script=self.begin_digests())

    def opened(self) -> str:
        return self.came_back().replace("this host serves again", "this host serves")

    def way_back_is_whole(self) -> str:
        return self._fill(self.scripts.sql + self.scripts.kept)

    def shut(self) -> str:
        return self.there.ask() + self._fill(self.scripts.shut, open_script=self.back.open(), role_script=_indented(self._fill(self.scripts.role)))

    def come_back(self, copy: str) -> str:
        follow = _indented(self._fill(self.scripts.follow))
        return self.back.reach() + copy + self._fill(self.scripts.come_back, follow_script=follow, leave_script=self.back.leave())

    def came_back(self) -> str:
        return self._fill(self.scripts.came_back)

    def begin_digests(self) -> str:
        """New host: part of `open`, which holds the state of the cutover for `compare`."""
        raise NotImplementedError

    def read_digests(self) -> str:
        """Old host: the fenced data, read without writing to them."""
        raise NotImplementedError

    def settle(self) -> str:
        return self._fill(self.scripts.settle)


def _indented(script: str) -> str:
    return "".join(f"    {line}\n" if line else "\n" for line in script.splitlines())
