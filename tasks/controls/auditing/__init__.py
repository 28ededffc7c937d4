"""auditd: whether it runs, what it records, how it keeps it. In a container the kernel's audit is its host's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tasks.checks.kinds import Known, Mender, Row
from tasks.controls.kinds import Bounds, failed, passed
from tasks.controls.reading import by_kind
from tasks.operations.audit_rules import record
from tasks.operations.mend import Mend

AUDIT = r"""
{ [ -e /run/systemd/container ] || [ -e /.dockerenv ]; } && na "容器中的内核审计由宿主机决定" "the kernel's audit is the container's host's"
command -v auditctl >/dev/null && echo "here yes"
systemctl is-active auditd 2>/dev/null | sed 's/^/active /'
systemctl is-enabled auditd 2>/dev/null | sed 's/^/enabled /'
auditctl -l 2>/dev/null | sed 's/^/rule /'
auditctl -s 2>/dev/null | awk '$1 == "enabled" { print "state " $2 }'
[ -f /etc/audit/auditd.conf ] && awk -F'[ \t]*=[ \t]*' '/^[[:space:]]*(#|$)/ { next } { print "conf " tolower($1) " " $2 }' /etc/audit/auditd.conf
grep -o 'audit=[01]' /proc/cmdline | sed 's/^/boot /'
echo end
"""


@dataclass(frozen=True)
class Audit:
    """rules: as auditctl -l prints them. conf: auditd.conf, names in small letters."""

    here: bool
    active: bool
    enabled: bool
    rules: list[str]
    state: str
    conf: dict[str, str]


def audit(output: str) -> Audit:
    found = by_kind(output, "here", "active", "enabled", "rule", "state", "conf", "boot")
    conf = {name: value for name, _, value in (line.partition(" ") for line in found["conf"])}
    return Audit(bool(found["here"]), found["active"] == ["active"], found["enabled"] == ["enabled"],
                 [rule for rule in found["rule"] if rule != "No rules"], "".join(found["state"][:1]), conf)


Judge = Callable[[Audit, Bounds, Known], Iterator[Row]]


def records(*wanted: str) -> Judge:
    """For each of these expressions there is a rule that it fits."""
    def judge(found: Audit, bounds: Bounds, known: Known) -> Iterator[Row]:
        if not found.here:
            yield failed("没有安装 auditd", "auditd is not installed")
            return
        missing = [one for one in wanted if not any(re.search(one, rule) for rule in found.rules)]
        if missing:
            zh, en = "、".join(map(plain, missing)), ", ".join(map(plain, missing))
            yield failed(f"没有记录:{zh}", f"not recorded: {en}")
        else:
            yield passed("有相应的审计规则", "there are rules for it")
    return judge


def plain(expression: str) -> str:
    """An expression as people read it: the path or the system call that it looks for."""
    return re.sub(r"\(\?:|\\b|[\\()?$^]|\.\*|\[ =\]", " ", expression).replace("|", "/").strip()


def watched(*paths: str) -> Judge:
    """Changes of each of these paths are recorded, as `-w PATH -p wa` or as a rule of their own with path= or dir=."""
    return records(*(rf"(?:-w |path=|dir=){re.escape(path)}/?(?: |$)" for path in paths))


def watches(*paths: str) -> Mender:
    """Records changes of those of these paths that nobody watches yet: two rules for one path would be one too many for auditctl."""
    def mend(row: Row, found: Audit, known: Known) -> Mend:
        missing = [path for path in paths if not any(re.search(rf"(?:-w |path=|dir=){re.escape(path)}/?(?: |$)", rule) for rule in found.rules)]
        return record(tuple(f"-w {path} -p wa" for path in missing))
    return mend


def calls(*wanted: str, paths: tuple[str, ...] = (), people: bool = True) -> Mender:
    """Records these system calls, of programs of 64 and of 32 bits. wanted: calls with commas, and further fields behind a blank.

    people: only those of sessions of people, not of services. paths: watched beside them.
    """
    def mend(row: Row, found: Audit, known: Known) -> Mend:
        of = " -F auid>=1000 -F auid!=unset" if people else ""
        rules = []
        for one in wanted:
            names, _, fields = one.partition(" ")
            rules += [f"-a always,exit -F arch={arch} -S {names}{' ' + fields if fields else ''}{of}" for arch in ("b64", "b32")]
        return record((*rules, *(f"-w {path} -p wa" for path in paths)))
    return mend


OF_AUDIT: dict[str, Any] = {"family": "auditing", "command": AUDIT, "parse": audit, "source": "auditctl(8); auditd.conf(5)"}
