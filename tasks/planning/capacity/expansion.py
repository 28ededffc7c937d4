"""What is done for more room on one host: measured, wanted, done, proved. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from reports.records import NOTHING, Text
from tasks.errors import UnreadableOutput
from tasks.operations.mend import Mend


@dataclass(frozen=True)
class Act:
    """One step. key: its name among the change's steps. no_return: after it there is no way back; such a step comes last.

    turn: where hosts depend on each other, the steps of all go by their turns.
    """

    key: str
    mend: Mend
    no_return: bool = False
    turn: int = 0


@dataclass(frozen=True)
class Headroom:
    """What must be so afterwards, measured: a command as of an acceptance check, and what its figures read as.

    within_s: it may take so long until it is so.
    """

    title: Text
    command: str
    reads: Text = NOTHING
    within_s: int = 30
    on_copy: bool = True


@dataclass(frozen=True)
class Expansion:
    """Of one host. need: what is there and what is wanted, with figures. No acts and no blockers: there is room enough already."""

    need: Text
    acts: tuple[Act, ...] = ()
    headroom: tuple[Headroom, ...] = ()
    blockers: tuple[Text, ...] = ()
    noticed: Text = NOTHING      # what users notice
    no_way_back: Text = NOTHING  # what cannot be taken back, and why


def figures(output: str, *wanted: str) -> dict[str, str]:
    """Lines `name=value` by name.

    Raises:
        UnreadableOutput: one that is wanted is missing.
    """
    found = dict(line.split("=", 1) for line in output.splitlines() if "=" in line)
    if missing := [name for name in wanted if name not in found]:
        raise UnreadableOutput(f"the host did not say its {', '.join(missing)}: {output.strip()[-200:] or 'nothing'}",
                               f"主机没有给出 {'、'.join(missing)}：{output.strip()[-200:] or '无输出'}")
    return found


def size(mib: float) -> str:
    """MiB as people read it."""
    return f"{mib / 1024:.1f} GiB" if mib >= 10 * 1024 else f"{mib:.0f} MiB"
