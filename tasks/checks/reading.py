"""One script that carries all checks of a host in one round trip, and its answer judged. Pure.

The frame around an answer is a line with a word that is new in every reading, so nothing that a command prints can be taken for it.
Every command has its own shell, its own time limit and its own size limit, so it can spoil nothing but its own answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from shlex import quote
from typing import Any

from reports.records import CheckRow, Outcome, Text
from tasks.checks.kinds import Check, HostCheck, Known, Limits, Row, Unreadable, unknown
from tasks.redaction import redact

NOT_HERE, CANNOT = 100, 101  # exit statuses of `na` and `cannot`
TIMED_OUT = (124, 137)
EVIDENCE_CHARACTERS = 600

_HEAD = r"""set -u
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C TZ=UTC
export PATH LC_ALL TZ
unset CDPATH GREP_OPTIONS POSIXLY_CORRECT PGOPTIONS SYSTEMD_COLORS
renice -n 19 $$ >/dev/null 2>&1; ionice -c 3 -p $$ 2>/dev/null
# What was so when the reading began, for checks that look at a span of time.
STAT_BEFORE=$(cat /proc/stat) DISKS_BEFORE=$(cat /proc/diskstats) UPTIME_BEFORE=$(cat /proc/uptime)
export STAT_BEFORE DISKS_BEFORE UPTIME_BEFORE
part() {
  printf '\n%s begin %s\n' "$nonce" "$1"
  { timeout -k 2 "$2" sh -c "$4" 2>&1 </dev/null; printf '\n%s code %s' "$nonce" $?; } | ${5-} head -c "$3"
}
"""
# Every command begins with these words at hand; what they say are the last two lines of its answer.
_WORDS = r"""told() {
  own=$(printf '%s\n' "${3-}" | grep -m 1 .)
  for said in "$1" "${2-$1}"; do printf '\n'; printf '%s' "$said${own:+: $own}" | tr '\n' ' '; done
}
na() { told "$@"; exit 100; }
cannot() { told "$@"; exit 101; }
"""


@dataclass(frozen=True)
class Answer:
    """What a command printed, and how it ended; cut: its end is missing, because it was too long or something went on running."""

    output: str
    exit_code: int
    cut: bool = False


def _asked_by(checks: Iterable[HostCheck]) -> dict[str, str]:
    """For every check, which one asks for it: the first with the same command. Several checks of one reading cost one command."""
    first: dict[tuple[str, int, int], str] = {}
    return {check.id: first.setdefault((check.command, check.time_limit_s, check.byte_limit), check.id) for check in checks}


def _told(expected: Mapping[str, Any]) -> str:
    """What commands may know of the inventory, as environment: one thing a line in $BACKUPS, $SECOND_COPIES and so on."""
    backups = expected.get("backups") or []
    told = {"BACKUPS": [backup.get("path") for backup in backups], "SECOND_COPIES": [backup.get("second_copy") for backup in backups],
            "URLS": expected.get("urls"), "DNS_NAMES": expected.get("dns_names"), "PEERS": expected.get("peers"), "WATCHED": expected.get("watched")}
    # A line break in a name would make two of it.
    return "".join(f"export {name}={quote(chr(10).join(' '.join(str(thing).split()) for thing in things or () if thing))}\n" for name, things in told.items())


def host_script(checks: Sequence[HostCheck], nonce: str, expected: Mapping[str, Any] | None = None) -> str:
    """The script for root. nonce: a fresh word of letters and digits, 16 or more. expected: what the inventory says of this host."""
    if not re.fullmatch(r"[0-9A-Za-z]{16,}", nonce):
        raise ValueError("the word that frames the answers must be 16 or more letters and digits")
    pieces = [_HEAD, f"nonce=@{nonce}\n", _told(expected or {}), "{\n"]
    asked_by = _asked_by(checks)
    for check in checks:
        if asked_by[check.id] != check.id:
            continue
        # What a command leaves running holds the pipe open: then its reader needs a limit, too.
        limiter = f" 'timeout {check.time_limit_s + 5}'" if re.search(r"(?<![&>|])&(?![&>\d])", check.command) else ""
        pieces.append(f"part {check.id} {check.time_limit_s} {check.byte_limit} {quote(_WORDS + check.command.strip())}{limiter}\n")
    # Every small write would be a packet of its own, which costs us more than all the rest of a reading: hundreds of them become one.
    pieces.append("printf '\\n%s complete\\n' \"$nonce\"\n} | dd ibs=64k obs=64k 2>/dev/null\n")
    return "".join(pieces)


def answers_in(output: str, nonce: str, checks: Iterable[HostCheck]) -> dict[str, Answer]:
    """The answers by check id, as far as they arrived whole."""
    checks = tuple(checks)
    answers: dict[str, Answer] = {}
    name, text, code = "", "", None
    for frame in f"\n{output}".split(f"\n@{nonce} ")[1:]:
        kind, _, rest = frame.partition(" ")
        if kind == "code":
            code = int(rest) if re.fullmatch(r"[0-9]{1,3}", rest) else None
            continue
        if kind == "begin" or frame.strip() == "complete":
            # An answer that was longer than allowed has lost its end, and its exit status with it. One that nothing follows was broken off.
            if name:
                answers[name] = Answer(text.replace("\0", ""), code or 0, cut=code is None)
            (name, _, text), code = rest.partition("\n"), None
    return {check: answers[asker] for check, asker in _asked_by(checks).items() if asker in answers}


def told(output: str) -> tuple[str, str]:
    """What `na` or `cannot` said, in Chinese and in English."""
    lines = [line.strip()[:200] for line in output.splitlines() if line.strip()] or [""]
    return lines[-2:][0], lines[-1]


def examine(check: Check, answer: Answer | None, limits: Limits, known: Known) -> tuple[Row, ...]:
    """Judge one answer. Whatever the answer is, there is at least one row, and nothing is raised."""
    if answer is None:
        return (unknown("没有收到回答(连接中断)", "no answer arrived: the connection broke before"),)
    zh, en = told(answer.output)
    if answer.exit_code == NOT_HERE:
        return (Row(Outcome.NOT_APPLICABLE, f"不适用:{zh}", f"not applicable: {en}"),)
    if answer.exit_code in TIMED_OUT:
        return (unknown(f"命令在 {check.time_limit_s} 秒内没有结束", f"the command did not end within {check.time_limit_s} s"),)
    if answer.exit_code == CANNOT:
        return (unknown(f"无法检查:{zh}", f"cannot be asked: {en}"),)
    if answer.exit_code != 0:
        first = next((line.strip() for line in answer.output.splitlines() if line.strip()), "")[:200]
        return (unknown(f"命令以 {answer.exit_code} 结束:{first}", f"the command ended with {answer.exit_code}: {first}"),)
    if answer.cut:
        return (unknown("回答超过大小上限被截断,或命令留下了仍在运行的进程", "the answer was longer than allowed, or the command left something running"),)
    return judged(check, answer.output, limits, known)


def judged(check: Check, answer: object, limits: Limits, known: Known) -> tuple[Row, ...]:
    """Parse and judge what a command printed or a query returned; what cannot be understood is unknown, with the reason."""
    try:
        rows = tuple(check.judge(check.parse(answer), limits, known))
    except Unreadable as problem:
        return (unknown(f"回答无法理解:{problem.zh}", f"the answer cannot be understood: {problem}"),)
    except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError) as problem:
        detail = f"{type(problem).__name__}: {str(problem)[:160]}"  # the programming language's own words
        return (unknown(f"回答无法理解:{detail}", f"the answer cannot be understood: {detail}"),)
    return rows or (unknown("没有得到结果", "nothing came of it"),)


def check_rows(target: str, check: Check, rows: Iterable[Row]) -> tuple[CheckRow, ...]:
    """Rows as they are kept; secrets removed, evidence bounded, one row for each object."""
    kept: dict[str, CheckRow] = {}
    for row in rows:
        name = object_of(row)
        new = CheckRow(target=target, check=check.id, object=name, outcome=row.outcome, value=row.value, unit=row.unit, capacity=row.capacity,
                       says=Text(zh=redact(row.zh)[:1000], en=redact(row.en)[:1000]), evidence=redact(row.evidence)[:EVIDENCE_CHARACTERS])
        if name not in kept or kept[name].outcome.weight < new.outcome.weight:
            kept[name] = new
    return tuple(kept.values())


def examine_host(target: str, output: str, nonce: str, checks: Sequence[HostCheck], limits: Mapping[str, Limits],
                 known: Mapping[str, Known]) -> tuple[CheckRow, ...]:
    """Every check's rows for one host's whole answer."""
    answers = answers_in(output, nonce, checks)
    found: list[CheckRow] = []
    for check in checks:
        found += check_rows(target, check, examine(check, answers.get(check.id), limits[check.id], known[check.id]))
    return tuple(found)


@dataclass(frozen=True)
class Reading:
    """What one check found on one host: its rows, what `parse` made of the answer (None: nothing could be made of it), what was known."""

    rows: tuple[Row, ...]
    answer: Any
    known: Known


def readings(output: str, nonce: str, checks: Sequence[HostCheck], limits: Mapping[str, Limits], known: Mapping[str, Known]) -> dict[str, Reading]:
    """As `examine_host`, by check id and with the answers: what a finding is mended by."""
    answers, found = answers_in(output, nonce, checks), {}
    for check in checks:
        told, answer = answers.get(check.id), None
        rows = examine(check, told, limits[check.id], known[check.id])
        if told is not None and told.exit_code == 0 and not told.cut:
            with suppress(ValueError, TypeError, LookupError, ArithmeticError, AttributeError):  # its rows say so
                answer = check.parse(told.output)
        found[check.id] = Reading(rows, answer, known[check.id])
    return found


def object_of(row: Row) -> str:
    """A row's object under the name that it is kept by."""
    return redact(row.object)[:300]


def about_host(output: str, nonce: str, checks: Sequence[HostCheck]) -> dict[str, str]:
    """What the host is, by the checks that can tell; what cannot be understood is left out."""
    answers, found = answers_in(output, nonce, checks), {}
    for check in checks:
        if check.about is not None and check.id in answers and answers[check.id].exit_code == 0:
            try:
                found |= check.about(check.parse(answers[check.id].output))
            except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError):
                continue  # its row says so
    return {name: redact(value)[:200] for name, value in found.items()}


def remembered(row: CheckRow) -> Row:
    """A kept row as the judge of the next inspection sees it."""
    return Row(row.outcome, row.says.zh, row.says.en, row.object, row.value, row.unit, row.capacity, row.evidence)
