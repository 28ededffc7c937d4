"""Services under systemd: configuration test, stop, start, reload, restart, and waiting until they answer steadily.

Every function returns POSIX shell text and runs nothing. The texts need `systemctl`, and `curl` where they ask an address.
Time is taken from /proc/uptime, so that a clock that jumps neither shortens nor lengthens a wait.
"""

from __future__ import annotations

import re
from shlex import quote

from tasks.errors import ProcedureError

# awk's condition over what `systemctl show` says of a unit: it died, was started again, and has not lasted a minute since.
# systemd forgets the count when somebody else stops or starts the service; it counts from version 235. `uptime` is read a little
# earlier; where a container has an uptime of its own, it is far off and says nothing.
RESTARTS_AGAIN_AND_AGAIN = (
    'value["SubState"] ~ /^auto-restart/ || value["NRestarts"] >= 2 && (since = uptime - value["ActiveEnterTimestampMonotonic"] / 1000000) > -60 && since < 60'
)
ANSWER_BYTES = 1_000_000  # a health page that is longer is none
ANSWER_TIME_S = 5  # longest wait for one answer


def unit_name(service: str) -> str:
    """The unit's full name: "nginx" -> "nginx.service".

    Raises ProcedureError for anything that is no name of a service unit.
    """
    name = service if re.search(r"\.(service|socket|target)$", service) else f"{service}.service"
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9:_.\\@-]{0,200}", name):
        raise ProcedureError(
            f"{service!r} is no name of a service unit; give it as `systemctl` lists it, for example orders.service",
            f"{service!r} 不是服务单元的名称；请按 `systemctl` 列出的名称填写，例如 orders.service",
        )
    return name


def _postgres_test(cluster: str) -> str:
    """One PostgreSQL server of Debian, "15/main": its files as a start would read them, then as the running server sees them."""
    major, name = cluster.split("/", 1)
    return f"""\
bin=/usr/lib/postgresql/{quote(major)}/bin
runuser -u postgres -- "$bin/postgres" -C shared_buffers -D /etc/postgresql/{quote(major)}/{quote(name)} >/dev/null
if pg_lsclusters -h {quote(major)} {quote(name)} | grep -q ' online'; then
  faults=$(runuser -u postgres -- psql -X -A -t -q --cluster {quote(cluster)} -d postgres -c \\
    "select sourcefile || ':' || sourceline || ' ' || error from pg_file_settings where error is not null
       and error <> 'setting could not be applied'
     union all select 'pg_hba.conf:' || line_number || ' ' || error from pg_hba_file_rules where error is not null")
  if [ -n "$faults" ]; then echo "PostgreSQL {cluster}: $faults" >&2; exit 1; fi
fi
echo "configuration of PostgreSQL {cluster} is good"
"""


_ALL_POSTGRES = """\
pg_lsclusters -h | while read -r major name rest; do
  bin=/usr/lib/postgresql/$major/bin
  runuser -u postgres -- "$bin/postgres" -C shared_buffers -D "/etc/postgresql/$major/$name" >/dev/null ||
    { echo "PostgreSQL $major/$name: its configuration is not good" >&2; exit 1; }
done
echo "configuration of PostgreSQL is good"
"""


def config_test(service: str) -> str:
    """Shell that exits 0 if the files of `service` are good enough to start it; "" for a service whose test we do not know.

    It finds what only the next start would find: the daemon runs, the file is broken. Reads only.
    Known: nginx, apache2, ssh, PostgreSQL of Debian (postgresql, postgresql@15-main), Tomcat 9 and 10, HAProxy.
    """
    name = unit_name(service).removesuffix(".service")
    if cluster := re.fullmatch(r"postgresql@([0-9.]+)-([A-Za-z0-9_.-]+)", name):
        return _postgres_test(f"{cluster[1]}/{cluster[2]}")
    if name == "postgresql":
        return _ALL_POSTGRES
    if tomcat := re.fullmatch(r"tomcat(9|10|11)", name):
        base = f"tomcat{tomcat[1]}"
        return f"""\
home=/usr/share/{base}
java=$(readlink -f "$(command -v java)") || {{ echo "no java on this host" >&2; exit 1; }}
runuser -u tomcat -- env JAVA_HOME="${{java%/bin/java}}" CATALINA_HOME="$home" CATALINA_BASE=/var/lib/{base} \\
  CATALINA_TMPDIR=/tmp "$home/bin/catalina.sh" configtest
"""
    return {
        "nginx": "nginx -t\n",
        "apache2": "apache2ctl configtest\n",
        "ssh": "sshd -t\n",
        "sshd": "sshd -t\n",
        "haproxy": "haproxy -c -q -f /etc/haproxy/haproxy.cfg\n",
    }.get(name, "")


