"""The host's time zone, set and set back. Returns a Mend and runs nothing."""

from __future__ import annotations

from shlex import quote

from reports.records import Text
from tasks.operations.mend import Mend


def set_time_zone(zone: str) -> Mend:
    """Leads /etc/localtime to the zone and writes /etc/timezone where there is one. Undo: both as they were, byte for byte."""
    head = f"zone={quote(zone)}\n"
    return Mend(
        title=Text(zh=f"时区设为 {zone}", en=f"Set the time zone to {zone}"),
        expected=Text(zh=f"系统时区为 {zone}；已在运行的程序重启后才采用",
                      en=f"the system's time zone is {zone}; programs that run already follow after their restart"),
        probe=head + """case $(readlink -f /etc/localtime) in
  */zoneinfo/"$zone") echo DONE ;;
  *) if [ -e "$SAVED/before" ]; then echo PARTIAL; else echo ABSENT; fi ;;
esac
""",
        holds_before=head + '[ -e "/usr/share/zoneinfo/$zone" ] || { echo "this host does not know the zone $zone" >&2; exit 1; }\n',
        command=head + """umask 077
mkdir -p "$SAVED"
if [ ! -e "$SAVED/before" ]; then
  for file in localtime timezone; do if [ -e "/etc/$file" ] || [ -L "/etc/$file" ]; then cp -a "/etc/$file" "$SAVED/$file"; fi; done
  : >"$SAVED/before"
fi
umask 022
ln -s "/usr/share/zoneinfo/$zone" /etc/localtime.standfast && mv -f -T /etc/localtime.standfast /etc/localtime
if [ -e /etc/timezone ]; then printf '%s\\n' "$zone" >/etc/timezone; fi
""",
        proof=head + 'case $(readlink -f /etc/localtime) in */zoneinfo/"$zone") TZ= date ;; *) ls -l /etc/localtime >&2; exit 1 ;; esac\n',
        undo="""[ -e "$SAVED/before" ] || { echo "nothing was changed"; exit 0; }
for file in localtime timezone; do
  if [ -e "$SAVED/$file" ] || [ -L "$SAVED/$file" ]; then cp -a --remove-destination "$SAVED/$file" "/etc/$file"; else rm -f "/etc/$file"; fi
done
rm -f /etc/localtime.standfast
""",
        undo_proof="""[ -e "$SAVED/before" ] || exit 0
[ "$(readlink /etc/localtime || :)" = "$(readlink "$SAVED/localtime" || :)" ]
for file in localtime timezone; do if [ -e "$SAVED/$file" ]; then cmp "$SAVED/$file" "/etc/$file"; fi; done
""",
        touches=("/etc/localtime", "/etc/timezone"), risk="medium",
        breaks=Text(zh="计划任务和日志按新时区计时，时刻会随之移动", en="scheduled jobs and logs follow the new zone, so their hours move"))
