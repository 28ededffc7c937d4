"""Accounts: who there is, with which password, shell and home, and what a session of theirs begins with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tasks.checks.kinds import Unreadable, whole
from tasks.checks.lines import words
from tasks.controls.reading import by_kind, octal

# Of /etc/shadow only what follows from it leaves the host, never a hash. A home that hangs (NFS) must not hold up the rest.
PEOPLE = r"""
[ -r /etc/shadow ] || cannot "无法读取 /etc/shadow" "/etc/shadow cannot be read"
awk -F: 'FILENAME == "/etc/shadow" {
    shadow[$1] = ($2 == "" ? "empty" : $2 ~ /^[!*]/ ? "locked" : "set") " " ($2 ~ /^!?\$1\$/ ? "md5" : $2 ~ /^!?\$(5|6|y|gy|7|2[aby])\$/ ? "good" : \
      $2 ~ /^[!*]/ || $2 == "" ? "-" : "weak")
    for (i = 3; i <= 8; i++) shadow[$1] = shadow[$1] " " ($i == "" ? "-" : $i); next }
  FILENAME == "/etc/group" { print "group " $1, $3, ($4 == "" ? "-" : $4); next }
  NF >= 7 { print "account " $1, $3, $4, ($1 in shadow ? shadow[$1] : ($2 == "" ? "empty" : $2 == "x" ? "none" : "set") " - - - - - - -"),
    ($7 == "" ? "/bin/sh" : $7), $6 }' /etc/shadow /etc/group /etc/passwd
echo "today $(($(date +%s) / 86400))"
awk -F: '$7 !~ /(nologin|false|sync|shutdown|halt)$/ && ($3 >= 1000 && $3 < 65534 || $3 == 0) { print $1, $3, $6 }' /etc/passwd | head -n 300 |
  while read -r name uid home; do
    { [ "$home" = / ] || [ -z "$home" ]; } && continue
    told=$(timeout 2 stat -c '%a %u' "$home" 2>/dev/null) && echo "home $name $uid $told $home"
    timeout 3 find "$home" -xdev -maxdepth 1 -type f -name '.*' \( -perm /037 -o -name .rhosts -o -name .netrc -o -name .forward \) \
      -printf 'dot %m %p\n' 2>/dev/null
  done
for p in $(echo "$PATH" | tr : ' '); do [ -d "$p" ] && stat -L -c 'path %a %u %n' "$p"; done
echo end
"""


@dataclass(frozen=True)
class Person:
    """password: empty, locked, set or none (no line in /etc/shadow); hash: good, md5, weak, or - . changed..expires: as in shadow(5), in days."""

    name: str
    uid: int
    gid: int
    password: str
    hash: str
    changed: int | None
    least: int | None
    most: int | None
    warn: int | None
    inactive: int | None
    expires: int | None
    shell: str
    home: str

    @property
    def may_log_in(self) -> bool:
        return not self.shell.endswith(("/nologin", "/false", "/sync", "/shutdown", "/halt"))


@dataclass(frozen=True)
class People:
    """homes: name, uid, mode, owner's uid, path. dots: mode, path. path: mode, owner's uid and folder of root's PATH."""

    accounts: list[Person]
    groups: list[tuple[str, int]]
    today: int
    homes: list[tuple[str, int, int, int, str]] = field(default_factory=list)
    dots: list[tuple[int, str]] = field(default_factory=list)
    path: list[tuple[int, int, str]] = field(default_factory=list)

    def with_password(self) -> Iterator[Person]:
        return (one for one in self.accounts if one.password == "set")


def people(output: str) -> People:
    found = by_kind(output, "account", "group", "today", "home", "dot", "path")
    accounts = []
    for line in found["account"]:
        name, uid, gid, password, hashed, *days, shell, home = (line + (" " if line.endswith("/") and line.count(" ") < 12 else "")).split(" ", 12)
        if len(days) != 6:
            raise Unreadable(f"{line[:60]!r} is no account", f"{line[:60]!r} 不是账户")
        figures = [None if day == "-" else whole(day, "a day") for day in days]
        accounts.append(Person(name, whole(uid, "a uid"), whole(gid, "a gid"), password, hashed, *figures, shell, home))
    if not any(account.uid == 0 for account in accounts) or len(found["today"]) != 1:
        raise Unreadable("root is not among the accounts", "账户中没有 root")
    homes = [(name, whole(uid), octal(mode), whole(owner), path) for name, uid, mode, owner, path in (words(line, 5) for line in found["home"])]
    dots = [(octal(mode), path) for mode, path in (words(line, 2) for line in found["dot"])]
    path = [(octal(mode), whole(owner), folder) for mode, owner, folder in (words(line, 3) for line in found["path"])]
    groups = [(name, whole(gid, "a gid")) for name, gid, _ in (words(line, 3) for line in found["group"])]
    return People(accounts, groups, whole(found["today"][0], "today"), homes, dots, path)


OF_PEOPLE: dict[str, Any] = {"family": "accounts", "command": PEOPLE, "parse": people, "source": "passwd(5); shadow(5)"}

# What a log-in begins with, as the files say it: they are read, never run.
SESSIONS = r"""
for f in /etc/profile /etc/bash.bashrc /etc/profile.d/*.sh /etc/environment; do
  [ -f "$f" ] && awk -v f="$f" '/^[[:space:]]*#/ { next } /TMOUT|(^|[[:space:];])umask[[:space:]]/ { $1 = $1; print "shell " f " " $0 }' "$f"
done
grep -hsE '^[^#]*pam_umask' /etc/pam.d/common-session /etc/pam.d/common-session-noninteractive /etc/pam.d/login /etc/pam.d/sshd | sed 's/^/pam /'
[ -f /etc/login.defs ] && awk '$1 == "UMASK" || $1 == "USERGROUPS_ENAB" { print "defs " $1 " " $2 }' /etc/login.defs
cat /etc/security/limits.conf /etc/security/limits.d/*.conf 2>/dev/null | awk '/^[[:space:]]*(#|$)/ { next } { $1 = $1; print "limit " $0 }'
for f in /etc/systemd/coredump.conf /etc/systemd/coredump.conf.d/*.conf; do
  [ -f "$f" ] && sed -nE 's/^[[:space:]]*(Storage|ProcessSizeMax)[[:space:]]*=[[:space:]]*/coredump \1 /p' "$f"
done
echo "coredumps $(command -v coredumpctl >/dev/null && echo systemd || echo kernel)"
echo end
"""


def sessions(output: str) -> dict[str, list[str]]:
    """Lines by kind: shell (file and line), pam, defs, limit, coredump, coredumps."""
    found = by_kind(output, "shell", "pam", "defs", "limit", "coredump", "coredumps")
    if len(found["coredumps"]) != 1:
        raise Unreadable("who keeps core dumps is not told", "没有说明由谁保存核心转储")
    return found


OF_SESSIONS: dict[str, Any] = {"family": "accounts", "command": SESSIONS, "parse": sessions, "source": "bash(1); login.defs(5); pam_umask(8)"}
