"""Everything a change has to know of a host, in one round trip that changes nothing there.

`survey_script` makes one POSIX shell script for root; `parse_survey` reads its answer. Neither has an opinion.

Reads: os-release, uname, boot id, /proc, dpkg or rpm, apt's own lists, systemd, ss, df, the watched configuration, PostgreSQL
(pg_lsclusters, psql and pg_dump as postgres, in read-only sessions), release folders, the acceptance checks, our lock.
Source: the manual pages of dpkg-query(1), apt-cache(8), systemctl(1), ss(8), df(1), pg_lsclusters(1), pg_dump(1), proc(5).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from shlex import quote
from urllib.parse import urlsplit

from pydantic import ValidationError

from reports.records import Acceptance, Cluster, FileSystem, Health, Package, Port, Release, Service, Survey, TableRows, Text, same
from tasks.operations.service import RESTARTS_AGAIN_AND_AGAIN
from tasks.sections import Answer, Part, compose, failed, take_apart, unreadable

WATCHED_FILES = 5000            # more than that is not configuration; the paths are too wide
WATCHED_FILE_BYTES = 16 << 20   # larger files are noted by size and time instead of being read
DIGEST_TABLE_BYTES = 64 << 20   # larger tables are counted, their rows are not read
COUNT_TABLE_BYTES = 8 << 30     # larger tables are not even counted (rows = -1)
TABLES = 2000
STATEMENT_LIMIT_S = 30
CHECK_LIMIT_S = 15
CHECK_ANSWER_BYTES = 2000

OPTIONAL = ("origins", "package-hosts")  # good to know; a host that cannot say it is surveyed all the same

_SYSTEM = r"""
echo "time $(date +%s.%N)"
for file in /etc/os-release /usr/lib/os-release; do
  [ -r "$file" ] && { sed -n 's/^\(ID\|VERSION_ID\|PRETTY_NAME\)=/os \1 /p' "$file"; break; }
done
echo "kernel $(uname -r)"
if [ -e /var/lib/dpkg/status ] && command -v apt-get >/dev/null; then
  echo "manager apt"; echo "architecture $(dpkg --print-architecture)"
else
  echo "architecture $(uname -m)"
  for manager in dnf yum; do command -v $manager >/dev/null && { echo "manager $manager"; break; }; done
fi
echo "hostname $(cat /proc/sys/kernel/hostname)"
# The boot id belongs to the machine; the start of process 1 also tells one start of a container from the next.
echo "boot $(cat /proc/sys/kernel/random/boot_id)-$(sed 's/.*) //' /proc/1/stat | cut -d' ' -f20)"
sed -n 's/^MemTotal: *\([0-9]*\) kB$/memory \1/p' /proc/meminfo
echo "end"
"""

_PACKAGES = r"""
if [ -e /var/lib/dpkg/status ] && command -v dpkg-query >/dev/null; then
  dpkg-query -W -f '${db:Status-Abbrev}\t${binary:Package}\t${Version}\t${Architecture}\n'
elif command -v rpm >/dev/null; then
  rpm -qa --qf 'ii \t%{NAME}\t%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\t%{ARCH}\n'
else
  echo "neither dpkg nor rpm is there"; exit 3
fi
"""

_AUDIT = r"""
if [ -e /var/lib/dpkg/status ] && command -v dpkg >/dev/null; then
  dpkg --audit
  [ -z "$(ls /var/lib/dpkg/updates 2>/dev/null)" ] || echo " dpkg was interrupted"
fi
exit 0
"""

# The sources of the installed version, one line a package: name, then the suites that offer exactly this version.
_ORIGINS = r"""
command -v apt-cache >/dev/null || exit 0
dpkg-query -W -f '${db:Status-Status} ${binary:Package}\n' | sed -n 's/^installed //p' | xargs -r apt-cache policy 2>/dev/null |
awk '
  /^[^ ].*:$/ { if (name != "") print name "\t" found; name = substr($0, 1, length($0) - 1); found = ""; inside = 0; next }
  /^ \*\*\* /  { inside = 1; next }
  /^     [^ ]/ { inside = 0; next }
  inside && NF >= 4 && $2 ~ /^[a-z+]+:/ { if (index(" " found " ", " " $3 " ") == 0) found = found (found == "" ? "" : " ") $3 }
  END { if (name != "") print name "\t" found }'
