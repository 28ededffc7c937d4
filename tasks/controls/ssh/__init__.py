"""sshd, judged by what it says is in force (`sshd -T`) and by what its Match blocks say otherwise."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from typing import Any

from reports.records import Text
from tasks.checks.kinds import Known, Mender, Row, Unreadable, whole
from tasks.checks.lines import words
from tasks.controls.kinds import Bounds, failed, passed, so
from tasks.controls.reading import by_kind
from tasks.operations.mend import Mend
from tasks.operations.sshd_settings import set_sshd

# After what is in force the files as they are: what is said in Match blocks, `sshd -T` does not tell. Then how long the host's keys are, and of
# the groups for key exchange (moduli) how many are how long.
SSHD = r"""
sshd=$(command -v sshd) || na "没有安装 sshd" "sshd is not installed"
out=$("$sshd" -T 2>&1) || cannot "sshd -T 报错" "sshd -T failed" "$out"
printf '%s\n' "$out" | sed 's/^/set /'
for f in /etc/ssh/sshd_config $(awk 'tolower($1) == "include" { for (i = 2; i <= NF; i++) print ($i ~ /^\// ? $i : "/etc/ssh/" $i) }' /etc/ssh/sshd_config); do
  [ -f "$f" ] && awk -v f="$f" '/^[[:space:]]*(#|$)/ { next } { print "line " f " " $0 }' "$f"
done
printf '%s\n' "$out" | sed -n 's/^hostkey //p' | while read -r f; do
  [ -f "$f" ] && ssh-keygen -lf "$f" 2>/dev/null | awk -v f="$f" '{ gsub(/[()]/, "", $NF); print "key " $1, $NF, f }'
done
[ -f /etc/ssh/moduli ] && awk '/^[^#]/ && NF >= 7 { n[$5 + 1]++ } END { for (bits in n) print "moduli " bits, n[bits] }' /etc/ssh/moduli
echo end
"""


@dataclass(frozen=True)
class Sshd:
    """values: what is in force, by keyword in small letters. matches: condition of a Match block, keyword, value.

    keys: bits, kind in capitals and path of the host's keys. moduli: how many groups for key exchange have so many bits.
    """

    values: dict[str, str]
    matches: tuple[tuple[str, str, str], ...]
    keys: tuple[tuple[int, str, str], ...] = ()
    moduli: dict[int, int] = field(default_factory=dict)

    def value(self, keyword: str) -> str:
        if (found := self.values.get(keyword.lower())) is None:
            raise Unreadable(f"sshd -T does not tell {keyword}", f"sshd -T 没有给出 {keyword}")
        return found


def _told(text: str) -> tuple[str, str]:
    """Keyword in small letters, and value, of a line; they may be parted by blanks or one equals sign."""
    keyword, _, value = re.sub(r"^(\w+)\s*=\s*", r"\1 ", text.strip()).partition(" ")
    return keyword.lower(), value.strip().strip('"')


def sshd(output: str) -> Sshd:
    found = by_kind(output, "set", "line", "key", "moduli")
    values: dict[str, str] = {}
    for line in found["set"]:
        keyword, value = _told(line)
        values[keyword] = f"{values[keyword]} {value}" if keyword in values else value  # hostkey and others stand there several times
    if "permitrootlogin" not in values or "port" not in values:
        raise Unreadable("sshd -T told neither port nor root's log-in", "sshd -T 的输出不完整")
    matches, included, condition, last = [], [], "", ""
    for line in found["line"]:
        path, _, text = line.partition(" ")
        if path != last:  # a Match block ends with its file; a file that is included in one is only read under its condition
            condition, last = next((under for pattern, under in included if fnmatch(path, pattern)), ""), path
        keyword, value = _told(text)
        if keyword == "match":
            condition = "" if value.lower() == "all" else value
        elif keyword == "include" and condition:
            included += [(one if one.startswith("/") else f"/etc/ssh/{one}", condition) for one in value.split()]
        elif condition:
            matches.append((condition, keyword, value))
    keys = tuple((whole(bits, "bits"), kind, path) for bits, kind, path in (words(line, 3) for line in found["key"]))
    return Sshd(values, tuple(matches), keys, {whole(bits, "bits"): whole(n, "a count") for bits, n in (words(line, 2) for line in found["moduli"])})


Judge = Callable[[Sshd, Bounds, Known], Iterator[Row]]


def _judge(keyword: str, good: Callable[[str, Bounds], bool], wanted: Callable[[Bounds], str], value: Callable[[str], float | None] = lambda _: None,
           unit: str = "") -> Judge:
    def judge(found: Sshd, bounds: Bounds, known: Known) -> Iterator[Row]:
        said = found.value(keyword)
        yield so(good(said, bounds), keyword, said, wanted(bounds), value=value(said), unit=unit)
        for condition, name, other in found.matches:
            if name == keyword.lower() and not good(other, bounds):
                yield so(False, f"Match {condition}: {keyword}", other, wanted(bounds), object=f"Match {condition}"[:200], value=value(other), unit=unit)
    return judge


def one_of(keyword: str, *allowed: str) -> Judge:
    """The setting is one of these, and no Match block says otherwise."""
    return _judge(keyword, lambda said, _: said.lower() in {one.lower() for one in allowed}, lambda _: " | ".join(allowed))


def within(keyword: str, bound: str, unit: str = "") -> Judge:
    """The figure is within the bound of that name, and no Match block says otherwise."""
    return _judge(keyword, lambda said, bounds: bounds[bound].fits(seconds(said, keyword)), lambda bounds: bounds[bound].wanted,
                  lambda said: seconds(said, keyword), unit)


def only(keyword: str, allowed: Sequence[str]) -> Judge:
    """Every algorithm on offer is one of these, the strongest first: which is taken is the client's choice, and some just take the first."""
    def judge(found: Sshd, bounds: Bounds, known: Known) -> Iterator[Row]:
        strange = ",".join(name for name in found.value(keyword).split(",") if name not in allowed)
        if strange:
            yield failed(f"{keyword} 中有不应使用的算法:{strange}", f"{keyword} offers what should not be used: {strange}", evidence=found.value(keyword))
        elif (offered := found.value(keyword).split(",")) != _in_order(offered, allowed):
            yield failed(f"{keyword} 没有把强的排在前面", f"{keyword} does not offer the strongest first", evidence=found.value(keyword))
        else:
            yield passed(f"{keyword} 符合要求", f"{keyword} offers nothing that should not be used", evidence=found.value(keyword))
    return judge


