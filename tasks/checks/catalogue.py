"""All checks: every module of the folders beside this file that has a CHECK. Adding a file is all it takes."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

import tasks.checks
from reports.records import Text
from tasks.checks.kinds import Check, DatabaseCheck, DeviceCheck, HostCheck, Limit, Limits, WebCheck


@cache
def all_checks() -> tuple[Check, ...]:
    """Every check, by id."""
    found: dict[str, Check] = {}
    for module in pkgutil.walk_packages(tasks.checks.__path__, "tasks.checks."):
        check = getattr(importlib.import_module(module.name), "CHECK", None)
        if check is not None:
            if check.id in found:
                raise ValueError(f"two checks are called {check.id}; one of them is in {module.name}")
            found[check.id] = check
    return tuple(found[key] for key in sorted(found))


def host_checks() -> tuple[HostCheck, ...]:
    return tuple(check for check in all_checks() if isinstance(check, HostCheck))


def database_checks(kind: str) -> tuple[DatabaseCheck, ...]:
    return tuple(check for check in all_checks() if isinstance(check, DatabaseCheck) and kind in check.kinds)


def device_checks(vendor: str | None = None) -> tuple[DeviceCheck, ...]:
    """Those that are asked by SNMP; or, with a vendor, by the commands of its devices."""
    found = (check for check in all_checks() if isinstance(check, DeviceCheck))
    return tuple(check for check in found if (vendor in check.commands if vendor else check.oids))


def web_checks() -> tuple[WebCheck, ...]:
    return tuple(check for check in all_checks() if isinstance(check, WebCheck))


def limits_for(check: Check, *overrides: dict[str, dict[str, float | None]]) -> Limits:
    """The check's limits with what customer and host say otherwise; the later override wins.

    Raises:
        ValueError: the warning would come after the critical limit; the sentence names the limit.
    """
    limits = dict(check.limits)
    for name, limit in limits.items():
        for override in overrides:
            if (other := override.get(f"{check.id}.{name}")) is not None:
                limits[name] = limit = Limit(other.get("warning", limit.warning), other.get("critical", limit.critical), limit.unit,
                                             Text(zh="为该客户或对象设定", en="set for this customer or target"), limit.over)
        if limit.warning is not None and limit.critical is not None and (limit.warning > limit.critical if limit.over else limit.warning < limit.critical):
            raise ValueError(f"limit {check.id}.{name}: warning {limit.warning:g} lies beyond critical {limit.critical:g}; exchange them")
    return limits