"""

_PACKAGE_HOSTS = r"""
command -v apt-get >/dev/null || exit 0
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
  [ -r "$file" ] && sed -n -e 's/#.*//' -e '/^ *deb \|^ *[Uu][Rr][Ii]s:/p' "$file"
done | grep -oE '[a-z+]+://[^] ]+' | sed 's#//[^/@]*@#//#' | sort -u
apt-config dump --format '%v%n' Acquire::http::Proxy Acquire::https::Proxy 2>/dev/null |
  grep -E '^[a-z]+://' | sed 's#//[^/@]*@#//#' | sort -u
exit 0
"""

_SERVICES = r"""
[ -d /run/systemd/system ] && command -v systemctl >/dev/null || exit 0
systemctl show '*.service' -p Id -p ActiveState -p SubState -p UnitFileState -p NRestarts -p ActiveEnterTimestampMonotonic --no-pager |
awk -F= -v uptime="$(cut -d . -f 1 /proc/uptime)" '
  { value[$1] = $2 }
  /^$/ { close_one() }
  END { close_one() }
  function close_one() {
    if (@again@) value["ActiveState"] = "restarting"
    if (value["Id"] != "") print "unit", value["Id"], value["ActiveState"], (value["UnitFileState"] == "" ? "-" : value["UnitFileState"])
    split("", value) }'
# asking systemd for the state of every unit file takes seconds; what is enabled and not loaded shows in the links
find /etc/systemd/system -path '*.wants/*.service' -printf '%f\n' | while read -r name; do
  [ "$(readlink "/etc/systemd/system/$name")" = /dev/null ] || echo "link $name"
done
exit 0
""".replace("@again@", RESTARTS_AGAIN_AND_AGAIN)

_PORTS = r"""
if command -v ss >/dev/null; then
  ss -H -l -n -p -t | sed 's/^/tcp /'; ss -H -l -n -p -u | sed 's/^/udp /'
else
  for table in tcp tcp6 udp udp6; do
    [ -r /proc/net/$table ] && sed -n "2,\$s/^/proc $table /p" /proc/net/$table
  done
fi
exit 0
"""

_FILE_SYSTEMS = r"""
df -l -P -k -T | sed '1d; s/^/space /'
df -l -P -i | sed '1d; s/^/inodes /'
exit 0
"""

_LOCK = r"""
[ -e /var/lib/standfast/lock ] || exit 0
head -c 2000 /var/lib/standfast/lock
"""

_END_TIME = r"""
date +%s.%N
"""


def _configuration(watched: Sequence[str]) -> str:
    if not watched:
        return "exit 0"
    # Names travel with line ends and backslashes written as \\n and \\\\, so that one line is one file.
    return f"""
find_watched() {{
  for path in {" ".join(quote(path) for path in watched)}; do
    if [ -e "$path" ] || [ -L "$path" ]; then find "$path" -xdev "$@"; fi
  done
}}
one_line() {{ sed -z 's/\\\\/\\\\\\\\/g; s/\\n/\\\\n/g' | tr '\\000' '\\n'; }}
count=$(find_watched \\( -type f -o -type l \\) -printf x | wc -c)
[ "$count" -le {WATCHED_FILES} ] || {{
  echo "the watched paths hold $count files, more than {WATCHED_FILES}; watch less"; exit 3; }}
