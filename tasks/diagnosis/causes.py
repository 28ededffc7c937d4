"""What the sightings and findings may mean: one entry of causes.yaml a suspected cause. Pure. Never more than a suspicion; what speaks
for it is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import yaml

from reports.records import Cause, CheckRow, Outcome, Proposal, RecentChange, Sighting, Text
from tasks.diagnosis.timeline import Span, rank

EVIDENCE = 6                      # lines shown of one cause
CHANGED_BEFORE = timedelta(hours=24)
TOGETHER = timedelta(minutes=1)   # times closer than this say nothing of what came first
# What the system writes by itself.
ITS_OWN = {"/etc/resolv.conf", "/etc/hostname", "/etc/hosts", "/etc/mtab", "/etc/adjtime", "/etc/ld.so.cache", "/etc/.pwd.lock"}
BAD = (Outcome.CRITICAL, Outcome.WARNING)


def _text(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


def _propose(way: str, zh: str, en: str, procedure: str = "") -> Proposal:
    return Proposal(text=Text(zh=zh, en=en), way=way, procedure=procedure)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Rule:
    """One entry of causes.yaml."""

    id: str
    title: Text
    means: Text
    signs: tuple[str, ...]
    proposals: tuple[Proposal, ...]
    source: str = ""
    checks: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()


@cache
def rules() -> tuple[Rule, ...]:
    """All entries, in their order."""
    listed = yaml.safe_load((Path(__file__).parent / "causes.yaml").read_text(encoding="utf-8"))
    return tuple(Rule(id, Text(**one["title"]), Text(**one["means"]), tuple(one["signs"]), tuple(
        Proposal(text=Text(zh=p["zh"], en=p["en"]), way=p["way"], procedure=p.get("procedure", "")) for p in one["proposals"]), one.get("source", ""),
        tuple(one.get("checks", ())), tuple(one.get("follows", ()))) for id, one in listed.items())


@dataclass(frozen=True)
class _Suspected:
    """A cause, the rule it follows from, and when the first sign of it was seen near the problem; None: only long before, after, or never."""

    cause: Cause
    follows: tuple[str, ...] = ()
    began_at: datetime | None = None

    def came_of(self, others: Mapping[str, _Suspected]) -> list[_Suspected]:
        """Of what it may have come: what can bring it about, on the same target, and began no later."""
        return [other for name in self.follows if (other := others.get(name)) and other.began_at is not None
                and (self.began_at is None or other.began_at <= self.began_at + TOGETHER) and set(other.cause.targets) & set(self.cause.targets)]

    def place(self, others: Mapping[str, _Suspected]) -> tuple[int, int]:
        """For the order: how much speaks for it, and how far it is from the beginning. What came of something stands behind it, however plain it is itself."""
        before = [other.place(others) for other in self.came_of(others)]
        if not before:
            return -self.cause.grounds, 0
        return max(-self.cause.grounds, min(grounds for grounds, _ in before)), 1 + max(depth for _, depth in before)


def causes(sightings: Sequence[Sighting], rows: Sequence[CheckRow], recent: Sequence[RecentChange], span: Span) -> list[Cause]:
    """What is suspected, the likeliest first; empty where nothing points anywhere."""
    found = {rule.id: one for rule in rules() if (one := _judged(rule, sightings, rows, span)) is not None}
    if changed := _changed(recent, span):
        found[changed.id] = _Suspected(changed)
    order = list(found)
    told = sorted((*one.place(found), one.cause.severity != "critical", order.index(one.cause.id), one.cause) for one in found.values())
    return [_said(depth > 0, cause) for _, depth, _, _, cause in told]


def _said(behind: bool, cause: Cause) -> Cause:
    if not behind:
        return cause
    return cause.model_copy(update={"because": (*cause.because, _text("可能是其他可疑原因的后果", "it may have come of another of these"))})


def _judged(rule: Rule, sightings: Sequence[Sighting], rows: Sequence[CheckRow], span: Span) -> _Suspected | None:
    seen = sorted((one for one in sightings if one.sign in rule.signs), key=lambda one: rank(one, span))
    findings = sorted((row for row in rows if row.check in rule.checks and row.outcome in BAD), key=lambda row: -row.outcome.weight)
    grave = [row for row in findings if row.outcome is Outcome.CRITICAL]
    if not seen and not grave:
        return None
    began = [one for one in seen if one.began == "before"]
    grounds = 1 + bool(began) + bool(findings and seen) + bool(len({one.source for one in began}) > 1)
    because = []
    if began:
        first = min(began, key=lambda one: one.first_at or span.at)
        minutes = round((span.at - (first.first_at or span.at)).total_seconds() / 60)
        because.append(_text(f"“{first.title.zh}”在问题发生前 {minutes} 分钟开始出现" if minutes > 0 else f"“{first.title.zh}”与问题同时开始出现",
                             f"'{first.title.en}' began {minutes} min before the problem" if minutes > 0 else f"'{first.title.en}' began with the problem"))
    elif seen and all(one.began == "already" for one in seen):
        because.append(_text("在所查时段开始时已经存在", "it was there already when the span begins"))
    elif seen and all(one.began == "after" for one in seen):
        because.append(_text("在问题发生之后才出现", "it came after the problem"))
    if not seen:
        because.append(_text("只有检查结果指向它，日志中没有迹象", "only a finding of the checks points to it, nothing in the logs"))
    elif findings:
        because.append(_text("检查结果与之相符", "findings of the checks agree with it"))
    here = seen or findings
    severe = any(one.severity == "critical" for one in seen) or bool(grave)
    lines = [_text(f"{one.target}: {one.example.zh}", f"{one.target}: {one.example.en}") for one in seen] + [
        _text(f"{row.target}：[{row.check}] {row.says.zh}", f"{row.target}: [{row.check}] {row.says.en}") for row in findings]
    cause = Cause(id=rule.id, title=rule.title, means=rule.means, targets=tuple(dict.fromkeys(one.target for one in here)), grounds=min(3, grounds),
                  severity="critical" if severe else "warning", proposals=rule.proposals, evidence=tuple(_once(lines))[:EVIDENCE],
                  because=tuple(because), source=rule.source)
    return _Suspected(cause, rule.follows, min((one.first_at for one in began if one.first_at), default=None))


def _once(texts: Iterable[Text]) -> Iterable[Text]:
    return {text.en: text for text in texts}.values()


def _dated(change: RecentChange) -> Text:
    when = f"{change.target}: {change.at:%Y-%m-%d %H:%M} UTC {change.number}"
    return Text(zh=" ".join(f"{when} {change.what.zh}".split()), en=" ".join(f"{when} {change.what.en}".split()))


def _changed(recent: Sequence[RecentChange], span: Span) -> Cause | None:
    """Something was changed within a day before: the commonest cause there is, and worth a look even if nothing else points to it."""
    before = [one for one in recent if span.at - CHANGED_BEFORE <= one.at <= span.at and one.what.en not in ITS_OWN]
    if not before:
        return None
    ours = [one for one in before if one.kind == "standfast"]
    newest = max(before, key=lambda one: one.at)
    hours = (span.at - newest.at).total_seconds() / 3600
    proposals = [_propose("observe", "与变更前的状态比较，确认问题是否由此引起", "Compare with the state before, and see whether it made the problem")]
    if ours:
        numbers = ", ".join(dict.fromkeys(one.number for one in ours))
        proposals.append(_propose("change", f"确认由我方变更引起时，回退 {numbers}", f"If our own change made it, back out {numbers}", "back-out"))
    return Cause(
        id="changed", title=_text("问题发生前有改动", "Something was changed before the problem"),
        means=_text("问题发生前 24 小时内，软件包、配置或系统被改动过。",
                    "Packages, configuration or the system were changed within 24 hours before the problem."),
        targets=tuple(dict.fromkeys(one.target for one in before)), grounds=2 if ours else 1, severity="warning", proposals=tuple(proposals),
        evidence=tuple(_dated(one) for one in before[:EVIDENCE]),
        because=(_text(f"最近一次改动在问题发生前 {hours:.1f} 小时", f"the last was {hours:.1f} h before the problem"),))
