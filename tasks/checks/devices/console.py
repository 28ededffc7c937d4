"""Network devices by their command line (SSH). What the checks' parsers share: reading what a command printed.

An answer's first line names the vendor and the command, `# huawei display version`; then comes what was printed, and `end`.
"""

from __future__ import annotations

import re

from tasks.checks.devices import Interface
from tasks.checks.kinds import Unreadable
from tasks.checks.lines import until_end

PROMPT = "the prompt"  # no command: the prompt itself, which names the device
VERSION = {"huawei": "display version", "h3c": "display version", "cisco": "show version"}
BRIEF = {"huawei": "display interface brief", "h3c": "display interface brief", "cisco": "show ip interface brief"}
LONGEST = 500  # letters of a line that are looked at
# Before all else: no waiting for a key after each screen.
WHOLE = {"huawei": "screen-length 0 temporary", "h3c": "screen-length disable", "cisco": "terminal length 0"}
REFUSED = re.compile(r"^\s*(% ?(Invalid|Incomplete|Ambiguous|Unrecognized|Unknown|Authorization)|Error: ?(Unrecognized|Wrong|Incomplete|Ambiguous|Too many)|"
                     r"\s*\^\s*$)", re.M | re.I)
_UNITS = {"year": 365 * 86400, "week": 7 * 86400, "day": 86400, "hour": 3600, "minute": 60, "second": 1}


def printed(output: str) -> tuple[str, list[str]] | None:
    """Vendor and lines of a command's answer; None: it is an answer of SNMP. Raises Unreadable where the device refused the command."""
    head = re.match(r"# (huawei|h3c|cisco) ", output)
    if not head:
        return None
    lines = [line[:LONGEST] for line in until_end(output)[1:]]
    if REFUSED.search("\n".join(lines[:4])):
        raise Unreadable(f"the device does not know the command: {' '.join(lines)[:80]}", f"设备不认识该命令:{' '.join(lines)[:80]}")
    if not lines:
        raise Unreadable("the command printed nothing", "命令没有输出")
    return head[1], lines


def span(words: str) -> float:
    """ "12 weeks, 3 days, 4 hours, 5 minutes" in seconds."""
    found = re.findall(r"(\d{1,6}) (year|week|day|hour|minute|second)s?\b", words)
    if not found:
        raise Unreadable(f"{words[:60]!r} is no length of time", f"{words[:60]!r} 不是时长")
    return float(sum(int(count) * _UNITS[unit] for count, unit in found))


def per_cents(pattern: str, lines: list[str]) -> list[float]:
    """Every figure that the pattern finds, in per cent. Raises Unreadable for none, and for what is no share."""
    found = [float(figure) for line in lines for figure in re.findall(pattern, line)]
    if not found or not all(0 <= figure <= 100 for figure in found):
        raise Unreadable(f"no share in {' '.join(lines)[:80]!r}" if not found else f"{max(found):g} % is no share",
                         f"{' '.join(lines)[:80]!r} 中没有百分比" if not found else f"{max(found):g} % 不合理")
    return found


# By vendor: name, whether it is meant to be up, and whether it is.
_INTERFACE = {
    "huawei": re.compile(r"\s*(?P<name>[\w./:-]*\d)(?:\(\S+?\))?\s+(?P<link>[*^!#]?(?:up|down))(?:\(\w+\))?\s+\S+(?:\s+(?:[\d.]+%|--)){2}\s+"
                         r"(?P<errors>\d+\s+\d+)\s*"),
    "h3c": re.compile(r"(?P<name>[\w./:-]*\d)\s+(?P<link>UP|DOWN|ADM|Stby)\b.*"),
    "cisco": re.compile(r"(?P<name>[\w./:-]*\d)\s+\S+\s+(?:YES|NO)\s+\S+\s+(?P<link>up|down|administratively down)\s+(?:up|down)\s*"),
}
_OFF = ("*down", "ADM", "administratively down")
_NOT_ONE = re.compile(r"(?i)(null|loop|inloop)")
ERRORS = "errors"


def interfaces(vendor: str, lines: list[str]) -> list[Interface]:
    """The brief list of interfaces, loopbacks left out; Huawei's has errors besides. Raises Unreadable for a list without a single one."""
    found = [match for line in lines if (match := _INTERFACE[vendor].fullmatch(line))]
    if not found:
        raise Unreadable(f"no interface in {' '.join(lines)[:80]!r}", f"{' '.join(lines)[:80]!r} 中没有接口")
    there: dict[str, Interface] = {}
    for match in found:
        name, link = match["name"], match["link"]
        if not _NOT_ONE.match(name):
            errors = match.groupdict().get("errors")
            figures = {ERRORS: sum(map(int, errors.split()))} if errors else {}
            there.setdefault(name, Interface(name, name, name, link not in _OFF, link.lower() == "up", figures))
    return list(there.values())
