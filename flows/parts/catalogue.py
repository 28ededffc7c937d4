"""Which flow runs which procedure."""

from __future__ import annotations

import importlib

from prefect import Flow
from pydantic import BaseModel

from tasks.lifecycle import procedure_of


def flow_of(procedure: str) -> tuple[Flow, type[BaseModel]]:
    """The flow and the form of a procedure; file, function and form share its name."""
    name = procedure.replace("-", "_")
    return getattr(importlib.import_module(f"flows.{name}"), name), procedure_of(procedure).Request
