"""One shell script that reads many things in one round trip, and its answer taken apart again.

Each part runs in a shell of its own, bounded in time and size. Lines that a part prints get a bar in front, so nothing
a part prints can be taken for the frame around it; NUL bytes are dropped. The frame says how each part ended, and its last
line counts the parts, so an answer that was cut off is recognised.

Sample output:
    @standfast-sections 1
    @begin kernel
    |6.1.0-37-amd64
    @end kernel 0
    @complete 1
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tasks.errors import UnreadableOutput

HEADER = "@standfast-sections 1"

FRAME = r"""# Read-only: this script changes nothing on the host.
set -u
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
TZ=UTC
export PATH LC_ALL TZ
unset CDPATH GREP_OPTIONS POSIXLY_CORRECT APT_CONFIG PGOPTIONS PGHOST PGPORT PGUSER PGDATABASE
parts=0
# part NAME SECONDS BYTES: run the shell text from standard input, bounded, and frame what it prints
part() {
  body=$(cat)
  printf '@begin %s\n' "$1"
  # 4: this script's own output; 3: the exit status, kept apart from what is printed
  code=$( { { timeout -k 2 "$2" sh -c "$body" 2>&1 </dev/null 4>&-
              echo $? >&3; } | head -c "$3" | tr -d '\000' | sed 's/^/|/' >&4; } 3>&1 )
  printf '\n@end %s %s\n' "$1" "$code"
  parts=$((parts + 1))
}
exec 4>&1
"""


@dataclass(frozen=True)
class Part:
    """One part of a reading: its shell text, and how long and large it may be."""

    name: str
    body: str
    time_limit_s: int = 10
    byte_limit: int = 4_000_000


@dataclass(frozen=True)
class Answer:
    """What one part printed, line by line, and its exit status."""

    lines: tuple[str, ...]
    exit_code: int


@dataclass
class _Open:
    name: str
    lines: list[str] = field(default_factory=list)


def unreadable(section: str, problem: str, target: str = "", zh: str = "") -> UnreadableOutput:
    """The error to raise: one sentence that names host and part. zh: the problem in Chinese; what only we understand has none."""
    host, why = target or "the host", f"（{zh}）" if zh else ""
    return UnreadableOutput(f"{host}: the part {section!r} of the answer cannot be read: {problem}; survey the host again",
                            f"{target or '主机'}：采集结果中的 {section} 部分无法解读{why}；请重新采集")


CUT_SHORT = {124: ("it took too long", "用时过长"), 137: ("it took too long", "用时过长"), 141: ("it was too large", "内容过大")}


def failed(section: str, answer: Answer, target: str = "") -> UnreadableOutput:
    """The error to raise for a part that ended badly: what it said last, or that it was cut short."""
    said = next((line for line in reversed(answer.lines) if line.strip()), "nothing was said")[:300]
    why, zh = CUT_SHORT.get(answer.exit_code, (said, said))
    return unreadable(section, f"it ended with status {answer.exit_code}: {why}", target, f"退出状态 {answer.exit_code}：{zh}")


def compose(parts: Sequence[Part], before: str = "", after: str = "") -> str:
    """The script that runs `parts` in order; `before` and `after` are shell text outside the parts, silent by contract."""
    pieces = [FRAME, before, f"echo '{HEADER}'\n"]
    for part in parts:
        mark = f"END_OF_{part.name.upper().replace('-', '_')}"
        while mark in part.body.split("\n"):  # a body that holds the mark would end early, and its rest run outside its bounds
            mark += "_"
        pieces.append(f"part {part.name} {part.time_limit_s} {part.byte_limit} <<'{mark}'\n{part.body.rstrip()}\n{mark}\n")
    pieces.append(f"{after}printf '@complete %s\\n' \"$parts\"\n")
    return "".join(pieces)


def take_apart(output: str, expected: Sequence[str], target: str = "") -> Mapping[str, Answer]:
    """The answers by part.

    Raises:
        UnreadableOutput: the frame is broken or cut, or a part is missing; names the part.
    """
    lines = output.split("\n")
    try:
        start = lines.index(HEADER)
    except ValueError:
        raise unreadable("beginning", "it does not begin as the script begins", target) from None
    answers: dict[str, Answer] = {}
    current: _Open | None = None
    complete: int | None = None
    for line in lines[start + 1:]:
        if complete is not None and line:
            raise unreadable("ending", "something follows the last line", target)
        if current is not None:
            if line.startswith("|"):
                current.lines.append(line[1:])
            elif line.startswith(f"@end {current.name} "):
                answers[current.name] = Answer(tuple(current.lines), _number(line.rsplit(" ", 1)[1], current.name, target))
                current = None
            elif line:
                raise unreadable(current.name, "a line that belongs to no part", target)
        elif line.startswith("@begin "):
            current = _Open(line.removeprefix("@begin "))
            if current.name in answers:
                raise unreadable(current.name, "it came twice", target)
        elif line.startswith("@complete "):
            complete = _number(line.removeprefix("@complete "), "ending", target)
        elif line:
            raise unreadable("frame", "a line that belongs to no part", target)
    if current is not None:
        raise unreadable(current.name, "the answer was cut off in it", target)
    if complete is None:
        raise unreadable("ending", f"the answer was cut off after part {next(reversed(answers), 'none')!r}", target)
    if complete != len(answers):
        raise unreadable("ending", f"{complete} parts were read on the host, {len(answers)} arrived", target)
    for name in expected:
        if name not in answers:
            raise unreadable(name, "it is missing", target)
    return answers


def _number(word: str, section: str, target: str) -> int:
    if not (word.isascii() and word.isdigit() and len(word) < 10):
        raise unreadable(section, "its exit status is not a number", target)
    return int(word)
