"""Time: one service that keeps it, with sources that somebody named."""

from __future__ import annotations

from typing import Any

from tasks.checks.kinds import Unreadable
from tasks.controls.reading import by_kind

CLOCKS = r"""
[ -d /run/systemd/system ] || na "没有 systemd" "systemd does not run here"
{ [ -e /run/systemd/container ] || [ -e /.dockerenv ]; } && na "时钟由容器的宿主机决定" "the clock is the container's host's"
for u in chrony chronyd systemd-timesyncd ntp ntpd ntpsec openntpd; do
  [ "$(systemctl is-active "$u" 2>/dev/null)" = active ] && echo "active $(systemctl show -p Id --value "$u")"
done
for f in /etc/chrony/chrony.conf /etc/chrony.conf /etc/chrony/sources.d/*.sources /etc/chrony/conf.d/*.conf /etc/ntp.conf /etc/ntpsec/ntp.conf; do
  [ -f "$f" ] && awk '$1 == "server" || $1 == "pool" || $1 == "peer" { print "source " $2 }' "$f"
done
for f in /etc/systemd/timesyncd.conf /etc/systemd/timesyncd.conf.d/*.conf; do
  [ -f "$f" ] && sed -nE 's/^[[:space:]]*NTP[[:space:]]*=[[:space:]]*//p' "$f" | tr ' ' '\n' | sed '/^$/d; s/^/source /'
done
echo "synchronised $(timedatectl show -p NTPSynchronized --value 2>/dev/null || echo unknown)"
echo end
"""


def clocks(output: str) -> dict[str, list[str]]:
    """Lines by kind: active (units, each once), source, synchronised."""
    found = by_kind(output, "active", "source", "synchronised")
    if len(found["synchronised"]) != 1:
        raise Unreadable("whether the clock is synchronised is not told", "没有说明时钟是否已同步")
    return {**found, "active": sorted(set(found["active"])), "source": sorted(set(found["source"]))}


OF_CLOCKS: dict[str, Any] = {"family": "time", "command": CLOCKS, "parse": clocks, "source": "timedatectl(1); chrony.conf(5); timesyncd.conf(5)"}
