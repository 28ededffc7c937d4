"""Which findings of an inspection more room mends, and what is then wanted. Pure."""

from __future__ import annotations

from pydantic import BaseModel

from reports.records import CheckRow
from tasks.errors import BlockersFound
from tasks.requests import CapacityRequest, FileSystemGrowth, SwapSpace

MIB = 1 << 20
LASTS_DAYS = 180   # where growth was forecast and the request does not say
SWAP_USED_PCT = 50  # of all swap, afterwards
SWAP_STEP_MIB = 256


def part_for(row: CheckRow, request: CapacityRequest, per_day: float) -> tuple[dict[str, BaseModel], str]:
    """The part of the form that this finding fills in, by its field's name, and the host. What the request says itself counts more.

    per_day: growth in the figure's own unit; 0: none known.

    Raises:
        BlockersFound: more room does not mend it.
    """
    if row.check == "RES-01":
        asked = request.file_system or FileSystemGrowth(mount=row.object)
        growth = asked.grows_mib_per_day or per_day / MIB
        return {"file_system": asked.model_copy(update={"mount": row.object, "grows_mib_per_day": round(growth, 3),
                                                        "lasts_days": asked.lasts_days or (LASTS_DAYS if growth else 0)})}, row.target
    if row.check == "RES-07":
        if request.swap:
            return {"swap": request.swap}, row.target
        used, total = (row.value or 0) / MIB, (row.capacity or 0) / MIB
        more = max(1, used * 100 / SWAP_USED_PCT - total)
        return {"swap": SwapSpace(mib=int(-(-more // SWAP_STEP_MIB) * SWAP_STEP_MIB))}, row.target
    raise BlockersFound(f"{row.check} is not mended by more room; this procedure takes {', '.join(MENDED)}",
                        f"检查项 {row.check} 不由扩容解决；本流程受理 {'、'.join(MENDED)}")


MENDED = ("RES-01", "RES-07")
