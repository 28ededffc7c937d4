"""What a customer's profile makes of the catalogue and of what was found: level, own figures, exceptions. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from reports.records import BaselineProfile, CheckRow, ControlException, Outcome, Text
from tasks.controls.kinds import Bounds, DatabaseControl, HostControl
from tasks.errors import BlockersFound

AnyControl = HostControl | DatabaseControl
FAILED = (Outcome.WARNING, Outcome.CRITICAL)
# Pairs of figures of which the first must not lie above the second.
ORDERED = (("H-PWD-04b.days", "H-PWD-04a.days"), ("H-PWD-04c.days", "H-PWD-04a.days"), ("H-SSH-04b.start", "H-SSH-04b.full"),
           ("H-PWD-01d.repeats", "H-PWD-01a.length"))


def bounds_of(control: AnyControl, profile: BaselineProfile) -> Bounds:
    """The control's figures as they hold for this customer."""
    found = {}
    for name, bound in control.bounds.items():
        if profile.level == 3 and bound.level_3 is not None:
            bound = replace(bound, figure=bound.level_3)
        if (own := profile.limits.get(f"{control.id}.{name}")) is not None:
            bound = replace(bound, figure=own, source=Text(zh="该客户自定", en="the customer's own"))
        found[name] = bound
    return found


def see_that_it_fits(profile: BaselineProfile, controls: Sequence[AnyControl], targets: Iterable[str]) -> None:
    """Raises BlockersFound, in one sentence, for what the profile asks and the catalogue or the inventory does not have, or what contradicts itself."""
    by_id, there = {control.id: control for control in controls}, set(targets)
    for exception in profile.exceptions:
        control = by_id.get(exception.control)
        if control is None:
            raise BlockersFound(f"the baseline excepts {exception.control}, which is no control; see the list with: standfast controls",
                                f"基线例外中的 {exception.control} 不是控制项；可用 standfast controls 查看全部")
        if control.level > profile.level:
            raise BlockersFound(f"the baseline excepts {control.id}, which level {profile.level} does not ask for; take the exception away",
                                f"基线例外中的 {control.id} 不属于第 {profile.level} 级的要求；请删除该例外")
        if strange := [name for name in exception.targets if name not in there]:
            raise BlockersFound(f"the baseline excepts {control.id} for {strange[0]}, which is no target of this customer; mend the name",
                                f"基线例外 {control.id} 中的 {strange[0]} 不是该客户的对象；请更正名称")
    figures: dict[str, float] = {}
    for control in controls:
        for name, bound in bounds_of(control, profile).items():
            figures[f"{control.id}.{name}"] = bound.figure
            if f"{control.id}.{name}" in profile.limits and (bound.figure == bound.off or bound.figure < 0):
                raise BlockersFound(f"the baseline's limit {control.id}.{name} is {bound.figure:g}, which would switch the control off; use an exception",
                                    f"基线限值 {control.id}.{name} 为 {bound.figure:g}，等于关闭该控制项；请改用例外")
    if strange := sorted(set(profile.limits) - set(figures)):
        raise BlockersFound(f"no control has the limit {strange[0]}; see the list with: standfast controls",
                            f"没有限值 {strange[0]}；可用 standfast controls 查看全部")
    for low, high in ORDERED:
        if (low in profile.limits or high in profile.limits) and figures[low] > figures[high]:
            raise BlockersFound(f"the baseline's limits contradict each other: {low} is {figures[low]:g}, above {high}, {figures[high]:g}",
                                f"基线限值相互矛盾：{low} 为 {figures[low]:g}，高于 {high} 的 {figures[high]:g}")


def excepted_by(row: CheckRow, profile: BaselineProfile) -> ControlException | None:
    """The exception that a row falls under, the longest lasting of several; counting or not."""
    found = [one for one in profile.exceptions if one.control == row.check and (not one.targets or row.target in one.targets)
             and (not one.object or one.object == row.object)]
    return max(found, key=lambda one: one.expires, default=None)


def settled(rows: Iterable[CheckRow], controls: Sequence[AnyControl], profile: BaselineProfile, today: date) -> tuple[CheckRow, ...]:
    """Rows as they are kept: what fails is critical where the control is of high severity, or excepted where the customer accepted it."""
    severity = {control.id: control.severity for control in controls}
    kept = []
    for row in rows:
        if row.outcome in FAILED:
            row = _judged(row, severity.get(row.check, "medium"), excepted_by(row, profile), today)
        kept.append(row)
    return tuple(kept)


def _judged(row: CheckRow, severity: str, exception: ControlException | None, today: date) -> CheckRow:
    outcome, zh, en = Outcome.CRITICAL if severity == "high" else Outcome.WARNING, row.says.zh, row.says.en
    if exception and today <= exception.expires:
        outcome = Outcome.EXCEPTED
        zh = f"{zh}。例外：{exception.reason}（{exception.approver} 批准，至 {exception.expires}）"
        en = f"{en}. Excepted until {exception.expires} by {exception.approver}: {exception.reason}"
    elif exception:
        zh, en = f"{zh}。例外已于 {exception.expires} 到期", f"{en}. Its exception ran out on {exception.expires}"
    return row.model_copy(update={"outcome": outcome, "says": Text(zh=zh[:1000], en=en[:1000])})
