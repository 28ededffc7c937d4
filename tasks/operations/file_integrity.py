"""AIDE: which files it watches, and the list of their checksums that later looks are compared with. Describes a file and runs nothing.

What a change alters, it alters before the list is made: so it is the last step. Debian's own timer looks daily; it mails where mail works, and writes
/var/log/aide. After an approved change of the host the list is made anew (aideinit), else every look tells that change again.
"""

from __future__ import annotations

from dataclasses import replace

from reports.records import Text
from tasks.operations.file_lines import FileLines, Line
from tasks.operations.mend import Mend

# Programs, libraries, configuration: what only a change changes. Data, homes and logs change all day, and may be of any size.
NOT_WATCHED = ("/(home|srv|data|mnt|media|run|proc|sys|dev|tmp)(/|$)", "/var/(cache|log|tmp|spool|backups|mail|crash|run)(/|$)",
               "/var/lib/(mysql|postgresql|docker|containerd|libvirt|lxc|machines|apt|dpkg|aide|standfast|systemd|private|NetworkManager|dhcp|chrony|logrotate)(/|$)")
RULES, DATABASE, TIMER = "/etc/aide/aide.conf.d/00_standfast", "/var/lib/aide/aide.db", "dailyaidecheck.timer"
PACKAGES = ("aide", "aide-common")

_REFUSE = r"""command -v aide >/dev/null || { echo "there is no aide here" >&2; exit 1; }
"""
_BUILD = f"""rm -f {DATABASE}.new
nice -n 19 aide --config=/etc/aide/aide.conf --init >"$SAVED/said" 2>&1 || {{ tail -n 5 "$SAVED/said" >&2; exit 1; }}
mv -f {DATABASE}.new {DATABASE}
sync {DATABASE}
tail -n 12 "$SAVED/said"
systemctl start {TIMER}"""
_THERE = f"""[ -s {DATABASE} ] || {{ echo "there is no {DATABASE}" >&2; exit 1; }}
systemctl is-enabled -q {TIMER} || {{ echo "{TIMER} is not enabled" >&2; exit 1; }}
"""
# Its folders belong to an account that goes with the package.
_GONE = f"""if [ -e {DATABASE} ]; then echo "{DATABASE} is still there" >&2; exit 1; fi
"""


def watch_files() -> Mend:
    """Installed, told what to watch, and its list made. Undo: the list and the file go, then the packages."""
    lines = ("# by Standfast: what only a change changes is watched", *(f"!{pattern}" for pattern in NOT_WATCHED))
    of = FileLines(RULES, tuple(Line(str(number), line) for number, line in enumerate(lines)), whole=True, refuse=_REFUSE, put_in_force=_BUILD,
                   put_back="rm -rf /var/lib/aide /var/log/aide", in_force=_THERE, is_back=_GONE, on_copy=False,
                   touches=(DATABASE, "/var/lib/aide", "/var/log/aide", TIMER))
    return replace(of.mend(), packages=PACKAGES, last=True, time_limit_s=3600, breaks=Text(
        zh="建立校验清单与每日比对会读取全部程序与配置文件", en="making the list, and the daily look, read all programs and configuration"))
