"""AIDE: what it watches, the list of checksums that later looks are compared with, and a daily look. Describes a file and runs nothing.

Only the program comes from Debian: its package of rules (aide-common) watches all of a disk, whatever its size. What a change alters, it alters before
the list is made, so this is the last step. A look that finds a difference leaves its unit failed, which inspections tell, and the differences in the
journal. After an approved change of the host the list is made anew.
"""

from __future__ import annotations

from dataclasses import replace

from reports.records import FileChange, Text
from tasks.operations.file_lines import FileLines, Line
from tasks.operations.mend import Mend

CONF, DATABASE, UNIT = "/etc/aide/aide.conf", "/var/lib/aide/aide.db", "standfast-aide"
PACKAGES = ("aide",)
# Programs, libraries, configuration: what only a change changes. Data, homes and logs change all day, and may be of any size.
RULES = f"""# by Standfast: what only a change changes
database_in=file:{DATABASE}
database_out=file:{DATABASE}.new
gzip_dbout=yes
report_url=stdout
Kept = p+ftype+u+g+s+m+sha512
/(bin|boot|etc|lib|lib32|lib64|libx32|opt|sbin|usr)(/|$) Kept
/root/\\.ssh(/|$) Kept
!/etc/(adjtime|mtab|resolv\\.conf|lvm/(archive|backup|cache))(/|$)
!/opt/.*/(cache|data|logs?|te?mp|work)(/|$)"""
UNITS = {
    f"{UNIT}.service": f"""[Unit]
Description=Compare programs and configuration with AIDE's list
[Service]
Type=oneshot
ExecStart=/usr/bin/aide --check --config={CONF}
Nice=19
IOSchedulingClass=idle""",
    f"{UNIT}.timer": """[Unit]
Description=Daily look of AIDE
[Timer]
OnCalendar=*-*-* 01:30:00
RandomizedDelaySec=3h
Persistent=true
[Install]
WantedBy=timers.target"""}
FOLDER = "/etc/systemd/system"

_REFUSE = f"""command -v aide >/dev/null || {{ echo "there is no aide here" >&2; exit 1; }}
if [ -e {DATABASE} ]; then echo "{DATABASE} is there already: somebody keeps a list of his own" >&2; exit 1; fi
"""
# The list comes after all that the change writes, the timer's own link among it.
_BUILD = "".join(f"cat >{FOLDER}/{name} <<'END'\n{text}\nEND\nchmod 644 {FOLDER}/{name}\n" for name, text in UNITS.items()) + f"""systemctl daemon-reload
systemctl enable --quiet {UNIT}.timer
umask 077
mkdir -p /var/lib/aide
rm -f {DATABASE}.new
nice -n 19 aide --init --config={CONF} >"$SAVED/said" 2>&1 || {{ tail -n 5 "$SAVED/said" >&2; exit 1; }}
mv -f {DATABASE}.new {DATABASE}
sync {DATABASE}
grep -i 'number of entries' "$SAVED/said" || :
systemctl start {UNIT}.timer"""
_TAKE_AWAY = f"""systemctl disable --quiet --now {UNIT}.timer 2>/dev/null || :
rm -f {" ".join(f"{FOLDER}/{name}" for name in UNITS)}
rm -rf /var/lib/aide /var/lib/systemd/timers/stamp-{UNIT}.timer
systemctl daemon-reload
systemctl reset-failed {UNIT}.service 2>/dev/null || :"""
_THERE = f"""[ -s {DATABASE} ] || {{ echo "there is no {DATABASE}" >&2; exit 1; }}
systemctl is-enabled -q {UNIT}.timer || {{ echo "{UNIT}.timer is not enabled" >&2; exit 1; }}
"""
_GONE = f"""for one in {DATABASE} {FOLDER}/{UNIT}.service {FOLDER}/{UNIT}.timer; do
  if [ -e "$one" ]; then echo "$one is still there" >&2; exit 1; fi
done
"""


def watch_files() -> Mend:
    """Installed, told what to watch, its list made, looking daily. Undo: list, timer and file go, then the package."""
    lines = tuple(Line(str(number), line) for number, line in enumerate(RULES.split("\n")))
    of = FileLines(
        CONF, lines, whole=True, mode="600", refuse=_REFUSE, test=f"aide --config={CONF} -D", put_in_force=_BUILD, put_back=_TAKE_AWAY,
        in_force=_THERE, is_back=_GONE, on_copy=False, touches=("/var/lib/aide", *UNITS, *(f"{FOLDER}/{name}" for name in UNITS)),
        beside=tuple(FileChange(path=f"{FOLDER}/{name}", after=tuple(text.split("\n")), whole=True) for name, text in UNITS.items()))
    return replace(of.mend(), packages=PACKAGES, last=True, time_limit_s=3600, breaks=Text(
        zh="建立校验清单与每日比对会读取全部程序与配置文件；经批准的变更之后须重建清单",
        en="making the list, and the daily look, read all programs and configuration; after an approved change the list is made anew"))