find_watched -type f -printf 'file %m %U:%G %s %T@ %p\\0' | one_line
find_watched -type l -printf 'link %m %U:%G %l\\0target-of %p\\0' | one_line
find_watched -type f -size -{WATCHED_FILE_BYTES // 512}b -print0 | xargs -0 -r sha256sum -z -- | sed -z 's/^/hash /' | one_line
exit 0
"""


# We ask as superuser, so owners of databases have no say in it: no search path, no cast, no column of theirs is called, and their names are data.
_SESSION = ("-c default_transaction_read_only=on -c search_path=pg_catalog -c standard_conforming_strings=on -c lock_timeout=3s -c timezone=UTC "
            "-c datestyle=ISO -c intervalstyle=postgres -c extra_float_digits=1 -c bytea_output=hex -c client_min_messages=error "
            f"-c application_name=standfast -c statement_timeout={STATEMENT_LIMIT_S}s")


def _said(name: str) -> str:
    """SQL for a name on one line: as it is, or with \\ before what JSON says so."""
    return f"(select substr(j, 2, length(j) - 2) from (select to_json(({name})::text)::text) said (j))"


# version, databases by number, then what holds for the whole server: roles, memberships, settings, databases' owners and rights
_SERVER_QUERY = f"""
select 'version', current_setting('server_version');
select 'database', oid, {_said("datname")} from pg_database where datallowconn and not datistemplate order by datname;
select 'global', to_json(r) from (select rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls,
  rolconnlimit, rolvaliduntil from pg_roles order by rolname) r;
select 'global', to_json(r) from (select roleid::regrole, member::regrole, admin_option from pg_auth_members order by 1, 2) r;
select 'global', to_json(r) from (select setdatabase, setrole::regrole, setconfig from pg_db_role_setting order by 1, 2) r;
select 'global', to_json(r) from (select datname, datdba::regrole, datacl, encoding, datcollate, datctype from pg_database order by 1) r;
"""

# t.*, for t alone would be a column of that name
_TABLES_QUERY = rf"""
select format('select %L, %L, %s from %s t', {_said("current_database()")}, {_said("n.nspname || '.' || c.relname")},
  case when pg_total_relation_size(c.oid) <= {DIGEST_TABLE_BYTES} then 'count(*), coalesce(sum(hashtextextended(textin(record_out(t.*)), 0)), 0)'
       when pg_total_relation_size(c.oid) <= {COUNT_TABLE_BYTES} then 'count(*), ''''' else '-1, '''''
  end, case when pg_total_relation_size(c.oid) <= {COUNT_TABLE_BYTES}
       then format('only %I.%I', n.nspname, c.relname) else '(select 1)' end)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and c.relpersistence <> 't' and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
order by n.nspname, c.relname limit {TABLES}
\gexec
"""


def _clusters(databases: Sequence[str]) -> str:
    wanted = " ".join(databases)
    return rf"""
command -v pg_lsclusters >/dev/null || exit 0
wanted={quote(wanted)}
unit=$(printf '\037')
base=postgres
# the database's name by the environment, where = in it means nothing
as_postgres() {{ runuser -u postgres -- env PGOPTIONS={quote(_SESSION)} PGCONNECT_TIMEOUT=5 PGCLIENTENCODING=UTF8 PGDATABASE="$base" "$@"; }}
ask() {{ as_postgres psql -X -A -t -q -v ON_ERROR_STOP=1 -F "$unit" -p "$port" "$@"; }}
# What pg_dump writes anew each time, or otherwise in each of its versions, says nothing of the schema.
digest() {{
  grep -v -e '^--' -e '^$' -e '^SET ' -e '^SELECT pg_catalog.set_config' -e '^.restrict ' -e '^.unrestrict ' |
    sha256sum | cut -c1-64
}}
seen=' ' down=0
cd /
clusters=$(pg_lsclusters -h) || exit 3
while read -r major name port state rest; do
  [ -n "$major" ] || continue
  case "$state" in online*) ;; *) echo "cluster $major/$name $port down $major"; down=1; continue ;; esac
  base=postgres
  if ! server=$(ask <<'QUERY' 2>&1
{_SERVER_QUERY.strip()}
QUERY
  ); then
    # It starts, stops or has just died: it does not run. Anything else is a server that we cannot read.
    case "$server" in
      *"starting up"*|*"shutting down"*|*"recovery mode"*|*"refused"*|*"No such file"*|*"terminating connection"*|\
      *"closed the connection"*)
        echo "cluster $major/$name $port down $major"; down=1; continue ;;
    esac
    echo "problem with PostgreSQL $major/$name: $server"; exit 3
  fi
  version=$(printf '%s\n' "$server" | sed -n 's/^version.//p')
  echo "cluster $major/$name $port online $version"
  echo "globals $(printf '%s\n' "$server" | grep '^global' | sha256sum | cut -c1-64)"
  text=$(printf '%s\n' "$server" | sed -n 's/^database.//p')
  while IFS=$unit read -r number database; do
    [ -n "$number" ] || continue
    case "$wanted" in '') ;; *) case " $wanted " in *" $database "*) ;; *) continue ;; esac ;; esac
    seen="$seen$database "
    printf 'database %s\n' "$database"
    case "$database" in  # the x keeps line ends at the name's end
      *\\*) base=postgres; base=$(ask -c "select datname || 'x' from pg_database where oid = $number") || exit 3; base=${{base%x}} ;;
      *) base=$database ;;
    esac
    text=$(as_postgres pg_dump -p "$port" --schema-only --lock-wait-timeout=3000) || exit 3
    echo "schema $(printf '%s\n' "$text" | digest)"
    text=$(ask <<'QUERY'
{_TABLES_QUERY.strip()}
QUERY
    ) || {{ printf '%s\n' "$text"; exit 3; }}
    [ -z "$text" ] || printf '%s\n' "$text" | sed 's/^/rows /'
    echo "read"
  done <<LIST
