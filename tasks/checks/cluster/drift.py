"""CLU-08 Configuration that is no longer as it was last time (R130 集群检查, R132 系统配置检查).

Looked at is what people made or altered: a file that is as its package brought it is left out, so that an update of packages is no drift.
The host's own `watched` are looked at, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, ok, warning, whole
from tasks.checks.lines import listed, until_end, words


@dataclass(frozen=True)
class Tree:
    """A file or a folder with all in it. newest: the files changed last, with the moment."""

    path: str
    digest: str
    files: int
    newest: tuple[tuple[int, str], ...]


def parse(output: str) -> list[Tree]:
    found, newest = [], []
    for line in until_end(output):
        kind, rest = words(line, 2)
        if kind == "file":
            moment, path = words(rest, 2)
            newest.append((whole(moment, "a moment"), path))
        elif kind == "tree":
            digest, files, path = words(rest, 3)
            if not re.fullmatch("[0-9a-f]{16}", digest):
                raise Unreadable(f"{digest[:40]!r} is no digest", f"{digest[:40]!r} 不是摘要")
            found.append(Tree(path, digest, whole(files, "a count"), tuple(newest)))
            newest = []
        else:
            raise Unreadable(f"{line[:60]!r} is no file", f"{line[:60]!r} 不是文件")
    if not found:
        raise Unreadable("nothing was looked at", "没有查看任何文件")
    return found


def judge(trees: list[Tree], limits: Limits, known: Known) -> Iterator[Row]:
    first = not any(path.startswith("/") for path in known.before)
    for tree in trees:
        before = known.before.get(tree.path)
        more = {"object": tree.path, "value": tree.files, "unit": "files",
                "evidence": "\n".join([f"digest {tree.digest}", *(f"{datetime.fromtimestamp(at, UTC):%F %T} {path}" for at, path in tree.newest)])}
        lately = [path for at, path in tree.newest if known.before_at and at >= known.before_at.timestamp()]
        if first or (before and f"digest {tree.digest}" in before.evidence.split("\n")):
            yield ok(f"{tree.path}:{tree.files} 个自有或改过的文件" + ("" if first else ",与上次相同"),
                     f"{tree.path}: {tree.files} files of its own or altered ones" + ("" if first else ", as last time"), **more)
        elif before is None:
            yield warning(f"{tree.path}:新出现的配置,{tree.files} 个文件", f"{tree.path}: configuration that is new, {tree.files} files", **more)
        else:
            names = listed(lately, 3)
            yield warning(f"{tree.path}:与上次巡检不同" + (f",改过的有 {names}" if names else ",有文件被删除或换成旧的"),
                          f"{tree.path}: not as at the last inspection" + (f"; changed: {names}" if names else "; a file is gone, or an older one is back"),
                          **more)
    there = {tree.path for tree in trees}
    for path, row in known.before.items():
        if path not in there and path.startswith("/") and row.value:
            yield warning(f"{path}:上次有配置,现已不存在", f"{path}: its configuration is gone", object=path, value=0, unit="files")


CHECK = HostCheck(
    id="CLU-08",
    title=Text(zh="配置漂移", en="Drift of configuration"),
    chapter="configuration",
    # Of every file the digest, but for those that are as their package has them; one digest over all of a tree.
    command=r"""
if command -v dpkg-query >/dev/null; then
  sum=md5sum shipped=$(dpkg-query -W -f='${Conffiles}\n' | awk 'NF >= 2 { print $2, $1 }')
elif command -v rpm >/dev/null; then
  sum=sha256sum shipped=$(rpm -qa --configfiles --dump 2>/dev/null | awk 'NF >= 11 { print $4, $1 }')
else
  sum=md5sum shipped=
fi
{ printf '%s\n' /etc/ssh /etc/pam.d /etc/security /etc/sudoers /etc/sudoers.d /etc/login.defs /etc/sysctl.conf /etc/sysctl.d /etc/fstab /etc/hosts \
    /etc/default /etc/systemd/system /etc/systemd/journald.conf /etc/crontab /etc/cron.d /etc/network /etc/netplan /etc/NetworkManager/system-connections \
    /etc/apt/sources.list /etc/apt/sources.list.d /etc/yum.repos.d /etc/logrotate.d /etc/rsyslog.conf /etc/rsyslog.d /etc/chrony /etc/chrony.conf /etc/audit \
    /etc/nftables.conf /etc/firewalld /etc/ufw /etc/nginx /etc/apache2 /etc/httpd /etc/haproxy /etc/keepalived /etc/corosync /etc/postgresql /etc/mysql \
    /etc/my.cnf /etc/my.cnf.d /etc/redis /etc/tomcat* /etc/docker/daemon.json
  [ -z "${WATCHED-}" ] || printf '%s\n' "$WATCHED"
} | awk '!seen[$0]++' | while IFS= read -r tree; do
  [ -e "$tree" ] || continue
  # What `systemctl enable` links, mounts of snaps, old passwords, and what editors and packages leave behind are nobody's configuration.
  own=$(find -H "$tree" -xdev \( -name '*.wants' -o -name '*.requires' -o -name 'snap[-.]*' \) -prune -o ! -name '*~' ! -name '.*.sw?' ! -name '*.dpkg-*' \
    ! -name '*.ucf-*' ! -name '*.rpm*' ! -name opasswd ! -name '*[[:cntrl:]]*' \( -type f -size -4000k -print -o -type l -printf 'link %l %p\n' \) \
    2>/dev/null | head -n 3000 | {
      printf '%s\n\n' "$shipped"; while IFS= read -r path; do case $path in 'link '*) echo "$path";; *) $sum "$path" 2>/dev/null;; esac; done; } | awk '
    !body && $0 == "" { body = 1; next } !body { ours[$0] = 1; next }
    /^link (\/usr)?\/lib\/systemd\// { next }
    { path = $0; sub(/^[^ ]+  /, "", path) } !(($1 " " path) in ours)' | LC_ALL=C sort)
  [ -n "$own" ] || continue
  printf '%s\n' "$own" | sed -n 's/^[0-9a-f]*  //p' | tr '\n' '\0' | xargs -0 -r stat -c 'file %Y %n' 2>/dev/null | sort -k 2nr | head -n 5
  echo "tree $(printf '%s\n' "$own" | sha256sum | cut -c 1-16) $(printf '%s\n' "$own" | grep -c .) $tree"
done
echo end
""",
    parse=parse,
    judge=judge,
    remedy=Text(zh="与变更记录核对;不明的修改请恢复,或补办变更", en="Compare with the change records; put back what nobody knows, or record it as a change"),
    source="dpkg-query(1), rpm(8)",
    clause="GB/T 22239-2019 8.1.10.8",
    time_limit_s=40,
    byte_limit=400_000,
)
