"""sudo: what its rules say, all files together, as sudo itself reads them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from reports.records import Text
from tasks.checks.kinds import Known, Mender, Row, Unreadable
from tasks.controls.kinds import Bounds, failed, passed
from tasks.controls.reading import by_kind
from tasks.operations.mend import Mend
from tasks.operations.sudo_defaults import set_default

# A line may go on after a backslash. Of the folder sudo reads what has neither a dot nor a tilde at the end in its name.
RULES = r"""
[ -f /etc/sudoers ] || na "没有安装 sudo" "sudo is not installed"
for f in /etc/sudoers $(sed -nE 's/^[@#]includedir[[:space:]]+//p' /etc/sudoers | while read -r d; do ls -d "$d"/* 2>/dev/null; done); do
  case ${f##*/} in *.*|*~) [ "$f" = /etc/sudoers ] || continue;; esac
  [ -f "$f" ] && sed -e ':a' -e '/\\$/{N;s/\\\n/ /;ba' -e '}' "$f" | awk -v f="$f" '/^[[:space:]]*(#|@|$)/ { next } { $1 = $1; print "rule " f " " $0 }'
done
echo end
"""


@dataclass(frozen=True)
class Sudoers:
    """defaults: name, value ("" for a switch that is on, "!" for one that is off), for whom ("" for all). rules: file, line."""

    defaults: list[tuple[str, str, str]]
    rules: list[tuple[str, str]]

    def value(self, name: str) -> str | None:
        """What holds for everybody; the last that says something. None: nothing is said."""
        said = [value for one, value, whom in self.defaults if one == name and not whom]
        return said[-1] if said else None


def sudoers(output: str) -> Sudoers:
    defaults, rules = [], []
    for line in by_kind(output, "rule")["rule"]:
        file, _, text = line.partition(" ")
        if said := re.match(r"Defaults([@:!>]\S+)?\s+(.*)", text):
            for word in re.split(r",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", said[2]):
                name, sign, value = word.strip().partition("=")
                off = name.startswith("!")
                defaults.append((name.strip("!+- "), "!" if off else value.strip(' "') if sign else "", said[1] or ""))
        elif not re.match(r"\w+_Alias\b", text):
            rules.append((file, text))
    if not rules:
        raise Unreadable("sudo has no rule at all", "sudo 没有任何规则")
    return Sudoers(defaults, rules)


def switched_on(name: str) -> Callable[[Sudoers, Bounds, Known], Iterator[Row]]:
    def judge(found: Sudoers, bounds: Bounds, known: Known) -> Iterator[Row]:
        value = found.value(name)
        yield passed(f"sudo 已设置 {name}", f"{name} is set for sudo") if value not in (None, "!") else failed(
            f"sudo 没有设置 {name}", f"{name} is not set for sudo")
        for one, said, whom in found.defaults:
            if one == name and whom and said == "!":
                yield failed(f"{whom} 关闭了 {name}", f"{name} is off for {whom}", object=f"Defaults{whom}")
    return judge


def default(name: str, value: str = "") -> Mender:
    """Sets it for everybody; what single accounts or hosts are spared is for people."""
    def mend(row: Row, found: Sudoers, known: Known) -> Mend | Text:
        if row.object:
            return Text(zh=f"{row.object} 另有规定，须与使用者确认后人工修改", en=f"{row.object} says otherwise: ask its users, and change it by hand")
        return set_default(name, value).mend()
    return mend


OF_SUDO: dict[str, Any] = {"family": "sudo", "command": RULES, "parse": sudoers, "source": "sudoers(5)"}
