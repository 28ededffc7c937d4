"""A load that is run before and after a change, and how its figures are judged: kept only if they are better, and not by luck. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import comb
from statistics import median
from typing import Literal

from reports.records.base import Text
from reports.records.change import StepOutcome
from reports.records.plan import Measurement

MARK = "standfast-measured"    # a step prints `standfast-measured ROUND FIGURE` for each round
EFFECT = "standfast-effective"  # and `standfast-effective NAME VALUE` for each setting, as it really is


@dataclass(frozen=True)
class Judgement:
    """What the figures say. gain_pct: how much better the median is, negative: worse; chance_pct: that luck alone does as well. None: not measured."""

    before: tuple[float, ...] = ()
    after: tuple[float, ...] = ()
    gain_pct: float | None = None
    chance_pct: float | None = None
    kept: bool = False
    why: Literal["better", "as good", "worse", "too little", "luck", "not measured"] = "not measured"


def judged(measurement: Measurement, before: Sequence[float], after: Sequence[float]) -> Judgement:
    """Whether a change that led from these figures to those is kept, by the plan's own criterion."""
    if len(before) < measurement.rounds or len(after) < measurement.rounds or min(*before, *after) <= 0:
        return Judgement(tuple(before), tuple(after))
    was, now = median(before), median(after)
    gain = 100 * (now - was if measurement.better == "higher" else was - now) / was
    luck = 100 * chance(before, after, measurement.better)
    if gain < min(0.0, measurement.at_least_pct):
        why = "worse"
    elif measurement.at_least_pct <= 0:
        why = "as good"
    elif gain < measurement.at_least_pct:
        why = "too little"
    else:
        why = "better" if luck <= measurement.chance_pct else "luck"
    return Judgement(tuple(before), tuple(after), gain, luck, why in ("better", "as good"), why)


def chance(before: Sequence[float], after: Sequence[float], better: Literal["higher", "lower"] = "higher") -> float:
    """How probable it is that figures of one kind, dealt out by luck, put `after` as far ahead: the exact one-sided rank-sum test.

    It asks only for the order of the figures, so one round that was disturbed cannot decide. Equal figures share their ranks.
    """
    sign = 1 if better == "higher" else -1
    every = sorted(sign * figure for figure in (*before, *after))
    rank = {figure: 2 * every.index(figure) + every.count(figure) + 1 for figure in every}  # twice the rank, so that it is whole
    reached = sum(rank[sign * figure] for figure in after)
    ways: dict[tuple[int, int], int] = {(0, 0): 1}  # taken, sum of their ranks -> in how many ways
    for figure in every:
        for (taken, total), count in list(ways.items()):
            key = (taken + 1, total + rank[figure])
            if taken < len(after):
                ways[key] = ways.get(key, 0) + count
    ahead = sum(count for (taken, total), count in ways.items() if taken == len(after) and total >= reached)
    return ahead / comb(len(every), len(after))


def measured(measurement: Measurement, outcomes: Iterable[StepOutcome]) -> Judgement:
    """What the steps of this load printed on its host, judged; the last attempt counts."""
    before, after = (figures_of(outcomes, measurement.target, key) for key in measurement.steps())
    return judged(measurement, before, after)


def figures_of(outcomes: Iterable[StepOutcome], target: str, key: str) -> tuple[float, ...]:
    here = [one for one in outcomes if (one.target, one.key, one.action) == (target, key, "carry out") and one.result in ("done", "nothing to do")]
    last = max(here, key=lambda one: one.attempt, default=None)
    found = re.findall(rf"^{MARK} (\d+) (\S+)$", last.output, re.M) if last else []
    return tuple(float(figure) for figure in {round_: figure for round_, figure in found}.values())


def effects_of(outcomes: Iterable[StepOutcome], target: str) -> dict[str, str]:
    """What settings really were when they were looked at last, by name."""
    found: dict[str, str] = {}
    for one in outcomes:
        if one.target == target:
            found |= dict(re.findall(rf"^{EFFECT} (\S+) (.*)$", one.output, re.M))
    return found


def figure(value: float) -> str:
    """A figure as people write it: 2,713; 17.2; 0.0123."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def percent(value: float) -> str:
    """A probability in percent as people write it: 100 %, 6.7 %, 0.06 %."""
    return f"{value:.0f} %" if value >= 10 else f"{value:.1f} %" if value >= 1 else f"{value:.2g} %"


def spread(figures: Sequence[float], unit: str = "") -> str:
    """The median, and from where to where: 17.2 (16.9 - 18.4) s."""
    if not figures:
        return ""
    return f"{figure(median(figures))} ({figure(min(figures))} - {figure(max(figures))})" + (f" {unit}" if unit else "")


WHY = {
    "better": Text(zh="优于调整前", en="better than before"),
    "as good": Text(zh="未变差", en="not worse than allowed"),
    "worse": Text(zh="比调整前差", en="worse than before"),
    "too little": Text(zh="改善不足", en="not better by enough"),
    "luck": Text(zh="改善幅度在各轮波动之内，不能排除偶然", en="within the scatter of the rounds, so it may be luck"),
    "not measured": Text(zh="未取得足够的测量值", en="not all rounds gave a figure"),
}


def wanted(measurement: Measurement) -> Text:
    """The criterion in words."""
    way = Text(zh="越大越好", en="higher is better") if measurement.better == "higher" else Text(zh="越小越好", en="lower is better")
    n, pct = measurement.rounds, f"{abs(measurement.at_least_pct):g} %"
    if measurement.at_least_pct <= 0:
        return Text(zh=f"{way.zh}；{n} 轮的中位数变差不超过 {pct}", en=f"{way.en}; the median of {n} rounds may be worse by {pct} at most")
    luck = f"{measurement.chance_pct:g} %"
    return Text(zh=f"{way.zh}；{n} 轮的中位数至少改善 {pct}，且出于偶然的概率不超过 {luck}（秩和检验）",
                en=f"{way.en}; the median of {n} rounds must be better by {pct} at least, and by luck with a probability of {luck} at most (rank-sum test)")


def title(measurement: Measurement) -> Text:
    return Text(zh=f"负载测量：{measurement.title.zh}", en=f"Measured under load: {measurement.title.en}")


def said(measurement: Measurement, judgement: Judgement) -> Text:
    """Both figures and what follows, for people."""
    why = WHY[judgement.why]
    if judgement.gain_pct is None or judgement.chance_pct is None:
        return Text(zh=f"{why.zh}（{len(judgement.before)} 轮、{len(judgement.after)} 轮，应各为 {measurement.rounds} 轮）",
                    en=f"{why.en} ({len(judgement.before)} and {len(judgement.after)} rounds instead of {measurement.rounds})")
    before, after = spread(judgement.before, measurement.unit), spread(judgement.after, measurement.unit)
    gain = f"{judgement.gain_pct:+.1f} %"
    luck = percent(judgement.chance_pct)
    return Text(zh=f"{why.zh}：调整前 {before}，调整后 {after}，改善 {gain}，出于偶然的概率 {luck}；判定标准：{wanted(measurement).zh}",
                en=f"{why.en}: {before} before, {after} after, better by {gain}, by luck with a probability of {luck}; required: {wanted(measurement).en}")