def sets(keyword: str, value: str = "", *, bound: str = "") -> Mender:
    """Sets the keyword, in a file of ours: to this value, or to the figure of the bound."""
    def mend(row: Row, found: Sshd, known: Known) -> Mend | Text:
        if row.object:
            return Text(zh="Match 块中的设置须人工修改", en="what a Match block says is changed by hand")
        figure = f"{known.limits[bound].figure:.0f}" if bound else value
        return _setting(found, keyword, figure)
    return mend


def _in_order(offered: Iterable[str], allowed: Sequence[str]) -> list[str]:
    return sorted((name for name in offered if name in allowed), key=allowed.index)


def offers_only(keyword: str, allowed: Sequence[str]) -> Mender:
    """Of the algorithms on offer those that are allowed, in that order."""
    def mend(row: Row, found: Sshd, known: Known) -> Mend | Text:
        good = _in_order(found.value(keyword).split(","), allowed)
        return _setting(found, keyword, ",".join(good)) if good else Text(
            zh="现有算法均不符合要求，须人工选择", en="none of those on offer may be used: choose by hand")
    return mend


def _setting(found: Sshd, keyword: str, value: str) -> Mend:
    made = set_sshd({keyword: value})
    line, = made.lines
    return replace(made, lines=(replace(line, was=f"{keyword} {found.values.get(keyword.lower(), '')}  (sshd -T)"),)).mend()


def seconds(said: str, keyword: str) -> int:
    """A figure, or a length of time such as 2m or 1h30m."""
    if re.fullmatch(r"(\d+[smhdw])+", said, re.I):
        return sum(int(n) * {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}[unit.lower()] for n, unit in re.findall(r"(\d+)([smhdw])", said, re.I))
    return whole(said, keyword)


OF_SSHD: dict[str, Any] = {"family": "ssh", "command": SSHD, "parse": sshd, "source": "sshd_config(5); sshd(8) -T"}
