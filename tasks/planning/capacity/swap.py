"""Swap that is wanted: how much more, and in which file. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from reports.records import Text
from tasks.operations import swap
from tasks.planning.capacity.expansion import Act, Expansion, Headroom, figures, size
from tasks.requests import SwapSpace

_FACTS = """awk '/^Swap(Total|Free):/ { sub(":", "", $1); print $1 "=" $2 }' /proc/meminfo
"""


@dataclass(frozen=True)
class Facts:
    """KiB of swap there is, and that is free."""

    total_kib: int
    free_kib: int


def facts_script(part: SwapSpace) -> str:
    return _FACTS


def parse(output: str) -> Facts:
    """Raises UnreadableOutput."""
    told = figures(output, "SwapTotal", "SwapFree")
    return Facts(int(told["SwapTotal"]), int(told["SwapFree"]))


def expand(part: SwapSpace, facts: Facts) -> Expansion:
    """Nothing to do where so much swap is free already."""
    goal_mib = part.free_mib or facts.free_kib // 1024 + part.mib
    more_mib = part.mib or goal_mib - facts.free_kib // 1024 + 1  # its first page is a header
    need = Text(zh=f"交换空间共 {size(facts.total_kib / 1024)}，空闲 {size(facts.free_kib / 1024)}；目标空闲不少于 {size(goal_mib)}",
                en=f"There are {size(facts.total_kib / 1024)} of swap, {size(facts.free_kib / 1024)} free; at least {size(goal_mib)} free are wanted")
    if facts.free_kib >= goal_mib * 1024:
        return Expansion(need)
    if facts.free_kib // 1024 + more_mib < goal_mib:
        return Expansion(need, blockers=(Text(
            zh=f"{size(part.mib)} 的交换文件达不到目标；请加大文件，或降低目标。",
            en=f"A swap file of {size(part.mib)} misses the goal; make it larger, or the goal smaller."),))
    reached = min(goal_mib, (facts.free_kib + more_mib * 1024) // 1024 - 1)
    told = Text(zh=f"空闲交换空间不少于 {reached} MiB", en=f"At least {reached} MiB of swap are free")
    return Expansion(need, (Act("add-swap", swap.add(part.path, more_mib)),),
                     (Headroom(told, swap.headroom(reached), swap.headroom_reads(reached), on_copy=False),))
