"""One script that brings a host's logs around a time in one round trip. It reads, and writes nothing on the host. Pure.

Lines are cut to the span on the host, where they say when they were written: of a log of many gigabytes little travels. What is nearest
to the problem is kept where there is too much. The frame is that of the inspections; a line of a log has a bar in front, so that it
cannot be taken for what is said about the log.

Sample output of the part `files`:
    file log u /var/log/nginx/error.log
    |2026/11/23 05:42:12 [error] 50#50: *5 connect() failed (111: Connection refused) while connecting to upstream
    cut 0
    file access - /var/log/nginx/access.log
    |127.0.0.1 - - [23/Nov/2026:05:42:12 +0000] "GET /health HTTP/1.1" 502 157 "-" "curl/7.88.1"
    requests u 2026-11-23 05:42 502 1
    cut 0
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tasks.checks.reading import host_script

HOST_LIMIT_S = 720         # more than all parts may take together: what a sick host gave is not thrown away for what it did not
LINE_BYTES = 2000          # of one line
FILE_BYTES = 1_000_000     # of one log, before the problem and after it each
FILES, FILES_BYTES = 60, 12_000_000
JOURNAL_BYTES = 3_000_000  # before the problem and after it each
FILE_READ_BYTES = 60_000_000  # of one log, around the problem
CHANGED_DAYS, PACKAGE_DAYS = 7, 30


@dataclass(frozen=True)
class Section:
    """One thing that is read, as a check is."""

    id: str
    command: str
    time_limit_s: int = 30  # a host in trouble is slow
    byte_limit: int = 300_000


# Which logs: those in /var/log that were written since the span began, and what running services write elsewhere. The telling ones first.
# Of a log of gigabytes the place of the problem is looked for by halving, and what lies around it is read.
_LOGS = r"""
place() {
  low=0 high=$1
  while [ $((high - low)) -gt 1000000 ]; do
    middle=$(((low + high) / 2))
    case $(tail -c "+$middle" -- "$LOG" | head -c 100000 | PROBE=1 awk "$CUTTER") in
      before) low=$middle;; after) high=$middle;; *) low=$1; break;;
    esac
  done
  echo "$low"
}
{ find /var/log -xdev -type f -newermt "@$SINCE" -size +0 ! -path '/var/log/journal/*' ! -path '/var/log/sa/*' ! -path '/var/log/sysstat/*' \
    ! -name '*.journal*' ! -name 'wtmp*' ! -name 'btmp*' ! -name lastlog ! -name faillog ! -name tallylog 2>/dev/null
  find /proc/[0-9]*/fd -type l -lname '/*' -printf '%l\n' 2>/dev/null | grep -E '\.(log|err|out)$|/logs?/' |
    grep -Ev '^/(proc|dev|run|sys|var/log)/| \(deleted\)$' | sort -u | head -n 200 | while IFS= read -r f; do
      [ -f "$f" ] && find "$f" -newermt "@$SINCE" -size +0 2>/dev/null; done
} | grep -v '[[:cntrl:]]' | sort -u | awk '{ print (/access|\.(gz|xz)$/ ? 3 : /error|syslog|messages|postgres|mysql|maria|catalina|kern/ ? 1 : 2), $0 }' |
sort -s -k1,1n | cut -c3- | head -n $FILES | while IFS= read -r LOG; do
  case $LOG in *access*) KIND=access;; *) KIND=log;; esac
  bytes=$(wc -c < "$LOG" 2>/dev/null) || continue
  MORE=; from=1
  if [ "$bytes" -gt $READ ]; then
    from=$(place "$bytes")
    [ $((bytes - from)) -gt $((READ / 2)) ] && MORE=1
    from=$((from > READ / 2 ? from - READ / 2 : 1))
  fi
  export LOG KIND MORE
  case $LOG in
    *.gz) gzip -dc -- "$LOG" 2>/dev/null;;
    *.xz) xz -dc -- "$LOG" 2>/dev/null;;
    *) tail -c "+$from" -- "$LOG" 2>/dev/null;;
  esac | head -c $READ | tr -d '\000' | awk "$CUTTER"