$text
LIST
done <<LIST
$clusters
LIST
for database in $wanted; do
  case "$down$seen" in
    1*|*" $database "*) ;;
    *) echo "there is no database $database on this host; name those that are there"; exit 3 ;;
  esac
done
exit 0
"""


def _releases(roots: Sequence[str]) -> str:
    if not roots:
        return "exit 0"
    return f"""
for root in {" ".join(quote(root.rstrip("/") or "/") for root in roots)}; do
  printf 'root %s\\n' "$root"
  printf 'current %s\\n' "$(readlink "$root/current" 2>/dev/null)"
  for kept in "$root"/releases/*/; do [ -d "$kept" ] && kept=${{kept%/}} && printf 'kept %s\\n' "${{kept##*/}}"; done
done
exit 0
"""


def _health(acceptance: Sequence[Acceptance]) -> str:
    lines: list[str] = []
    for check in acceptance:
        title = json.dumps(check.title.model_dump(), sort_keys=True)
        call = f"sh -c {quote(check.command)}" if check.account == "root" else \
            f"runuser -u {quote(check.account)} -- sh -c {quote(check.command)}"
        lines += [f"printf 'check %s\\n' {quote(title)}",
                  f"{{ timeout -k 2 {CHECK_LIMIT_S} {call} 2>&1 </dev/null; printf '\\nexit %s\\n' $?; }} |",
                  f"  tail -c {CHECK_ANSWER_BYTES} | sed 's/^/says /'"]
    return "\n".join([*lines, "exit 0"])


def survey_script(watched: Sequence[str], databases: Sequence[str], releases: Sequence[str],
                  acceptance: Sequence[Acceptance]) -> str:
    """The script that reads everything; run it as root with `sh` (dash will do), its output goes to `parse_survey`.

    watched: files and folders whose files' digests are taken, at most 5000 files. databases: names whose tables are
    read, empty for all. releases: application folders that hold `current` and `releases/`. acceptance: this host's checks,
    each asked once.
    """
    checks_s = 10 + (CHECK_LIMIT_S + 2) * len(acceptance)
    return compose([
        Part("system", _SYSTEM, 10),
        Part("packages", _PACKAGES, 20),
        Part("audit", _AUDIT, 20, 200_000),
        Part("origins", _ORIGINS, 20),
        Part("package-hosts", _PACKAGE_HOSTS, 10, 100_000),
        Part("services", _SERVICES, 15),
        Part("ports", _PORTS, 10),
        Part("file-systems", _FILE_SYSTEMS, 10),
        Part("configuration", _configuration(watched), 60),
        Part("clusters", _clusters(databases), 180, 8_000_000),
        Part("releases", _releases(releases), 10, 500_000),
        Part("health", _health(acceptance), checks_s, 50_000 + 3000 * len(acceptance)),
        Part("lock", _LOCK, 5, 10_000),
        Part("time", _END_TIME, 5, 100),
    ])


NAMES = ("system", "packages", "audit", "origins", "package-hosts", "services", "ports", "file-systems", "configuration",
         "clusters", "releases", "health", "lock", "time")


def parse_survey(output: str, *, target: str, when: str, taken_at: datetime, asked_at: datetime, answered_at: datetime) -> Survey:
    """The survey that `output` tells of.

    asked_at, answered_at: by our clock, when the script was sent and when its answer was complete; for the clock's offset.

    Raises:
        UnreadableOutput: empty, garbled or cut output, or a part that failed on the host; names the part. Never half a survey.
    """
    answers = take_apart(output, NAMES, target)
    for name, answer in answers.items():
        if answer.exit_code != 0 and name not in OPTIONAL:
            raise failed(name, answer, target)
    current = "system"
    try:
        system = _parse_system(answers["system"].lines)
        current = "packages"
        origins = _parse_origins(answers["origins"]) if system["manager"] == "apt" else {}
        packages = _parse_packages(answers["packages"].lines, origins)
        current = "services"
        services = _parse_services(answers["services"].lines)
        current = "ports"
        ports = _parse_ports(answers["ports"].lines)
        current = "file-systems"
        file_systems = _parse_file_systems(answers["file-systems"].lines)
        current = "configuration"
        configuration = _parse_configuration(answers["configuration"].lines)
        current = "clusters"
        clusters = _parse_clusters(answers["clusters"].lines)
        current = "releases"
        releases = _parse_releases(answers["releases"].lines)
        current = "health"
        health = _parse_health(answers["health"].lines)
        current = "time"
        middle = (float(system["time"]) + float(answers["time"].lines[0])) / 2
        offset = middle - (asked_at.timestamp() + answered_at.timestamp()) / 2
        current = "whole"
        return Survey(
            target=target, when=when, taken_at=taken_at,
            os_id=system["ID"], os_version=system.get("VERSION_ID", ""), os_name=system.get("PRETTY_NAME", ""),
            kernel=system["kernel"], architecture=system["architecture"], package_manager=system["manager"],
            hostname=system["hostname"], boot=system["boot"], clock_offset_s=round(offset, 3), memory_kib=int(system["memory"]),
            lock="\n".join(answers["lock"].lines).strip(), packages=packages,
            package_faults=_parse_audit(answers["audit"].lines),
            held=tuple(p.name for p in packages if p.state.startswith("h")),
            services=services, ports=ports, file_systems=file_systems, configuration=configuration, clusters=clusters,
            releases=releases, health=health, package_hosts=_parse_package_hosts(answers["package-hosts"].lines),
        )
    except (KeyError, IndexError, ValueError, OverflowError, ValidationError) as problem:
        if isinstance(problem, KeyError):
            raise unreadable(current, f"{problem.args[0]} is missing", target) from problem
        what = str(problem).splitlines()[0][:300]
        raise unreadable(current, what, target) from problem


def _parse_system(lines: Iterable[str]) -> dict[str, str]:
    values: dict[str, str] = {"manager": "unknown"}
    ended = False
    for line in lines:
        word, _, rest = line.partition(" ")
        if word == "os":
            key, _, value = rest.partition(" ")
            values[key] = value.strip().strip("\"'")
        elif word in ("time", "kernel", "manager", "architecture", "hostname", "boot", "memory") and rest:
            values[word] = rest.strip()
        ended = ended or line == "end"
    if not ended:
        raise ValueError("its last line is missing")
    for needed in ("time", "ID", "kernel", "architecture", "hostname", "boot", "memory"):
        if not values.get(needed):
            raise KeyError(needed)
    if not re.fullmatch(r"[0-9a-f-]{36}-\d+", values["boot"]):
        raise ValueError(f"{values['boot']!r} names no start of the machine")
    return values


def _parse_packages(lines: Iterable[str], origins: Mapping[str, str]) -> tuple[Package, ...]:
    packages = []
    for line in lines:
        if not line:
            continue
        fields = line.split("\t")
        if len(fields) != 4 or not fields[1]:
            raise ValueError(f"expected state, name, version, architecture, found {line[:100]!r}")
        state, name, version, architecture = fields[0].strip(), *fields[1:]
        if len(state) not in (2, 3):
            raise ValueError(f"{state!r} is no state of a package")
        if state[1] == "n":  # known by name only
            continue
        # dpkg writes the architecture to the name of some; it stands in its own field
        packages.append(Package(name=name.partition(":")[0], version=version, architecture=architecture, state=state,
                                origin=origins.get(name, "")))
    if not packages:
        raise ValueError("no package is listed")
    return tuple(sorted(packages, key=lambda p: (p.name, p.architecture, p.version)))


def _parse_audit(lines: Sequence[str]) -> tuple[str, ...]:
    """dpkg explains itself in sentences; the packages stand on indented lines. Sentences alone are faults too."""
    indented = [line for line in lines if line.startswith(" ")]
    return tuple(dict.fromkeys(" ".join(line.split()) for line in indented or lines if line.strip()))


def _parse_origins(answer: Answer) -> dict[str, str]:
    return {name: " ".join(word.partition("/")[0] for word in found.split())
            for name, tab, found in (line.partition("\t") for line in answer.lines) if tab}


def _parse_services(lines: Iterable[str]) -> tuple[Service, ...]:
    found: dict[str, Service] = {}
    for line in lines:
        fields = line.split()
        if not fields:
            continue
        if fields[0] == "unit" and len(fields) == 4:
            found[fields[1]] = Service(name=fields[1], active=fields[2], enabled="" if fields[3] == "-" else fields[3])
        elif fields[0] == "link" and len(fields) == 2:
            found.setdefault(fields[1], Service(name=fields[1], active="inactive", enabled="enabled"))
        else:
            raise ValueError(f"expected a service, found {line[:100]!r}")
    return tuple(service for name, service in sorted(found.items())
                 if name.endswith(".service") and not _passing(name) and (service.active != "inactive" or service.enabled == "enabled"))


def _passing(name: str) -> bool:
    """Units that come and go with logins and jobs, ours among them."""
    return name.startswith(("run-", "user@", "user-runtime-dir@", "session-", "standfast-")) or name.endswith("@.service")


def _parse_ports(lines: Iterable[str]) -> tuple[Port, ...]:
    ports = set()
    for line in lines:
        fields = line.split()
        if not fields:
            continue
        if fields[0] == "proc" and len(fields) > 5:
            if port := _port_of_proc(fields):
                ports.add(port)
            continue
        if fields[0] not in ("tcp", "udp") or len(fields) < 6:
            raise ValueError(f"expected a socket, found {line[:100]!r}")
        address, _, number = fields[4].rpartition(":")
        named = re.search(r'users:\(\("([^"]*)"', line)
        ports.add((fields[0], address.strip("[]").partition("%")[0], int(number), named[1] if named else ""))
    return tuple(Port(protocol=p, address=a, port=n, process=w) for p, a, n, w in sorted(ports))


def _port_of_proc(fields: Sequence[str]) -> tuple[str, str, int, str] | None:
    """One line of /proc/net/{tcp,udp}{,6}: addresses in hexadecimal, 32-bit words in the host's (little-endian) order."""
    table, local, remote, state = fields[1], fields[3], fields[4], fields[5]
    if state != ("0A" if table.startswith("tcp") else "07") or not remote.endswith(":0000"):
        return None
    words, _, number = local.partition(":")
    raw = b"".join(bytes.fromhex(words[i:i + 8])[::-1] for i in range(0, len(words), 8))
    if len(raw) == 4:
        address = ".".join(str(byte) for byte in raw)
    else:
        import ipaddress  # only where ss is missing
        address = str(ipaddress.IPv6Address(raw))
    return table[:3], address, int(number, 16), ""


