"""The commands of a plan, word for word, as a text file beside the paper, where they would fill it. Pure; no Prefect, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from reports.documents.grouping import SCRIPTS, StepGroup, ranges

if TYPE_CHECKING:
    from reports.documents.chapters import Chapters

LONG = 2000  # lines; more than these are some forty pages


@dataclass(frozen=True)
class Commands:
    """text: the whole file. places: of each step's key, its first and last line there."""

    text: str
    places: dict[str, tuple[int, int]]

    @property
    def lines(self) -> int:
        return self.text.count("\n")

    @property
    def apart(self) -> bool:
        """Whether they have a file of their own."""
        return self.lines > LONG

    @property
    def digest(self) -> str:
        return sha256(self.text.encode()).hexdigest()


def commands_of(c: Chapters) -> Commands:
    """Of every step and every acceptance check, in the order of the steps."""
    lines = [f"{c.record.number}  {c.subject()}", c.say("appendix.commands"), ""]
    places = {}
    for group in c.groups:
        first = len(lines) + 1
        lines += _step(c, group)
        places[group.key] = (first, len(lines))
    if c.plan and c.plan.acceptance:
        lines += ["#" * 78, f"# {c.say('appendix.acceptance')}", "#" * 78, ""]
        for acceptance, hosts in c.acceptance_grouped():
            title = c.say("appendix.acceptance_hosts", title=acceptance.title.say(c.say.language), account=acceptance.account, hosts=c.full_hosts(hosts))
            lines += [f"# === {title}", *acceptance.command.strip("\n").split("\n"), ""]
    return Commands("".join(f"{line}\n" for line in lines), places)


def _step(c: Chapters, group: StepGroup) -> list[str]:
    say = c.say
    lines = ["#" * 78, f"# {group.number}  {c.title(group.step)}", "#" * 78]
    for place, variant in enumerate(group.variants, 1):
        step = variant.step
        if len(group.variants) > 1:
            lines.append(f"# {say('appendix.variant', n=place)}")
        facts = {"step_hosts": c.full_hosts(variant.targets), "step_numbers": ranges(s.number for s in variant.steps), "step_account": step.account,
                 "step_limit": say.duration(step.time_limit_s), **({"step_confirm": say.duration(step.confirm_s)} if step.confirm_s else {}),
                 "step_expected": step.expected.say(say.language)}
        lines += [f"# {say(f'appendix.{name}')}: {value}" for name, value in facts.items()]
        for name in SCRIPTS:
            if (script := getattr(step, name)).strip():
                lines += ["", f"# === {say(f'part.{name}')}", *script.strip("\n").split("\n")]
        lines.append("")
    return lines
