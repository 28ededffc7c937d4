"""Any value as plain JSON values, for the journal: a line must never be lost because of what it mentions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Set
from datetime import UTC, datetime
from enum import Enum

from pydantic import BaseModel

from reports.archive.tables import whole


def plain(value: object) -> object:
    """The value with only dict, list, str, int, float, bool and None in it; times in UTC, the rest as text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(value)
    if isinstance(value, str):
        return whole(str(value))
    if isinstance(value, bytes):
        return whole(value.decode("utf-8", "replace"))
    if isinstance(value, BaseModel):
        return plain(value.model_dump(mode="json"))
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat() if value.tzinfo else value.isoformat()
    if isinstance(value, Mapping):
        return {whole(str(key)): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, Set):
        return sorted((plain(inner) for inner in value), key=str)
    return whole(str(value))


def refuse_constant(name: str) -> None:
    raise ValueError(f"the number {name}")
