#!/bin/sh
# Standfast's runner on the target: carries out one attempt at one step and records how it ended.
# usage: runner STEP_FOLDER ACTION ATTEMPT ACCOUNT TIME_LIMIT_S [UNIT]      (ACTION: carry-out | undo; UNIT: systemd's, that runs this)
# It runs detached from any SSH session. `started` is written before anything is done, `result` after everything
# was: started without result, and nobody holding `lock`, means this machine went down under it.
umask 022
STEP=$1; ACTION=$2; ATTEMPT=$3; ACCOUNT=$4; LIMIT=$5; UNIT=${6:-}
A=$STEP/$ACTION-$ATTEMPT
CHANGE_DIR=$(dirname "$(dirname "$STEP")"); export CHANGE_DIR
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; export PATH
LC_ALL=C.UTF-8; export LC_ALL
cd /

exec 9>>"$A/lock" || exit 1
flock -n 9 || exit 0                    # another runner is at it
[ -e "$A/started" ] && exit 0           # begun before; never begun twice

uptime_s() { read -r up _ </proc/uptime; echo "$up"; }
boot() { printf '%s-%s' "$(cat /proc/sys/kernel/random/boot_id)" "$(sed 's/.*) //' /proc/1/stat | cut -d' ' -f20)"; }

# The result's blocks are taken now, so that it can be written on a full disk too.
dd if=/dev/zero of="$A/result.new" bs=4096 count=1 2>/dev/null
began=$(uptime_s)
printf 'boot=%s\nat=%s\n' "$(boot)" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >"$A/started.new" && sync "$A/started.new" "$A/result.new" \
  && mv "$A/started.new" "$A/started" || exit 1
started_at=$(sed -n 's/^at=//p' "$A/started")
exec >>"$A/out" 2>&1 </dev/null
exec 8>>"$CHANGE_DIR/busy"              # one step of a change at a time on a host, also if its driver died

arm() { # a guard that takes the step back unless somebody gets in afterwards and confirms; without it nothing is done
  name=standfast-guard-$(basename "$CHANGE_DIR")-$(basename "$STEP" | cut -c1-40)-$ATTEMPT
  call="/bin/sh $CHANGE_DIR/guard $STEP $ATTEMPT"
  seconds=$(cat "$STEP/confirm_s")
  printf 'guard=%s\nrunner=%s\n' "$name" "$UNIT" >"$A/armed.new" && sync "$A/armed.new" && mv "$A/armed.new" "$A/armed" || return 1
  if [ -d /run/systemd/system ]; then
    unit=/etc/systemd/system/$name.service
    mkdir -p "${unit%/*}/multi-user.target.wants" || return 1
    printf '[Unit]\nDescription=Standfast takes back what nobody confirmed\n[Service]\nType=oneshot\nExecStart=%s\n[Install]\nWantedBy=multi-user.target\n' \
      "$call" >"$unit.new" && sync "$unit.new" && mv "$unit.new" "$unit" &&
      ln -sf "../$name.service" "${unit%/*}/multi-user.target.wants/$name.service" && sync "${unit%/*}/multi-user.target.wants" &&
      systemd-run --quiet --collect --unit="$name-time" --on-active="$seconds" --timer-property=AccuracySec=1s $call
  else
    setsid -f sh -c "sleep $seconds; exec $call" >/dev/null 2>&1 </dev/null
  fi
}

disarm() { # what was taken back needs no guard, and everything is as before when we say so
  for armed in "$STEP"/carry-out-*/armed; do
    [ -e "$armed" ] || continue
    attempt=${armed%/armed}; sh "$CHANGE_DIR/guard" "$STEP" "${attempt##*-}" stand-down 8>&- 9>&- || :
  done
}

finish() { # result found exit part
  { printf 'result=%s\nfound=%s\nexit=%s\npart=%s\nstarted_at=%s\nfinished_at=%s\nbegan=%s\nended=%s\nend=\n' \
      "$1" "$2" "$3" "$4" "$started_at" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$began" "$(uptime_s)"; } \
    | dd of="$A/result.new" conv=notrunc 2>/dev/null
  sync "$A/result.new"; mv "$A/result.new" "$A/result"; sync "$A"
  exit 0
}

part() { # name: runs the step's script of that name as its account, within what is left of the time
  [ -e "$STEP/$1" ] || { echo "standfast: the script $1 is gone"; return 125; }
  [ -s "$STEP/$1" ] || return 0
  left=$((LIMIT - $(uptime_s | cut -d. -f1) + $(echo "$began" | cut -d. -f1)))
  [ "$left" -gt 0 ] || { echo "standfast: out of time before $1"; return 124; }
  if [ "$ACCOUNT" = root ]; then
    timeout -k 10 "$left" sh -eu "$STEP/$1" 8>&- 9>&-
  else
    timeout -k 10 "$left" runuser -u "$ACCOUNT" -- sh -eu -c "$(cat "$STEP/$1")" 8>&- 9>&-
  fi
}

flock -w "$LIMIT" 8 || { echo "standfast: another step of this change is still running here"; finish failed "" "" command; }
# A power cut can leave files empty that were written just before: then nothing is done, rather than nothing called done.
needed="command proof"; [ "$ACTION" = undo ] && needed=undo
for one in $needed; do
  [ -s "$STEP/$one" ] || { echo "standfast: the script $one is empty or gone"; finish failed "" "" "$one"; }
done

if [ "$ACTION" = undo ]; then
  rm -f "$CHANGE_DIR/room"              # a little room kept for this moment
  part undo; code=$?
  part undo_proof; proof=$?
  [ "$proof" = 0 ] && [ -s "$STEP/undo_proof" -o "$code" = 0 ] && disarm && finish done "" "$code" undo
  [ "$proof" = 0 ] && finish failed "" "$code" undo
  finish failed "" "$proof" undo_proof
fi

found=ABSENT
if [ -s "$STEP/probe" ]; then
  answer=$(part probe); code=$?
  printf '%s\n' "$answer"
  [ "$code" = 0 ] || finish failed "" "$code" probe
  found=$(printf '%s\n' "$answer" | sed -n '1s/^\([A-Z]*\).*/\1/p')
fi
case $found in
  DONE) part proof; code=$?; [ "$code" = 0 ] && finish "nothing to do" DONE 0 proof; finish failed DONE "$code" proof ;;
  ABSENT) part holds_before; code=$?; [ "$code" = 0 ] || finish failed ABSENT "$code" holds_before ;;
  PARTIAL) echo "standfast: an earlier attempt was cut off; it is finished now" ;;
  FOREIGN) finish foreign FOREIGN "" probe ;;
  *) finish failed "" "" probe ;;
esac
if [ -s "$STEP/confirm_s" ]; then
  arm || { echo "standfast: the guard that would take this back cannot be set up, so nothing was done"; finish failed "$found" "" arm; }
fi
part command; code=$?
[ "$code" = 124 ] || [ "$code" = 137 ] && finish failed "$found" "$code" command
part proof; proof=$?
[ "$proof" = 0 ] && finish done "$found" "$code" proof
[ "$code" != 0 ] && finish failed "$found" "$code" command
finish failed "$found" "$proof" proof
