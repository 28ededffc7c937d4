"""One host lets another read from it for the time of a change: two ports of its loopback, through SSH, by a key that can do nothing else.

Every function returns POSIX shell text and runs nothing. What the hosts know of each other lies in $CHANGE_DIR/peers (tasks/peers.py).
On the host that is read from, the *door*: /var/lib/standfast-door/CHANGE, owned by the account that logs in, holds what the other may be told:

    answer      the only command that the key runs; it knows a few words and no other
    secret      the password of the replication role, random, made here; whoever runs the replica can read it
    files       the password of the files' server, another one: root alone has it
    fenced      position in its log at which the database was stopped for good; there once nobody writes here any more
    turn        whose turn it is to serve, written once: `target` (the other one may open) or `source` (it may not any more)
    returned    what the other one says when the service comes back: `never`, or the position at which it closed
    digest      the database's rows and sequences, as this host has them
    seed.*      pipes through which root here hands out a backup, one for each time it is asked for (MariaDB)

The ports of the way are below 1024: where only root may open those, no other account can wait there in the place of the tunnel or the files' server.
Who listens is looked at all the same, right before it is believed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tasks.operations.scripts import fill

HOURS = 48  # after so long the key is worth nothing, whoever died

# What may be said of where a server was stopped, on either side: a position of PostgreSQL's WAL, MariaDB's by its domains (none: nothing was ever
# written), `never`, or `files` where there is no database. It becomes a part of SQL.
POSITION = "never|files|[0-9A-F]+/[0-9A-F]+|([0-9]+-[0-9]+-[0-9]+(,[0-9]+-[0-9]+-[0-9]+)*)?"
IS_POSITION = rf"""is_position() {{
  case $1 in *[!0-9A-Fa-z/,-]*) false ;; *) printf '%s\n' "$1" | grep -qxE '{POSITION}' ;; esac ||
    {{ echo "the other host says no position, but: $1" >&2; return 1; }}
}}
"""

# Written once and by one of the two: `ln` fails where somebody was before. Both hosts believe this file and nothing else.
_ANSWER = r"""#!/bin/sh
# What the other host of change @change@ may ask here; its key runs this and nothing else.
cd @door@ || exit 1
take() { printf '%s\n' "$1" >"turn.$$" && sync "turn.$$" && { ln "turn.$$" turn 2>/dev/null; rm -f "turn.$$"; sync . && [ "$(cat turn)" = "$1" ]; }; }
keep() { printf '%s\n' "$2" >"$1.new" && sync "$1.new" && mv "$1.new" "$1" && sync .; }
case $SSH_ORIGINAL_COMMAND in
  secret|files|fenced|digest|turn) cat "$SSH_ORIGINAL_COMMAND" ;;
  open) [ -s fenced ] && take target ;;
  "returned "*) said=${SSH_ORIGINAL_COMMAND#returned }
    case $said in *[!0-9A-Fa-z/,-]*) exit 1 ;; esac  # one line
    printf '%s\n' "$said" | grep -qxE '@position@' || exit 1
    keep returned "$said" ;;
  seed) [ -p seed.ask ] && mkfifo -m 600 "seed.$$" && timeout 30 sh -c 'echo "$1" >seed.ask' ask "$$" && exec cat "seed.$$" ;;
  *) echo "this key asks nothing of that kind" >&2; exit 1 ;;
esac
"""

_PLACES = r"""door=@door@
home=$(getent passwd @user@ | cut -d: -f6)
keys=$(sshd -T -C user=@user@,host=localhost,addr=127.0.0.1 | awk '$1 == "authorizedkeysfile" { print $2 }' |
  sed "s|%h|$home|; s|%u|"@user@"|; s|%%|%|")
