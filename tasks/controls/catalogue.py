"""All controls: every module of the folders beside this file that has a CONTROL. Adding a file is all it takes."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

import tasks.controls
from tasks.controls.kinds import Control, DatabaseControl, HostControl


@cache
def all_controls() -> tuple[HostControl | DatabaseControl, ...]:
    """Every control, by id."""
    found: dict[str, HostControl | DatabaseControl] = {}
    for module in pkgutil.walk_packages(tasks.controls.__path__, "tasks.controls."):
        control = getattr(importlib.import_module(module.name), "CONTROL", None)
        if isinstance(control, Control):
            if control.id in found:
                raise ValueError(f"two controls are called {control.id}; one of them is in {module.name}")
            found[control.id] = control  # type: ignore[assignment]
    return tuple(found[key] for key in sorted(found))


def host_controls(level: int = 3) -> tuple[HostControl, ...]:
    return tuple(control for control in all_controls() if isinstance(control, HostControl) and control.level <= level)


def database_controls(kind: str, level: int = 3) -> tuple[DatabaseControl, ...]:
    return tuple(control for control in all_controls() if isinstance(control, DatabaseControl) and kind in control.kinds and control.level <= level)