def _parse_file_systems(lines: Iterable[str]) -> tuple[FileSystem, ...]:
    found: dict[str, FileSystem] = {}
    inodes: dict[str, int] = {}
    for line in lines:
        if line.startswith("space "):
            fields = line.split(None, 7)
            if len(fields) != 8:
                raise ValueError(f"expected seven columns of df, found {line[:100]!r}")
            if fields[3] == "0":
                continue
            found.setdefault(fields[7], FileSystem(
                device=fields[1], kind=fields[2], size_kib=int(fields[3]), used_kib=int(fields[4]), free_kib=int(fields[5]),
                mount=fields[7]))
        elif line.startswith("inodes "):
            fields = line.split(None, 6)
            if len(fields) == 7 and fields[2].isdigit() and fields[2] != "0":
                inodes[fields[6]] = int(fields[4])
    if "/" not in found:
        raise ValueError("the root file system is not listed")
    return tuple(fs.model_copy(update={"inodes_free": inodes.get(mount, -1)}) for mount, fs in sorted(found.items()))


def _parse_configuration(lines: Iterable[str]) -> dict[str, str]:
    kept: dict[str, tuple[str, str, str]] = {}  # path -> owner and mode, size, time
    hashes: dict[str, str] = {}
    found: dict[str, str] = {}
    link: tuple[str, str] | None = None
    for line in lines:
        word, _, rest = line.partition(" ")
        if word == "file":
            mode, owner, size, changed, path = rest.split(" ", 4)
            kept[path] = (f"{mode} {owner}", size, changed)
        elif word == "hash":
            digest, path = rest[:64], rest[66:]
            if not re.fullmatch(r"[0-9a-f]{64}", digest):
                raise ValueError(f"no digest in {line[:100]!r}")
            hashes[path] = digest
        elif word == "link":
            mode, owner, goal = rest.split(" ", 2)
            link = (f"{mode} {owner}", goal)
        elif word == "target-of" and link:
            found[rest] = f"{hashlib.sha256(link[1].encode()).hexdigest()} {link[0]}"
            link = None
        elif line:
            raise ValueError(f"expected a file, found {line[:100]!r}")
    for path, (attributes, size, changed) in kept.items():
        if path in hashes:
            found[path] = f"{hashes[path]} {attributes}"
        elif int(size) > WATCHED_FILE_BYTES - 512:
            found[path] = f"{hashlib.sha256(f'{size} bytes of {changed}'.encode()).hexdigest()} {attributes}"
        # else: it went away between the two looks
    return dict(sorted(found.items()))


