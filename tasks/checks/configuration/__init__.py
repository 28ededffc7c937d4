"""Configuration of a host. Checks of one subject share one command, so that it is asked once."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tasks.checks.kinds import Unreadable, whole
from tasks.checks.lines import until_end, words

UNITS = """
[ -d /run/systemd/system ] || na "没有 systemd" "no systemd here"
systemctl show '*.service' '*.timer' '*.socket' '*.mount' '*.path' --no-pager \\
  -p Id,Type,LoadState,ActiveState,SubState,Result,NRestarts,UnitFileState || cannot "systemctl 失败" "systemctl failed"
echo; echo end
"""

LISTENERS = """
command -v ss >/dev/null || cannot "缺少 ss" "ss is missing"
ss -Hltunp || cannot "ss 失败" "ss failed"
echo end
"""

# Of /etc/shadow only what follows from it leaves the host, never a hash.
ACCOUNTS = r"""
[ -r /etc/shadow ] || cannot "无法读取 /etc/shadow" "/etc/shadow cannot be read"
awk -F: 'FILENAME == "/etc/shadow" {
    state[$1] = $2 == "" ? "empty" : $2 ~ /^[!*]/ ? "locked" : "set"; age[$1] = $3 == "" ? "-" : $3; most[$1] = $5 == "" ? "-" : $5; next
  }
  NF >= 7 { print "account", $1, $3, $4, ($1 in state ? state[$1] : $2 == "" ? "empty" : $2 == "x" ? "none" : "set"), ($1 in age ? age[$1] : "-"),
    ($1 in most ? most[$1] : "-"), ($7 == "" ? "/bin/sh" : $7) }' /etc/shadow /etc/passwd
echo "today $(($(date +%s) / 86400))"
echo end
"""


def units(output: str) -> dict[str, dict[str, str]]:
    """The answer of UNITS: properties by unit."""
    blocks = "\n".join("" if not line.strip() else line for line in output.splitlines()).split("\n\n")
    until_end(output)
    found = {}
    for block in blocks:
        told = dict(line.partition("=")[::2] for line in block.splitlines() if "=" in line)
        if told:
            found[told["Id"]] = told
    if not any(name.endswith(".service") for name in found):
        raise Unreadable("systemctl named no service", "systemctl 没有列出服务")
    return found


@dataclass(frozen=True)
class Listener:
    """A socket that listens. process: its first holder's name, empty where ss does not say."""

    protocol: str
    address: str
    port: int
    process: str

    @property
    def public(self) -> bool:
        """Whether others than this host can reach it."""
        return not self.address.startswith(("127.", "[::1]", "::1")) and "%lo" not in self.address


def listeners(output: str) -> list[Listener]:
    """The answer of LISTENERS. A host that is inspected over SSH listens at least there."""
    found = []
    for line in until_end(output):
        parts = words(line, 6)
        if parts[0] not in ("tcp", "udp"):
            raise Unreadable(f"ss printed {line[:60]!r}", f"ss 输出了 {line[:60]!r}")
        address, _, port = parts[4].rpartition(":")
        process = re.search(r'\(\("([^"]*)"', line)
        found.append(Listener(parts[0], address, whole(port, "a port"), process[1] if process else ""))
    if not any(listener.protocol == "tcp" for listener in found):
        raise Unreadable("ss named no port that listens", "ss 没有列出监听端口")
    return found


@dataclass(frozen=True)
class Account:
    """A line of /etc/passwd. password: empty, locked, set, or none (no line in /etc/shadow); age: days of the last change since 1970."""

    name: str
    uid: int
    gid: int
    password: str
    changed: int | None
    longest: int | None
    shell: str

    @property
    def may_log_in(self) -> bool:
        return not self.shell.endswith(("/nologin", "/false", "/sync", "/shutdown", "/halt"))


def accounts(output: str) -> tuple[list[Account], int]:
    """The answer of ACCOUNTS, and today in days since 1970."""
    found, today = [], None
    for line in until_end(output):
        kind, rest = words(line, 2)
        if kind == "today":
            today = whole(rest, "today")
        elif kind == "account":
            name, uid, gid, password, changed, longest, shell = words(rest, 7)
            found.append(Account(name, whole(uid, "a uid"), whole(gid, "a gid"), password, None if changed == "-" else whole(changed, "a day"),
                                 None if longest == "-" else whole(longest, "days"), shell))
        else:
            raise Unreadable(f"{line[:60]!r} is no account", f"{line[:60]!r} 不是账户")
    if today is None or not any(account.uid == 0 for account in found):
        raise Unreadable("root is not among the accounts", "账户中没有 root")
    return found, today
