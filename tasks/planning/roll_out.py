"""What every plan of an upgrade says of its roll-out: in which batches, and in which window. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from reports.records import Text
from tasks.requests import UpgradeRequest


def batches_of(hosts: Sequence[str], canaries: int, batch_size: int) -> tuple[tuple[str, ...], ...]:
    """The hosts in batches, in their order: the canaries first, then at most `batch_size` at a time."""
    rest = hosts[canaries:]
    further = [tuple(rest[start : start + batch_size]) for start in range(0, len(rest), batch_size)]
    return tuple(batch for batch in (tuple(hosts[:canaries]), *further) if batch)


def window_blockers(request: UpgradeRequest, plan_at: datetime) -> list[Text]:
    """Why the maintenance window asked for cannot be kept; empty if it can."""
    found = []
    opens, closes = request.window_opens_at, request.window_closes_at
    if closes and closes <= plan_at:
        found.append(
            Text(
                zh=f"维护窗口已于 {closes:%Y-%m-%d %H:%M %z} 结束,请约定新的窗口。",
                en=f"The maintenance window closed at {closes:%Y-%m-%d %H:%M %z}, which is in the past; agree on a new one.",
            )
        )
    if opens and closes and closes <= opens:
        found.append(
            Text(
                zh="维护窗口的结束时间不晚于开始时间,请更正。",
                en="The maintenance window closes before it opens; correct its times.",
            )
        )
    return found
