"""Logs: that they outlast a start, that only those concerned read them, that they are kept, that a copy is elsewhere."""

from __future__ import annotations

from typing import Any

from tasks.checks.kinds import Unreadable
from tasks.controls.reading import by_kind

LOGS = r"""
for f in /usr/lib/systemd/journald.conf /etc/systemd/journald.conf /etc/systemd/journald.conf.d/*.conf; do
  [ -f "$f" ] && sed -nE 's/^[[:space:]]*([A-Za-z]+)[[:space:]]*=[[:space:]]*/journald \1 /p' "$f"
done
[ -d /var/log/journal ] && echo "journal persistent" || echo "journal volatile"
systemctl is-active rsyslog 2>/dev/null | sed 's/^/rsyslog /'
systemctl is-active systemd-journal-upload 2>/dev/null | sed 's/^/upload /'
# of rsyslog only what is asked for: its lines for databases hold passwords
for f in /etc/rsyslog.conf /etc/rsyslog.d/*.conf; do
  [ -f "$f" ] && awk '/^[[:space:]]*(#|$)/ { next } /[Ff]ile[Cc]reate[Mm]ode|[[:space:]]@@?[^[:space:]]|omfwd|omrelp/ { $1 = $1; print "conf " $0 }
    /[Ff]ile[Cc]reate[Mm]ode/ { print "mode " f " " $0 }' f="$f" "$f"
done
for f in /etc/logrotate.conf /etc/logrotate.d/*; do
  [ -f "$f" ] && awk -v f="$f" '/^[[:space:]]*(daily|weekly|monthly|yearly|rotate|maxage)([[:space:]]|$)/ { $1 = $1; print "rotate " f " " $0 }' "$f"
done
find /var/log -xdev -type f \( -perm -o+w -o -perm -g+w ! -name wtmp ! -name btmp ! -name lastlog \
  -o -perm -o+r ! -name wtmp ! -name lastlog ! -path '/var/log/apt/*' ! -name 'dpkg.log*' ! -name 'alternatives.log*' ! -name faillog \
  ! -name fontconfig.log ! -name bootstrap.log \) -printf 'wide %m %p\n' 2>/dev/null | head -n 200
echo "looked $(find /var/log -xdev -type f 2>/dev/null | head -n 5000 | wc -l)"
echo end
"""


def logs(output: str) -> dict[str, list[str]]:
    """Lines by kind: journald, journal, rsyslog, upload, conf, mode (file and line), rotate (file and line), wide (mode and path), looked."""
    found = by_kind(output, "journald", "journal", "rsyslog", "upload", "conf", "mode", "rotate", "wide", "looked")
    if len(found["journal"]) != 1 or len(found["looked"]) != 1 or not found["looked"][0].isdigit():
        raise Unreadable("what kind of journal there is is not told", "没有说明日志的保存方式")
    return found


def journald(found: dict[str, list[str]], name: str) -> str:
    """A setting of journald; the last that says something counts. Empty: its own default."""
    said = [value.strip() for key, _, value in (line.partition(" ") for line in found["journald"]) if key.lower() == name.lower()]
    return said[-1] if said else ""


OF_LOGS: dict[str, Any] = {"family": "logging", "command": LOGS, "parse": logs, "source": "journald.conf(5); rsyslog.conf(5); logrotate(8)"}
