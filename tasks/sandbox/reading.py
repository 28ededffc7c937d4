"""What a simulated copy has to know of its target, and the scripts that read it there (R174). Nothing is written on the target.

The scripts are POSIX shell and run as root; the parsing is pure.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from tasks.sandbox import mariadb_copy

FILE_LIMIT = 1 << 20  # bytes; a larger file is searched by no pattern
FILES_LIMIT = 20000
EXAMINED_LIMIT = 128 << 20  # bytes of all such files together
ROOTS = "/etc /opt /srv /root /home /var/www /var/lib /usr/local"
NOT_INTO = (
    r"\( -path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/lib/standfast -o -path /var/lib/docker "
    r"-o -path /var/lib/containerd -o -path /var/lib/postgresql -o -path /var/lib/mysql -o -path /var/lib/systemd "
    r"-o -name ca-certificates.crt -o -name tls-ca-bundle.pem -o -path /etc/alternatives "
    r"-o -name site-packages -o -name dist-packages -o -name node_modules -o -name .git \)"
)

# Key stores whose content cannot be re-keyed, histories, dumps: never copied, wherever they lie.
LEFT_OUT_ANYWHERE = (
    "*.p12",
    "*.pfx",
    "*.jks",
    "*.keystore",
    "*.kdbx",
    "*.keytab",
    "*.p8",
    "*/secring.gpg",
    "*/private-keys-v1.d/*",
    "*/chap-secrets",
    "*/pap-secrets",
    "*/ipsec.secrets",
    "*.psk",
    ".*_history",
    "*/.lesshst",
    "*/.viminfo",
    "*.dump",
    "*.sql.gz",
    "*.sql.xz",
    "*.sql.zst",
    "*.sql.bz2",
    "*/.aws/credentials",
    "*/.docker/config.json",
    "*/.kube/config",
    "*/.config/gh/*",
)
# Read from /; folders stay, their content does not.
LEFT_OUT_CONTENT = (
    "proc",
    "sys",
    "dev",
    "run",
    "tmp",
    "var/tmp",
    "var/cache/apt/archives",
    "var/lib/standfast",
    "var/lib/docker",
    "var/lib/containerd",
    "var/backups",
    "var/log",
    "var/mail",
    "var/spool/postfix/deferred",
    "var/spool/postfix/active",
    "var/spool/postfix/incoming",
    "var/spool/exim4/input",
    "var/lib/mysql",
    "lost+found",
    "var/crash",
)
REAL_KINDS = {"ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "vfat", "overlay", "jfs", "reiserfs", "bcachefs"}
REMOTE_KINDS = {"nfs", "nfs4", "cifs", "smb3", "ceph", "glusterfs", "fuse.sshfs", "fuse.glusterfs", "9p", "virtiofs"}

SINGLE_FILES = ("/etc/hosts", "/etc/hostname", "/etc/resolv.conf")  # a container host has its engine's own there

# Everything that tasks.sandbox.masking could find must be a hit here; what it then does not find is copied as it is.
HIT = (
    r"(pass(word|wd|phrase|code)?|pwd|passwort|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|encryption[_-]?key|"
    r"signing[_-]?key|credentials?|auth[_-]?key|psk|requirepass|masterauth|bindpw|rootpw|rocommunity6?|rwcommunity6?|authorization)"
    r"[A-Za-z0-9_.-]*[\"']?[[:space:]]*(=|:|,|>|[[:space:]][^[:space:]])|"
    r"://[^/[:space:]:@]*:[^/[:space:]@]+@|BEGIN [A-Z0-9 ]*PRIVATE KEY|BEGIN CERTIFICATE|\$(1|2[aby]|5|6|7|y|gy|apr1)\$|\{S?SHA"
)
NAMED = (
    r"-name shadow -o -name shadow- -o -name gshadow -o -name gshadow- -o -name .pgpass -o -name pgpass.conf -o -name .netrc "
    r"-o -name '*htpasswd*' "
    r"-o -name 'sasl_passwd*' -o -name authorized_keys -o -name authorized_keys2 -o -name 'id_*' -o -name '*.key'"
)

READING = rf"""
export LC_ALL=C
say() {{ printf '%s\t' "$@"; echo; }}
say hostname "$(hostname)"
say own $(hostname -I 2>/dev/null)
for file in {" ".join(SINGLE_FILES)}; do
  [ -f $file ] && [ ! -L $file ] && stat --printf 'file\t%a\t%u\t%g\t%s\t%Y\t%n\n' $file
