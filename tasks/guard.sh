#!/bin/sh
# Standfast's guard on the target: takes a step back that could lock everybody out and that nobody confirmed in time.
# usage: guard STEP_FOLDER ATTEMPT [confirm | stand-down]
# A timer starts it, and so does every boot until then, because a restarted machine has forgotten its timers. `confirm` stands it down:
# it is said over a login that was made after the step. Whoever comes first decides; the other one finds `confirmed` or `reverted`.
# `stand-down`: the runner has taken the step back itself; one that is at it already finds that out.
umask 077
STEP=$1; ATTEMPT=$2; WISH=${3:-}
A=$STEP/carry-out-$ATTEMPT
CHANGE_DIR=$(dirname "$(dirname "$STEP")"); export CHANGE_DIR
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH
LC_ALL=C.UTF-8; export LC_ALL
NAME=$(sed -n 's/^guard=//p' "$A/armed" 2>/dev/null)
cd /

stand_down() { # nothing starts it any more
  [ -n "$NAME" ] || return 0
  rm -f "/etc/systemd/system/multi-user.target.wants/$NAME.service" "/etc/systemd/system/$NAME.service"
  [ ! -d /run/systemd/system ] || systemctl stop "$NAME-time.timer" 2>/dev/null || :
}

mark() { # name of the file; what it says on standard input
  cat >"$A/$1.new" && sync "$A/$1.new" && mv "$A/$1.new" "$A/$1" && sync "$A"
}

if [ "$WISH" = stand-down ]; then stand_down; exit 0; fi
exec 7>>"$A/guard.lock" || exit 1
flock -w 600 7 || exit 1
if [ -e "$A/reverted" ]; then cat "$A/reverted"; exit 4; fi
if [ "$WISH" = confirm ]; then
  [ -e "$A/confirmed" ] || date -u +at=%Y-%m-%dT%H:%M:%SZ | mark confirmed || exit 3
  stand_down
  exit 0
fi
[ ! -e "$A/confirmed" ] || { stand_down; exit 0; }

# The runner may hang in what it was told to do; it has had its time.
unit=$(sed -n 's/^runner=//p' "$A/armed" 2>/dev/null)
if [ -n "$unit" ] && [ -d /run/systemd/system ]; then systemctl stop "$unit" 2>/dev/null || :; fi
exec 8>>"$CHANGE_DIR/busy"
flock -w 120 8 || :
# Taken back already, or begun again by a later attempt, which has a guard of its own.
if grep -qs '^result=done' "$STEP"/undo-*/result || [ -e "$STEP/carry-out-$((ATTEMPT + 1))/started" ]; then stand_down; exit 0; fi
rm -f "$CHANGE_DIR/room"
for pause in 0 5 5 60 60 300; do
  sleep "$pause"
  timeout -k 10 300 sh -eu "$STEP/undo" >>"$A/guard.out" 2>&1 </dev/null 7>&- 8>&-
  if timeout -k 10 300 sh -eu "$STEP/undo_proof" >>"$A/guard.out" 2>&1 </dev/null 7>&- 8>&-; then
    date -u +at=%Y-%m-%dT%H:%M:%SZ | mark reverted
    stand_down
    exit 0
  fi
done
exit 1  # tried again when the machine starts
