"""Many equal things as one: the same step on sixty hosts is one row that names its hosts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from reports.records import Difference, Improvement, Language, Medium, Plan, Step, StepOutcome, Survey, VersionChange

SCRIPTS = ("probe", "holds_before", "command", "proof", "undo", "undo_proof", "undo_holds")


@dataclass
class Variant:
    """Steps with one key whose scripts and account are the same character for character."""

    step: Step
    steps: list[Step] = field(default_factory=list)

    @property
    def targets(self) -> list[str]:
        return [step.target for step in self.steps]


@dataclass
class StepGroup:
    """All steps of a plan with one key; number counts the groups in the order of the plan, from 1."""

    number: int
    key: str
    variants: list[Variant] = field(default_factory=list)

    @property
    def step(self) -> Step:
        return self.variants[0].step

    @property
    def steps(self) -> list[Step]:
        return [step for variant in self.variants for step in variant.steps]

    @property
    def targets(self) -> list[str]:
        return list(dict.fromkeys(step.target for step in self.steps))

    @property
    def numbers(self) -> set[int]:
        return {step.number for step in self.steps}


def step_groups(plan: Plan) -> list[StepGroup]:
    """In the order in which a host meets them: by the place of the step on its host, then by the plan; of a plan in order, by the plan alone."""
    places: dict[str, list[int]] = {}
    met: dict[str, int] = {}
    groups: dict[str, dict[tuple, Variant]] = {}
    for step in plan.steps:
        met[step.target] = met.get(step.target, 0) + 1
        places.setdefault(step.key, []).append(met[step.target])
        scripts = (step.account, step.time_limit_s, step.confirm_s, step.files, *(getattr(step, name) for name in SCRIPTS))
        groups.setdefault(step.key, {}).setdefault(scripts, Variant(step)).steps.append(step)
    first = {key: index for index, key in enumerate(groups)}
    order = list(groups) if plan.in_order else sorted(groups, key=lambda key: (max(places[key]), first[key]))
    return [StepGroup(number, key, list(groups[key].values())) for number, key in enumerate(order, 1)]


def versions_grouped(versions: Sequence[VersionChange]) -> list[tuple[VersionChange, list[str]]]:
    groups: dict[tuple, tuple[VersionChange, list[str]]] = {}
    for change in versions:
        groups.setdefault((change.name, change.before, change.after), (change, []))[1].append(change.target)
    return sorted(groups.values(), key=lambda group: group[0].name)


def media_grouped(media: Sequence[Medium]) -> list[tuple[Medium, list[str]]]:
    """The same file for several hosts once; hosts empty where it is for every host. New files before old ones."""
    groups: dict[tuple, tuple[Medium, list[str]]] = {}
    for medium in media:
        _, hosts = groups.setdefault((medium.name, medium.sha256, medium.role, medium.source), (medium, []))
        if medium.target:
            hosts.append(medium.target)
    return sorted(groups.values(), key=lambda group: (group[0].role, group[0].name))


def differences_grouped(differences: Sequence[Difference]) -> list[tuple[Difference, list[str]]]:
    groups: dict[tuple, tuple[Difference, list[str]]] = {}
    for difference in differences:
        groups.setdefault((difference.kind, difference.name, difference.before, difference.after), (difference, []))[1].append(
            difference.target
        )
    return sorted(groups.values(), key=lambda group: (group[0].kind, group[0].name))


def configuration_grouped(surveys: Iterable[Survey]) -> list[tuple[str, str, list[str]]]:
    groups: dict[tuple[str, str], list[str]] = {}
    for survey in surveys:
        for path, digest in survey.configuration.items():
            groups.setdefault((path, digest), []).append(survey.target)
    return sorted((path, digest, hosts) for (path, digest), hosts in groups.items())


def improvements_ordered(improvements: Sequence[Improvement]) -> list[Improvement]:
    """Security first, then fixes, functions, notes; each improvement once."""
    order = {"security": 0, "fix": 1, "feature": 2, "note": 3}
    once = {improvement.canonical(): improvement for improvement in improvements}
    return sorted(once.values(), key=lambda improvement: order[improvement.kind])


def outcomes_by_key(outcomes: Sequence[StepOutcome]) -> dict[str, list[StepOutcome]]:
    groups: dict[str, list[StepOutcome]] = {}
    for outcome in outcomes:
        groups.setdefault(outcome.key, []).append(outcome)
    return groups


def last_outcomes(outcomes: Sequence[StepOutcome]) -> list[StepOutcome]:
    """The last attempt at each step."""
    last: dict[int, StepOutcome] = {}
    for outcome in outcomes:
        if outcome.number not in last or outcome.attempt >= last[outcome.number].attempt:
            last[outcome.number] = outcome
    return list(last.values())


def failed_services(surveys: Iterable[Survey]) -> list[tuple[str, list[str]]]:
    """Services that had failed, and on which hosts."""
    groups: dict[str, list[str]] = {}
    for survey in surveys:
        for service in survey.services:
            if service.active == "failed":
                groups.setdefault(service.name, []).append(survey.target)
    return sorted(groups.items())


def ranges(numbers: Iterable[int]) -> str:
    """1-9, 19, 28-30; of very many the first three and the last."""
    parts: list[list[int]] = []
    for number in sorted(set(numbers)):
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    written = [str(a) if a == b else f"{a}-{b}" for a, b in parts]
    return ", ".join(written if len(written) <= 24 else [*written[:3], "...", written[-1]])


IN_WORDS = {
    "health": ((r"^good$", "正常"), (r"^not good$", "异常")),
    "rows": ((r"^(\d+) rows", r"\1 行"), (r", digest ", "，摘要 ")),
    "cluster": ((r", not running on (\d+)", r"，未运行，端口 \1"), (r", running on (\d+)", r"，运行于端口 \1"), (r", schema unknown", "，结构未知"),
                (r", schema ", "，结构摘要 ")),
}


def in_words(kind: str, value: str, language: Language) -> str:
    """What a difference says of one side, which is filed in English, in the paper's language; words of the systems themselves stay."""
    for pattern, words in IN_WORDS.get(kind, ()) if language == "zh" else ():
        value = re.sub(pattern, words, value)
    return value