done
say home "$(getent passwd "$login" | cut -d: -f6)" "$(getent passwd "$login" | cut -d: -f3,4)"
PATH=$PATH:/usr/sbin:/sbin
sshd -T 2>/dev/null | sed -n 's/^\(port\|authorizedkeysfile\) /sshd\t\1\t/p'
sed 's/^/mount\t/; s/ /\t/g' /proc/self/mounts
df -Pkl 2>/dev/null | sed -n 's/^\([^ ]*\)  *\([0-9]*\)  *\([0-9]*\)  *\([0-9]*\) .*% \(.*\)$/df\t\5\t\3/p'
case $(stat -f -c %T /) in overlay*) say df / "$(du -skx / 2>/dev/null | cut -f1)" ;; esac
sed -n '2,$s/^\([^ ]*\) .*/swap\t\1/p' /proc/swaps 2>/dev/null
for p in $(apt-config dump 2>/dev/null | sed -n 's/^Acquire::https\?::[Pp]roxy "\(.*\)";$/\1/p'); do say proxy "$p"; done
if command -v pg_lsclusters >/dev/null; then
  pg_lsclusters -h | while read -r version name port state owner data _; do
    socket=$(sed -n "s/^[[:space:]]*unix_socket_directories[[:space:]]*=[[:space:]]*'\([^',]*\).*/\1/p" \
      "/etc/postgresql/$version/$name/postgresql.conf" | tail -1)
    socket=${{socket:-/var/run/postgresql}}
    spaces=0
    case $state in online*)
      spaces=$(cd / && runuser -u "$owner" -- psql -h "$socket" -p "$port" -XAtqc \
        "select count(*) from pg_tablespace where oid >= 16384" postgres)
      cd / && runuser -u "$owner" -- psql -h "$socket" -p "$port" -XAtqF ' ' postgres -c \
        "select encode(rolname::text::bytea, 'hex'), encode(coalesce(rolpassword, '')::bytea, 'hex')
         from pg_authid where rolpassword is not null" |
        sed "s/^/role\t$version\/$name\t/; s/ /\t/" ;;
    esac
    say cluster "$version" "$name" "$port" "$state" "$owner" "$data" "$socket" "$spaces" "$(du -sk "$data" 2>/dev/null | cut -f1)"
  done
fi
{mariadb_copy.READING}
roots=$(for root in {ROOTS}; do [ -d "$root" ] && [ ! -L "$root" ] && echo "$root"; done)
public=$(dpkg-query -W -f='${{Conffiles}}\n' 2>/dev/null)
{{ find $roots -xdev {NOT_INTO} -prune -o -type f \( {NAMED} \) -size -{FILE_LIMIT // 1024}k -print
  find $roots -xdev {NOT_INTO} -prune -o -type f -size +0 -size -{FILE_LIMIT // 1024}k -print0 |
    timeout 300 xargs -0 -r grep -IilE -e {shlex.quote(HIT)} 2>/dev/null
}} | sort -u | head -n {FILES_LIMIT} | while IFS= read -r path; do
  case $public in *"$path "*)
    sum=$(md5sum < "$path"); case $public in *"$path ${{sum%% *}}"*) continue ;; esac ;;
  esac
  stat --printf 'file\t%a\t%u\t%g\t%s\t%Y\t%n\n' "$path"
done
find /var/log -xdev -mindepth 1 -path '*/journal/*' -prune -o \
  \( -type d -o -type f ! -name '*.gz' ! -name '*.[0-9]' ! -name '*.old' \) \
  -printf 'log\t%m\t%U\t%G\t%y\t%p\n' 2>/dev/null | head -n 4000