def stop(service: str) -> str:
    """Stop the service and see that no process of it is left."""
    unit = quote(unit_name(service))
    return f"systemctl stop {unit}\n{is_stopped(service)}"


def start(service: str) -> str:
    """Start the service; a start limit that an earlier failure has hit is forgotten first."""
    unit = quote(unit_name(service))
    return f"systemctl reset-failed {unit} 2>/dev/null || :\nsystemctl start {unit}\n"


def restart(service: str) -> str:
    """Restart the service; a start limit that an earlier failure has hit is forgotten first."""
    unit = quote(unit_name(service))
    return f"systemctl reset-failed {unit} 2>/dev/null || :\nsystemctl restart {unit}\n"


def reload(service: str) -> str:
    """Let the service read its configuration again, after testing it; a service that cannot reload is restarted.

    A reload does not bring new program files into use: for those, restart.
    """
    return f"{config_test(service)}systemctl reload-or-restart {quote(unit_name(service))}\n"


def is_active(service: str) -> str:
    """Shell that exits 0 if the service runs, else says in which state it is.

    One that dies and is started by systemd again and again is "active" most of the time and does not run: see RESTARTS_AGAIN_AND_AGAIN.
    """
    unit = unit_name(service)
    return f"""\
state=$(systemctl is-active {quote(unit)} || :)
if [ "$state" != active ]; then echo {quote(unit)}" is $state, not active" >&2; exit 1; fi
systemctl show -p NRestarts -p ActiveEnterTimestampMonotonic {quote(unit)} | awk -F= -v uptime="$(cut -d . -f 1 /proc/uptime)" '
  {{ value[$1] = $2 }}
  END {{ exit {RESTARTS_AGAIN_AND_AGAIN} }}' ||
  {{ echo "systemd restarts "{quote(unit)}" again and again" >&2; exit 1; }}
"""


def is_stopped(service: str) -> str:
    """Shell that exits 0 if the service does not run."""
    unit = unit_name(service)
    return f"""\
state=$(systemctl is-active {quote(unit)} || :)
case "$state" in inactive|failed) ;; *) echo {quote(unit)}" is $state, not stopped" >&2; exit 1 ;; esac
"""


def version_pattern(version: str) -> str:
    """An extended regular expression that finds `version` as a word of its own.

    "1.1.0" is found in "v1.1.0", not in "11.1.0" or "1.1.0-rc1".
    """
    word = re.sub(r"([][.+*?^$(){}|\\])", r"\\\1", version)
    return f"(^|[^0-9A-Za-z.+~_-])[vV]?{word}[.]?($|[^0-9A-Za-z.+~_-])"


def ask(address: str, *, names: str = "") -> str:
    """The shell function `answers`: asks the address once; true if it answers well (and names version `names`).

    The variable `answer` holds what came. No proxy is used: the address is on the host itself.
    """
    told = f"\n  printf '%s\\n' \"$answer\" | grep -Eq -e {quote(version_pattern(names))}" if names else ""
    limits = f"--max-time {ANSWER_TIME_S} --max-filesize {ANSWER_BYTES}"
    return f"""\
answers() {{
  answer=$(curl -fsS --noproxy '*' {limits} {quote(address)} 2>&1) || return 1{told}
}}
"""


def wait_steady(address: str, *, names: str = "", answers: int = 3, within_s: int = 60, service: str = "") -> str:
    """Shell that waits until the address gave so many good answers in a row, one a second, and exits 1 after `within_s` seconds.

    One good answer proves nothing: a service that starts, answers once and dies looks healthy for that second.
    names: the version that every answer must name; empty: any answer below 400 is good.
    service: systemd has given it up: no need to wait longer; empty: not looked at.
    """
    given_up = (
        f"""\
  if systemctl is-failed -q {quote(unit_name(service))}; then
    echo {quote(unit_name(service))}" has failed:" >&2
    journalctl -q --no-pager -n 8 -o cat -u {quote(unit_name(service))} >&2 || :
    exit 1
  fi
"""
        if service
        else ""
    )
    # Names come from the host: quoted, and outside any double quotes, so that the shell never reads them.
    wished = f' naming "{quote(names)}" ' if names else " "
    return f"""\
{ask(address, names=names)}seconds() {{ read -r up rest </proc/uptime; echo "${{up%.*}}"; }}
end=$(( $(seconds) + {int(within_s)} ))
good=0
while [ "$good" -lt {int(answers)} ]; do
  if answers; then good=$((good + 1)); else good=0; fi
  if [ "$good" -ge {int(answers)} ]; then break; fi
  if [ "$(seconds)" -ge "$end" ]; then
    echo {quote(address)}" did not give {int(answers)} good answers{wished}in a row within {int(within_s)} s" >&2
    echo "the last one: $answer" >&2
    exit 1
  fi
{given_up}  sleep 1
done
echo "{int(answers)} good answers{wished}in a row; the last one: $answer"
"""