case $keys in /*) ;; *) keys=$home/$keys ;; esac
mark=@mark@
of=/etc/systemd/system/@unit@.service; wanted=${of%/*}/multi-user.target.wants
others() { grep -v " $mark\$" "$keys" || [ $? = 1 ]; }
"""

# Whether the unit's own process listens there.
_IS_OURS = r"""is_ours() {  # unit, port of the loopback
  pid=$(systemctl show -p MainPID --value "$1"); [ "${pid:-0}" != 0 ] && ss -Hltnp src 127.0.0.1 and sport = ":$2" | grep -q "[(,]pid=$pid,"
}
"""
_OPEN = _PLACES + _IS_OURS + r"""umask 077
mkdir -p /var/lib/standfast-door "$door"
chmod 711 /var/lib/standfast-door
cat >"$door/answer" <<'END'
@answer_script@END
for one in secret files; do
  [ -s "$door/$one" ] || { od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"$door/$one.new"; mv "$door/$one.new" "$door/$one"; }
done
chmod 755 "$door/answer"
chown -R @user@: "$door"; chown root:root "$door/answer"
# 1 the files' server: reads only what moves, on the loopback only, only with the password
{ printf 'standfast:'; cat "$door/files"; } >"$CHANGE_DIR/saved/rsync.secret"
cat >"$CHANGE_DIR/saved/rsync.paths" <<'END'
@paths_script@- *
END
cat >"$CHANGE_DIR/saved/rsyncd.conf" <<END
address = 127.0.0.1
port = @files_port@
use chroot = yes
uid = 0
gid = 0
numeric ids = yes
read only = yes
max connections = 8
log file = /dev/null
# a link is handed out as a link, wherever it leads
munge symlinks = no
refuse options = copy-links copy-dirlinks copy-unsafe-links copy-devices write-devices
[all]
path = /
exclude from = $CHANGE_DIR/saved/rsync.paths
auth users = standfast
secrets file = $CHANGE_DIR/saved/rsync.secret
END
# it comes up with the host, too: the other goes on after this one was down
cat >"$of.new" <<END
[Unit]
Description=Standfast lets the other host of a change read files
[Service]
ExecStart=$(command -v rsync) --daemon --no-detach --config=$CHANGE_DIR/saved/rsyncd.conf
Restart=on-failure
[Install]
WantedBy=multi-user.target
END
chmod 644 "$of.new"; sync "$of.new"; mv "$of.new" "$of"
mkdir -p "$wanted"; ln -sf "../${of##*/}" "$wanted/"; sync "$wanted"
systemctl daemon-reload
systemctl is-active -q @unit@ || { systemctl reset-failed @unit@ 2>/dev/null || :; systemctl start @unit@; }
n=0; until is_ours @unit@ @files_port@; do
  n=$((n + 1)); [ $n -lt 100 ] || { echo "the files' server does not listen at port "@files_port@", or somebody else does" >&2; exit 1; }; sleep 0.1; done
# 2 the key: from that address, to these two ports, for so many hours, one command
# (listening here for the other host is allowed nowhere: that port is root's)
line="restrict,port-forwarding,permitlisten=\"127.0.0.1:1\",@permit_script@permitopen=\"127.0.0.1:@files_port@\""
line="$line,from=\"$(cat "$CHANGE_DIR/peers/"@peer@"/address")\",expiry-time=\"$(date -d '+@hours@ hours' +%Y%m%d%H%M)\",command=\"$door/answer\""
mkdir -p "${keys%/*}"
[ -e "$keys" ] || { : >"$keys"; chown --reference="$home" "${keys%/*}" "$keys"; }
key=$(awk 'NR == 1 { print $1, $2 }' "$CHANGE_DIR/peers/"@peer@"/key.pub")
printf '%s\n' "$key" | grep -qxE 'ssh-ed25519 [A-Za-z0-9+/=]+' || { echo "no key of the other host is here" >&2; exit 1; }
others >"$keys.standfast"
printf '%s %s %s\n' "$line" "$key" "$mark" >>"$keys.standfast"
chown --reference="$keys" "$keys.standfast"; chmod --reference="$keys" "$keys.standfast"; sync "$keys.standfast"; mv "$keys.standfast" "$keys"
"""

_CLOSE = _PLACES + r"""if [ -e "$keys" ] && grep -q " $mark\$" "$keys"; then
  others >"$keys.standfast"
  chown --reference="$keys" "$keys.standfast"; chmod --reference="$keys" "$keys.standfast"; sync "$keys.standfast"; mv "$keys.standfast" "$keys"
