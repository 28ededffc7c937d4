"""What every plan needs and says of its roll-out: hosts that were seen, in which batches, in which window, and that it is blocked. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from datetime import datetime
from itertools import zip_longest
from typing import Protocol

from reports.records import Plan, Risk, Step, Text, Window
from tasks.errors import ProcedureError


class Timed(Protocol):
    """A request for a change, which may ask for a maintenance window; either end may be left open."""

    window_opens_at: datetime | None
    window_closes_at: datetime | None


def require_surveyed(hosts: Iterable[str], surveys: Container[str]) -> None:
    """No plan without having seen every host.

    Raises:
        ProcedureError: a host was not surveyed.
    """
    for host in hosts:
        if host not in surveys:
            raise ProcedureError(f"host {host} was not surveyed; survey it before planning", f"主机 {host} 尚未采集信息，不能编制方案")


def batches_of(hosts: Sequence[str], canaries: int, batch_size: int) -> tuple[tuple[str, ...], ...]:
    """The hosts in batches, in their order: the canaries first, then at most `batch_size` at a time."""
    rest = hosts[canaries:]
    further = [tuple(rest[start : start + batch_size]) for start in range(0, len(rest), batch_size)]
    return tuple(batch for batch in (tuple(hosts[:canaries]), *further) if batch)


def side_by_side(plan: Plan, batch: Sequence[str]) -> list[tuple[Step, ...]]:
    """The steps of a batch, those in one tuple at the same time: each host's next one; of a plan in order a single step, whichever its host."""
    if plan.in_order:
        return [(step,) for step in plan.steps if step.on_host]
    return [tuple(step for step in row if step) for row in zip_longest(*([s for s in plan.steps_of(name) if s.on_host] for name in batch))]


def last_first(plan: Plan) -> list[Step]:
    """The steps as they are taken back: host by host, or across the hosts where they were carried out so."""
    if plan.in_order:
        return list(reversed(plan.steps))
    return [step for target in plan.targets for step in reversed(plan.steps_of(target))]


def window_of(request: Timed, plan_at: datetime) -> Window | None:
    """The maintenance window asked for: from the time of the plan if its beginning was left open, a year long if its end was."""
    if not (request.window_opens_at or request.window_closes_at):
        return None
    opens = request.window_opens_at or plan_at
    return Window(opens_at=opens, closes_at=request.window_closes_at or opens.replace(year=opens.year + 1, day=min(opens.day, 28)))


def window_blockers(request: Timed, plan_at: datetime) -> list[Text]:
    """Why the maintenance window asked for cannot be kept; empty if it can."""
    found = []
    opens, closes = request.window_opens_at, request.window_closes_at
    if closes and closes <= plan_at:
        found.append(
            Text(
                zh=f"维护窗口已于 {closes:%Y-%m-%d %H:%M %z} 结束，请约定新的窗口。",
                en=f"The maintenance window closed at {closes:%Y-%m-%d %H:%M %z}, which is in the past; agree on a new one.",
            )
        )
    if opens and closes and closes <= opens:
        found.append(
            Text(
                zh="维护窗口的结束时间不晚于开始时间，请更正。",
                en="The maintenance window closes before it opens; correct its times.",
            )
        )
    return found


def held_up(plan: Plan) -> Plan:
    """The plan; while something stands in its way it weighs neither impact nor risk, since what would be done is not settled."""
    if not plan.blockers:
        return plan
    return plan.model_copy(
        update={
            "impact": Text(
                zh="变更受阻，不会实施，因此不影响业务。", en="The change is blocked and is not carried out, so nobody notices anything."
            ),
            "risk": Risk(
                level="unknown",
                reasons=(
                    Text(zh="变更受阻，消除阻碍因素后再作评估", en="the change is blocked; it is weighed once that is removed"),
                ),
            ),
        }
    )