find $roots -xdev -name '*
*' -print -quit | grep -q . && say newline
say end
"""


def reading(login: str) -> str:
    """The script that reads what `parse` understands; `login` is the account the copy will be reached by."""
    return f"login={shlex.quote(login)}\n{READING}"


@dataclass(frozen=True)
class SecretFile:
    """A file that may bear secrets; `path` absolute."""

    path: str
    mode: int
    uid: int
    gid: int
    size: int = 0
    mtime: int = 0


@dataclass(frozen=True)
class DataCluster:
    """A PostgreSQL cluster; `roles` are (name, verifier); `spaces` counts its own table spaces."""

    version: str
    name: str
    port: int
    running: bool
    owner: str
    data: str
    socket: str
    spaces: int
    used_kib: int
    roles: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class HostReading:
    """mounts: the host's own file systems (absolute). remote: network file systems, left out."""

    hostname: str
    home: str
    uid: int
    gid: int
    ssh_port: int
    keys_files: tuple[str, ...]
    mounts: tuple[str, ...]
    remote: tuple[str, ...]
    used_kib: int
    swap: tuple[str, ...]
    proxies: tuple[str, ...]
    clusters: tuple[DataCluster, ...]
    files: tuple[SecretFile, ...]
    log_folders: tuple[SecretFile, ...]
    logs: tuple[SecretFile, ...]
    own_addresses: tuple[str, ...] = ()
    mariadb: mariadb_copy.DumpedServer | None = None
    strange_names: bool = False


def parse(text: str) -> HostReading:
    """The reading a host gave.

    Raises:
        ValueError: it is cut off.
    """
    rows: dict[str, list[list[str]]] = {}
    for line in text.splitlines():
        kind, *rest = line.rstrip("\t").split("\t")
        rows.setdefault(kind, []).append(rest)
    if "end" not in rows or "hostname" not in rows:
        raise ValueError("the host's answer is cut off")
    home = rows["home"][0] + ["", ""]
    uid, _, gid = (home[1] or "0:0").partition(":")
    mounts, remote, seen = [], [], set()
    for row in rows.get("mount", []):
        device, where, kind = row[0], _unescape(row[1]), row[2]
        if kind in REMOTE_KINDS:
            remote.append(where)
        elif kind in REAL_KINDS and not where.startswith(
            ("/proc", "/sys", "/dev", "/run", "/tmp", "/var/lib/docker", "/var/lib/containerd", "/snap")
        ):
            if kind == "overlay" and where != "/" or where in SINGLE_FILES:  # tar takes single files along by itself
                continue
            if where != "/" and (device, kind) in seen:
                continue  # the same file system mounted a second time
            seen.add((device, kind))
            mounts.append(where)
    used = {row[0]: int(row[1] or 0) for row in rows.get("df", []) if len(row) > 1}
    roles: dict[str, list[tuple[str, str]]] = {}
    for row in rows.get("role", []):
        roles.setdefault(row[0], []).append((bytes.fromhex(row[1]).decode(), bytes.fromhex(row[2]).decode()))
    clusters = tuple(
        DataCluster(
            v,
            n,
            int(port),
            state.startswith("online"),
            owner,
            data,
            socket,
            int(spaces or 0),
            int(used_kib or 0),
            tuple(roles.get(f"{v}/{n}", ())),
        )
        for v, n, port, state, owner, data, socket, spaces, used_kib in (
            row + [""] * (9 - len(row)) for row in rows.get("cluster", [])
        )
    )

    def logs(kind: str) -> tuple[SecretFile, ...]:
        return tuple(
            SecretFile(r[4], int(r[0], 8), int(r[1]), int(r[2])) for r in rows.get("log", []) if len(r) == 5 and r[3] == kind
        )

    sshd = {}
    for row in rows.get("sshd", []):
        sshd.setdefault(row[0], row[1])
    return HostReading(
        hostname=rows["hostname"][0][0],
        home=home[0] or "/root",
        uid=int(uid),
        gid=int(gid),
        ssh_port=int(sshd.get("port", 22)),
        keys_files=tuple(sshd.get("authorizedkeysfile", ".ssh/authorized_keys").split()),
        mounts=tuple(mounts),
        remote=tuple(remote),
        used_kib=sum(used.get(m, 0) for m in mounts),
        swap=tuple(row[0] for row in rows.get("swap", []) if row),
        proxies=tuple(row[0] for row in rows.get("proxy", []) if row and row[0] not in ("false", "DIRECT")),
        clusters=clusters,
        files=tuple(
            SecretFile(r[5], int(r[0], 8), int(r[1]), int(r[2]), int(r[3]), int(r[4]))
            for r in rows.get("file", [])
            if len(r) == 6
        ),
        log_folders=logs("d"),
        logs=logs("f"),
        mariadb=mariadb_copy.parse(rows),
        own_addresses=tuple(rows.get("own", [[]])[0]),
        strange_names="newline" in rows,
    )