def _parse_clusters(lines: Iterable[str]) -> tuple[Cluster, ...]:
    clusters: list[dict] = []
    database = ""
    for line in lines:
        word, _, rest = line.partition(" ")
        if word == "cluster":
            name, port, state, version = rest.split(" ", 3)
            clusters.append({"name": name, "port": int(port), "running": state == "online", "version": version,
                             "schema": [], "tables": [], "open": 0})
        elif word == "database":
            database = rest
            clusters[-1]["open"] += 1
        elif word == "schema":
            clusters[-1]["schema"].append([database, _digest(rest)])
        elif word == "rows":
            base, table, rows, digest = rest.split("\x1f")
            clusters[-1]["tables"].append(TableRows(database=base, table=table, rows=int(rows), digest=digest))
        elif word == "read":
            clusters[-1]["open"] -= 1
        elif word == "globals":
            clusters[-1]["schema"].append(["", _digest(rest)])
        elif line:
            raise ValueError(line[:300])
    for cluster in clusters:
        if cluster["open"]:
            raise ValueError(f"a database of {cluster['name']} was not read to its end")
    return tuple(Cluster(engine="postgresql", name=c["name"], version=c["version"], port=c["port"], running=c["running"],
                         schema_digest=hashlib.sha256(json.dumps(c["schema"]).encode()).hexdigest() if c["schema"] else "",
                         tables=tuple(c["tables"])) for c in clusters)


