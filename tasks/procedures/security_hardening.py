"""Security hardening: its form, and which of a security check's findings are meant. All else is as for corrective maintenance."""

from __future__ import annotations

from collections.abc import Callable

from reports.records import Plan, Survey
from tasks.procedures import corrective_maintenance
from tasks.requests import HardeningRequest as Request


def complete(request: Request) -> Request:
    """The hosts on which the security check found what is to be mended.

    Raises:
        BlockersFound: no such security check, another customer's, or no such finding; or a baseline that contradicts itself.
    """
    completed = corrective_maintenance.complete(request)
    _see_that_the_baseline_fits(request)
    return completed


def plan(number: str, request: Request, surveys: dict[str, Survey], say: Callable[[str], None]) -> Plan:
    """The plan of the hardening (R008): only controls that fail now. Every control concerned is read anew; nothing is changed on the targets."""
    _see_that_the_baseline_fits(request)
    return corrective_maintenance.plan(number, request, surveys, say)


def _see_that_the_baseline_fits(request: Request) -> None:
    from tasks.security import profile_now  # which knows every kind of target, so it is loaded when it is wanted

    profile_now(request.customer)


__all__ = ["Request", "complete", "plan"]