def _unescape(path: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), path)


def _pattern(path: str) -> str:
    """A path as a pattern of tar that fits nothing else."""
    return re.sub(r"([*?\[\]\\])", r"\\\1", "./" + path.lstrip("/"))


FLAGS = (
    "--one-file-system --numeric-owner --sparse --xattrs --acls --warning=no-file-changed --warning=no-file-removed "
    "--warning=no-file-ignored"
)


def files_script(files: Iterable[SecretFile]) -> str:
    """Those files, as a tar stream of their own; a file that has gone meanwhile is passed over."""
    names = "\n".join("./" + file.path.lstrip("/") for file in files)
    return (
        f"cd / && tar -cf - --numeric-owner --ignore-failed-read --no-recursion "
        f"--verbatim-files-from -T - 2>/dev/null <<'{_mark(names)}'\n"
        f"{names}\n{_mark(names)}\n"
    )


def system_script(reading: HostReading, without: Iterable[str], *, compress: bool = False) -> str:
    """The file systems as one tar stream, but for what must not be copied. `without`: absolute paths of single files.

    Exit status 1 of tar (a file changed while it was read) is right for a running system; data has its own way.
    """
    patterns = [_pattern(path) + "/*" for path in LEFT_OUT_CONTENT]
    patterns += [_pattern(cluster.data) + "/*" for cluster in reading.clusters if cluster.running]
    patterns += [_pattern(reading.mariadb.data) + "/*"] if reading.mariadb else []
    patterns += [_pattern(path) for path in (*without, *reading.swap)]
    patterns += [_pattern(path) + "/*" for path in reading.remote]
    listed = "\n".join(patterns)
    anywhere = " ".join(f"--exclude={shlex.quote(pattern)}" for pattern in LEFT_OUT_ANYWHERE)
    strange = "--exclude='*\n*'" if reading.strange_names else ""
    roots = " ".join(["."] + [shlex.quote("./" + mount.lstrip("/")) for mount in reading.mounts if mount != "/"])
    pack = "| gzip -1" if compress else ""
    return f"""cd / || exit 2
exec 3<<'{_mark(listed)}'
{listed}
{_mark(listed)}
command -v ionice >/dev/null && ionice -c3 -p $$ 2>/dev/null
renice -n 10 -p $$ >/dev/null 2>&1
tar -cf - -b 256 {FLAGS} --anchored --wildcards --wildcards-match-slash --exclude-from=/dev/fd/3 \\
  --no-anchored {anywhere} {strange} {roots} {pack}
rc=$?; [ $rc -le 1 ]
"""


def database_script(cluster: DataCluster) -> str:
    """A base backup of a running cluster as one tar stream; the log needed to recover it is in it."""
    return (
        f"cd / && exec runuser -u {shlex.quote(cluster.owner)} -- "
        f"pg_basebackup -h {shlex.quote(cluster.socket)} -p {cluster.port} -w -D - -Ft -X fetch -c fast --no-manifest\n"
    )


def _mark(text: str) -> str:
    """A line that ends a here-document and does not occur in it."""
    mark, number = "END_OF_LIST", 0
    while f"\n{mark}\n" in f"\n{text}\n":
        number += 1
        mark = f"END_OF_LIST_{number}"
    return mark