def _digest(word: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}", word):
        raise ValueError(f"no digest in {word[:100]!r}")
    return word


def _parse_releases(lines: Iterable[str]) -> tuple[Release, ...]:
    found: list[tuple[str, str, list[str]]] = []
    for line in lines:
        word, _, rest = line.partition(" ")
        if word == "root":
            found.append((rest, "", []))
        elif word == "current":
            found[-1] = (found[-1][0], rest.rstrip("/").rpartition("/")[2], found[-1][2])
        elif word == "kept":
            found[-1][2].append(rest)
        elif line:
            raise ValueError(f"expected a release, found {line[:100]!r}")
    return tuple(Release(root=root, current=current, kept=tuple(sorted(kept))) for root, current, kept in found)


def _parse_health(lines: Iterable[str]) -> tuple[Health, ...]:
    found: list[Health] = []
    title: Text | None = None
    said: list[str] = []

    def close() -> None:
        if title is None:
            return
        code = said.pop() if said else ""
        if not re.fullmatch(r"exit \d+", code):
            raise ValueError(f"the check {title.en!r} gave no exit status")
        text = "\n".join(said).strip()
        late = code in ("exit 124", "exit 137")
        detail = Text(zh=f"{CHECK_LIMIT_S} 秒内没有应答。{text}", en=f"no answer within {CHECK_LIMIT_S} s. {text}".strip()) if late else same(text)
        found.append(Health(title=title, ok=code == "exit 0", detail=detail))

    for line in lines:
        if line.startswith("check "):
            close()
            title, said = Text.model_validate_json(line[6:]), []
        elif line.startswith("says ") and title is not None:
            said.append(line[5:])
        elif line:
            raise ValueError(f"expected a check's answer, found {line[:100]!r}")
    close()
    return tuple(found)


def _parse_package_hosts(lines: Iterable[str]) -> tuple[str, ...]:
    usual = {"http": 80, "https": 443, "ftp": 21}
    hosts = set()
    for line in lines:
        try:
            address = urlsplit(line.strip())
            scheme = address.scheme.rpartition("+")[2]
            if address.hostname and (scheme in usual or scheme == "mirror"):
                hosts.add(f"{address.hostname}:{address.port or usual.get(scheme, 80)}")
        except ValueError:
            continue
    return tuple(sorted(hosts))