done
"""

# Keeps the lines of the span: before the problem the last, after it the first. A line without a time belongs to the one before it.
_CUTTER = r"""
function put(line) { bytes += length(line) + 2; print "|" line }
function keep(line) {
  line = substr(line, 1, e["WIDTH"]); lines++
  if (state == 1) {
    held[++last] = line; size += length(line) + 2
    while (size > e["LIMIT"]) drop()
  } else if (bytes < e["LIMIT"]) { flush(); put(line) } else cut++
}
function drop() { size -= length(held[++first]) + 2; delete held[first]; cut++ }
function flush(  i) { if (flushed) return; flushed = 1; for (i = first + 1; i <= last; i++) print "|" held[i] }
function month(word) { return sprintf("%02d", (index("JanFebMarAprMayJunJulAugSepOctNovDec", word) + 2) / 3) }
function time_of(s,  t, rest) {
  if (match(s, /audit\([0-9]+/)) { zone = "e"; return substr(s, RSTART + 6, RLENGTH - 6) }
  if (match(s, /[12][0-9][0-9][0-9][-\/][01][0-9][-\/][0-3][0-9][T ][0-2][0-9]:[0-5][0-9]:[0-5][0-9]/) && RSTART < 60) {
    t = substr(s, RSTART, 19); rest = substr(s, RSTART + 19, 16)
    gsub("/", "-", t); sub("T", " ", t)
  } else if (match(s, /[0-3][0-9][-\/ ][A-Z][a-z][a-z][-\/ ][12][0-9][0-9][0-9][: ][0-2][0-9]:[0-5][0-9]:[0-5][0-9]/)) {
    t = substr(s, RSTART, 20); rest = substr(s, RSTART + 20, 16)
    t = substr(t, 8, 4) "-" month(substr(t, 4, 3)) "-" substr(t, 1, 2) " " substr(t, 13)
  } else if (s ~ /^[A-Z][a-z][a-z] [ 0-3][0-9] [0-2][0-9]:[0-5][0-9]:[0-5][0-9]/) {
    t = month(substr(s, 1, 3))
    t = substr(t == "01" && substr(e["l1"], 6, 2) == "12" ? e["l3"] : e["l1"], 1, 4) "-" t "-" sprintf("%02d", substr(s, 5, 2)) " " substr(s, 8, 8)
  } else return ""
  zone = rest ~ /^[.,0-9]*( ?[+-]00:?00|Z| UTC| GMT)/ ? "u" : "l"
  return t
}
BEGIN {
  split("LOG KIND MORE PROBE LIMIT WIDTH e1 e2 e3 u1 u2 u3 l1 l2 l3", names, " ")
  for (i in names) e[names[i]] = ENVIRON[names[i]]
  zone = "l"
}
{
  t = time_of($0)
  if (t != "") {
    if (e["PROBE"]) { print t <= e[zone "2"] ? "before" : "after"; exit }
    if (!timed) { timed = 1; first = last = size = cut = lines = 0 }
    state = t < e[zone "1"] || t > e[zone "3"] ? 0 : t <= e[zone "2"] ? 1 : 2
  }
  if (e["PROBE"]) next
  if (!timed) { state = 1; keep($0); next }   # perhaps none says when it was written: then the log's end is shown
  if (!state) next
  if (!head) { print "file", e["KIND"], zone, e["LOG"]; head = 1 }
  if (e["KIND"] == "access" && match($0, /" [1-5][0-9][0-9] /)) {
    status = substr($0, RSTART + 2, 3); asked[zone " " substr(t, 1, 16) " " status]++
    if (status < 400) next                    # who asked for what is nobody's business here
  }
  keep($0)
}
END {
  if (e["PROBE"]) exit
  if (!timed && last) { print "file", e["KIND"], "-", e["LOG"]; while (size > e["LIMIT"] / 5) drop() }
  if (e["MORE"] && state) cut++
  flush()
  for (key in asked) print "requests", key, asked[key]
  if (head || last) print "cut", cut + 0
}
"""


def sections(since: datetime, at: datetime, until: datetime) -> tuple[Section, ...]:
    """What is read: the journal, logs, what runs now, what was changed lately; for a span around `at`."""
    span = "".join(f"{name}={int(moment.timestamp())}\n" for name, moment in (("SINCE", since), ("AT", at), ("UNTIL", until)))
    journal = ("command -v journalctl >/dev/null || na '没有 systemd 日志' 'no journal here'\n"
               f"lines() {{ journalctl -q --no-pager -o short-iso \"$@\" 2>&1 | cut -b 1-{LINE_BYTES}; }}\n")
    # The three moments as logs write them: seconds since 1970, UTC, the host's own time.
    moments = "".join(f'e{n}=${name} u{n}=$(date -d "@${name}" "+%F %T") l{n}=$(env -u TZ date -d "@${name}" "+%F %T")\n'
                      for n, name in enumerate(("SINCE", "AT", "UNTIL"), start=1))
    files = (f"READ={FILE_READ_BYTES} FILES={FILES} LIMIT={FILE_BYTES} WIDTH={LINE_BYTES} PROBE=\n{moments}"
             "export LIMIT WIDTH PROBE e1 e2 e3 u1 u2 u3 l1 l2 l3\n"
             f"CUTTER=$(cat <<'END_OF_CUTTER'\n{_CUTTER.strip()}\nEND_OF_CUTTER\n)\n{_LOGS.strip()}\n")
    found = [
        Section("clock", """
echo now $(date +%s)
echo offset $(env -u TZ date -d "@$AT" +%z)
echo zone $(cat /etc/timezone 2>/dev/null || readlink /etc/localtime | sed 's,.*zoneinfo/,,')
echo up $(cat /proc/uptime)
"""),
        Section("boots", "command -v journalctl >/dev/null || na '没有 systemd 日志' 'no journal here'\n"
                         "journalctl -q --no-pager --list-boots 2>&1 | tail -n 20\n"),
        Section("journal-before", f'{journal}lines --since "@$SINCE" --until "@$AT" | tail -c {JOURNAL_BYTES}\n', 60, JOURNAL_BYTES + 1000),
        Section("journal-after", f'{journal}lines --since "@$AT" --until "@$UNTIL" | head -c {JOURNAL_BYTES}\n', 60, JOURNAL_BYTES + 1000),
        Section("journal-errors", f'{journal}lines -p err --since "@$SINCE" --until "@$UNTIL" | tail -c 600000\n', 40, 601_000),
        Section("files", files, 120, FILES_BYTES),
        # By unit and program, not by command line: that may hold a password.
        Section("processes", "ps -eo pid,ppid,user,stat,pcpu,pmem,rss,etimes,unit,comm --sort=-pcpu 2>&1 | head -n 60; echo; "
                             "ps -eo pid,user,pmem,rss,comm --sort=-rss 2>&1 | head -n 25\n"),
        Section("sockets", "ss -s 2>&1; ss -Hltn 2>&1 | sort | head -n 200\n"),
        Section("load", "cat /proc/loadavg; free -m 2>&1; command -v vmstat >/dev/null && vmstat 1 3\n"),
        Section("disks", "df -hPT -x tmpfs -x devtmpfs 2>&1; df -iP -x tmpfs -x devtmpfs 2>&1\n"),
        Section("kernel", "dmesg -T 2>&1 | tail -n 300\n"),
        Section("units", "command -v systemctl >/dev/null || na '没有 systemd' 'no systemd here'\n"
                         "systemctl list-units --type=service --all --plain --no-legend --no-pager 2>&1 | head -n 400\n"),
        Section("packages", f"""
for f in /var/log/dpkg.log.1 /var/log/dpkg.log; do [ -r "$f" ] && grep -E '^[-0-9]+ [:0-9]+ (install|upgrade|remove|purge) ' "$f"; done | tail -n 2000
command -v rpm >/dev/null && rpm -qa --qf 'rpm %{{INSTALLTIME}} %{{NAME}} %{{VERSION}}-%{{RELEASE}}\\n' 2>/dev/null |
  awk -v from=$((AT - {PACKAGE_DAYS} * 86400)) '$2 >= from' | sort -k2n | tail -n 500
:
"""),
        Section("configuration", f"find /etc -xdev -type f -mtime -{CHANGED_DAYS} -printf '%T@ %p\\n' 2>/dev/null | grep -v '[[:cntrl:]]' |\n"
                                 "  sort -rn | head -n 300\n"),
        Section("log-ins", "last -F -w -n 50 2>&1 | head -n 60\n"),
    ]
    return tuple(Section(one.id, span + one.command, one.time_limit_s, one.byte_limit) for one in found)


def log_script(wanted: tuple[Section, ...], nonce: str) -> str:
    """The script for root."""
    return host_script(wanted, nonce)  # type: ignore[arg-type]