fi
systemctl stop @unit@ 2>/dev/null || :
rm -f "$of" "$wanted/${of##*/}"; systemctl daemon-reload; systemctl reset-failed @unit@ 2>/dev/null || :
rm -f "$CHANGE_DIR/saved/rsync.secret" "$CHANGE_DIR/saved/rsyncd.conf" "$CHANGE_DIR/saved/rsync.paths" "$door/secret" "$door/files"
"""

_CLOSED = _PLACES + r"""! grep -qs " $mark\$" "$keys" || { echo "the key is still in $keys" >&2; exit 1; }
! systemctl is-active -q @unit@ || { echo "the files' server still runs" >&2; exit 1; }
[ ! -e "$of" ] && [ ! -e "$door/secret" ] && [ ! -e "$door/files" ]
echo "nobody is let in any more"
"""

_ASK = r"""peer="$CHANGE_DIR/peers/"@peer@
ssh_to() {  # the other host; its pinned key or none
  ssh -F /dev/null -i "$CHANGE_DIR/peers/key" -o IdentitiesOnly=yes -o BatchMode=yes -o UserKnownHostsFile="$peer/known_hosts" \
    -o GlobalKnownHostsFile=/dev/null -o HostKeyAlias=@peer@ -o StrictHostKeyChecking=yes -o ConnectTimeout=10 -o ServerAliveInterval=5 \
    -o ServerAliveCountMax=3 -o ControlPath="$CHANGE_DIR/saved/way" -o LogLevel=ERROR -p "$(cat "$peer/port")" "$@"
}
ask() { ssh_to -l @user@ "$(cat "$peer/address")" "$1" </dev/null; }
"""

_REACH = _ASK + _IS_OURS + r"""through() { is_ours @unit@ @near_data@ && is_ours @unit@ @near_files@; }
reach() {  # the tunnel, and the secrets of the other side
  umask 077
  for one in secret files; do
    got="$CHANGE_DIR/saved/peer.$one"
    [ -s "$got" ] || { ask "$one" >"$got.new" && mv "$got.new" "$got"; } || return 1
  done
  if ! systemctl is-active -q @unit@; then
    systemctl stop @unit@ 2>/dev/null || :  # one that waits for its next try is there, too
    systemctl reset-failed @unit@ 2>/dev/null || :
    systemd-run --quiet --collect --unit=@unit@ -p Restart=always -p RestartSec=2 -p StartLimitIntervalSec=0 ssh -N -F /dev/null \
      -i "$CHANGE_DIR/peers/key" -o IdentitiesOnly=yes -o BatchMode=yes -o UserKnownHostsFile="$peer/known_hosts" -o GlobalKnownHostsFile=/dev/null \
      -o HostKeyAlias=@peer@ -o StrictHostKeyChecking=yes -o ConnectTimeout=10 -o ServerAliveInterval=5 -o ServerAliveCountMax=3 \
      -o ExitOnForwardFailure=yes -o ControlMaster=yes -o ControlPath="$CHANGE_DIR/saved/way" -o LogLevel=ERROR -p "$(cat "$peer/port")" -l @user@ \
      -L 127.0.0.1:@near_data@:@far_data@ -L 127.0.0.1:@near_files@:127.0.0.1:@files_port@ "$(cat "$peer/address")"
  fi
  n=0; until through; do
    n=$((n + 1)); [ $n -lt 300 ] || {
      echo "the tunnel to "@peer@" does not come up, or somebody else listens at its ports" >&2
      journalctl -q --no-pager -n 5 -o cat -u @unit@ >&2 || :; return 1; }
    sleep 0.1
  done
}
"""

_LEAVE = r"""systemctl stop @unit@ 2>/dev/null || :
rm -f "$CHANGE_DIR/saved/peer.secret" "$CHANGE_DIR/saved/peer.secret.new" "$CHANGE_DIR/saved/peer.files" "$CHANGE_DIR/saved/peer.files.new"
"""


def door_of(change: str) -> str:
    return f"/var/lib/standfast-door/{change}"


def _rules(paths: Sequence[str]) -> str:
    """What the files' server hands out, as rules of rsync: these paths, what is below them, and the names of the folders above."""
    rules = []
    for path in paths:
        name = re.sub(r"([\\*?[])", r"\\\1", path)
        parts = name.strip("/").split("/")
        rules += [f"+ /{'/'.join(parts[:count])}/" for count in range(1, len(parts))] + [f"+ {name}", f"+ {name}/**"]
    return "".join(f"{rule}\n" for rule in dict.fromkeys(rules))


class Way:
    """The way from one host (near) to another (far), for one change.

    user: the account that logs in on the far host. data_port, files_port: on the far host's loopback, of the database and of the files' server.
    near_data, near_files: where they are reached on the near host's loopback. paths: all that the near host may read as files.
    socket: of the database on the far host, where it is reached by that and not by its port.
    """

    def __init__(self, change: str, *, near: str, far: str, user: str, data_port: int, files_port: int, near_data: int, near_files: int,
                 paths: Sequence[str] = (), socket: str = "") -> None:
        tag = change.lower()
        self.change, self.near, self.far, self.near_data, self.near_files = change, near, far, near_data, near_files
        answer = fill(_ANSWER.replace("@position@", POSITION), change=change, door=door_of(change))
        # sshd takes a socket's path for a host, at any port; other sockets stay closed to the key
        data = f"[{socket}]:*" if socket else f"127.0.0.1:{data_port}"
        self._far = {"door": door_of(change), "user": user, "peer": near, "unit": f"standfast-files-{tag}", "answer_script": answer, "hours": HOURS,
                     "permit_script": f'permitopen=\\"{data}\\",', "files_port": files_port, "mark": f"standfast-{change}-{near}",
                     "paths_script": _rules(paths)}
        self._near = {"user": user, "peer": far, "unit": f"standfast-tunnel-{tag}", "near_data": near_data, "near_files": near_files,
                      "far_data": socket or f"127.0.0.1:{data_port}", "files_port": files_port}

    def open(self) -> str:
        """On the far host: let the near one in; may be repeated, and gives the key its hours anew."""
        return fill(_OPEN, **self._far)

    def close(self) -> str:
        """On the far host: take key, secret and files' server away; what was said of turns stays, it decides a later way back."""
        return fill(_CLOSE, **self._far)

    def closed(self) -> str:
        return fill(_CLOSED, **self._far)

    def forget(self) -> str:
        """On the far host, after `close`: the door itself."""
        return fill("rm -rf @door@\n", **self._far)

    def ask(self) -> str:
        """On the near host: the shell function `ask WORD`."""
        return fill(_ASK, **self._near)

    def reach(self) -> str:
        """On the near host: the shell function `reach`, which sees to the tunnel and to the secret in $CHANGE_DIR/saved/peer.secret."""
        return fill(_REACH, **self._near)

    def leave(self) -> str:
        """On the near host: no tunnel and no secret."""
        return fill(_LEAVE, **self._near)
