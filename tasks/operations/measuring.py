"""A load that is run for some rounds, each of which prints a figure. Returns a Mend and runs nothing (R014).

The load is somebody's command: it runs as the account that the plan names, each round bounded in time. What it prints last is kept as evidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from shlex import quote
from typing import Literal

from reports.records import Text
from reports.records.measurement import MARK
from tasks.operations.mend import Mend

WAIT_S = 60       # for what was just restarted, before the round that does not count
PREPARE_S = 600   # at most, for what prepares a load, and for what clears up after it


@dataclass(frozen=True)
class Load:
    """command: one round. words: behind these stands its figure, in the last line that has them; empty: the last number that it prints.

    prepare, clean: before the first round and after the last, each time; `clean` must do no harm where nothing was prepared.
    """

    title: Text
    command: str
    words: str
    run_as: str
    rounds: int
    limit_s: int
    prepare: str = ""
    clean: str = ""

    @property
    def seconds(self) -> int:
        """How long all rounds of one measuring take at most, with the one that does not count."""
        return (self.rounds + 1) * self.limit_s


_FIGURE = r"""figure() {  # of this round: a number over zero behind the words, or the last one
  words="$words" awk '
    BEGIN { words = ENVIRON["words"]; number = "[-+]?[0-9]+([.][0-9]+)?([eE][-+]?[0-9]+)?" }
    { at = words == "" ? 1 : index($0, words)
      if (!at) next
      rest = words == "" ? $0 : substr($0, at + length(words))
      while (match(rest, number)) { found = substr(rest, RSTART, RLENGTH); if (words != "") break; rest = substr(rest, RSTART + RLENGTH) } }
    END { if (found + 0 <= 0) exit 1; print found }' "$SAVED/out"
}
"""
_COMMAND = r"""umask 077
mkdir -p "$SAVED"
rm -f "$SAVED/figures" "$SAVED/new"
touch "$SAVED/begun"
sync "$SAVED"
@again@
# a round that does not count: caches fill, and what was just restarted comes up
read -r up _ </proc/uptime
end=$((${up%.*} + @wait@))
until once && figure >/dev/null; do
  read -r up _ </proc/uptime
  if [ "${up%.*}" -ge "$end" ]; then tail -n 5 "$SAVED/out"; echo "the load gives no figure" >&2; exit 1; fi
  sleep 2
done
round=0
while [ $round -lt @rounds@ ]; do
  round=$((round + 1))
  once || { tail -n 5 "$SAVED/out"; echo "round $round of the load failed, or took longer than @limit@ s" >&2; exit 1; }
  found=$(figure) || { tail -n 5 "$SAVED/out"; echo "round $round of the load gives no figure" >&2; exit 1; }
  printf '%s\n' "@mark@ $round $found" >>"$SAVED/new"
done
tail -n 12 "$SAVED/out"
@clean@
sync "$SAVED/new"
mv "$SAVED/new" "$SAVED/figures"
rm -f "$SAVED/begun"
"""


def measure(load: Load, when: Literal["before", "after"]) -> Mend:
    """All rounds, and one before them that does not count. Undo: what was prepared is cleared away, if that was not done."""
    def called(name: str, command: str, limit_s: int) -> str:
        run = f"timeout -k 10 {limit_s} runuser -u {quote(load.run_as)} -- sh -c {quote(command)}"
        return f'{name}() {{\n{run} </dev/null >"$SAVED/out" 2>&1\n}}\n'

    def must(name: str) -> str:
        said = {"prepare": "prepared", "clean": "cleared away"}[name]
        return f'{name} || {{ tail -n 5 "$SAVED/out"; echo "the load cannot be {said}" >&2; exit 1; }}'

    head = f"words={quote(load.words)}\n" + called("once", load.command, load.limit_s)
    head += called("prepare", load.prepare, PREPARE_S) if load.prepare else ""
    head += called("clean", load.clean, PREPARE_S) if load.clean else ""
    again = "\n".join((["clean || :  # what a try that was cut off has left"] if load.clean else []) + ([must("prepare")] if load.prepare else [])) or ":"
    command = _COMMAND
    for mark, text in {"again": again, "clean": must("clean") if load.clean else ":", "wait": str(WAIT_S), "rounds": str(load.rounds),
                       "limit": str(load.limit_s), "mark": MARK}.items():
        command = command.replace(f"@{mark}@", text)
    zh, en = ("调整前测量", "Measure before") if when == "before" else ("调整后测量", "Measure after")
    return Mend(
        title=Text(zh=f"{zh}：{load.title.zh}", en=f"{en}: {load.title.en}"),
        expected=Text(zh=f"{load.rounds} 轮负载各得一个测量值，负载共运行不超过 {load.seconds} 秒",
                      en=f"{load.rounds} rounds of the load, a figure of each; the load runs {load.seconds} s at most"),
        probe='if [ -e "$SAVED/figures" ]; then echo DONE; elif [ -e "$SAVED/begun" ]; then echo PARTIAL; else echo ABSENT; fi\n',
        holds_before=f'id {quote(load.run_as)} >/dev/null\n',
        command=head + _FIGURE + command,
        proof=f'cat "$SAVED/figures"\n[ "$(grep -c "^{MARK} " "$SAVED/figures")" = {load.rounds} ]\n',
        undo=head + 'if [ ! -e "$SAVED/begun" ]; then echo "nothing is left of the load"; exit 0; fi\nclean\nrm -f "$SAVED/begun"\n' if load.clean else "",
        undo_proof='[ ! -e "$SAVED/begun" ]\n' if load.clean else "",
        time_limit_s=load.seconds + WAIT_S + load.limit_s + 120 + PREPARE_S * (bool(load.prepare) + 2 * bool(load.clean)))
