"""What a control of the security baseline is made of. Pure.

A control is a check (tasks/checks/kinds.py) that also says what asks for it, how grave it is when it fails, and what changing it may break. Its rows
end in the same ways as a check's; a judge says `failed`, and tasks/controls/profile.py makes of that what severity and exceptions make of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from reports.records import NOTHING, Text
from tasks.checks.kinds import DatabaseCheck, HostCheck, Mender, Row, not_applicable, ok, unknown, warning

HARDENING = "security-hardening"  # the procedure that carries out what controls' own files say under `mend`

Family = Literal[
    "ssh", "passwords", "accounts", "sudo", "kernel", "modules", "mounts", "services", "files", "auditing", "logging", "time", "firewall", "updates",
    "banners", "postgresql", "mysql",
]
Severity = Literal["low", "medium", "high"]

passed, failed = ok, warning


@dataclass(frozen=True)
class Bound:
    """Up to where a figure passes. A customer's profile may have another, by `<control id>.<name>`.

    most: no more than the figure; False: no less. level_3: what level 3 asks for, where that is something else.
    off: what means "never" or "without end" and so never passes, 0 as a rule; None: there is no such figure.
    source: where it comes from; no bound without one.
    """

    figure: float
    unit: str
    source: str | Text
    most: bool = True
    level_3: float | None = None
    off: float | None = None

    def fits(self, value: float) -> bool:
        return value != self.off and (value <= self.figure if self.most else value >= self.figure)

    @property
    def wanted(self) -> str:
        if self.most and self.off is not None and self.off < self.figure:
            return f"{self.off + 1:.10g}..{self.figure:.10g}"
        return f"{'≤' if self.most else '≥'} {self.figure:.10g}"


def at_most(figure: float, unit: str, source: str | Text, *, level_3: float | None = None, off: float | None = None) -> Bound:
    return Bound(figure, unit, source, True, level_3, off)


def at_least(figure: float, unit: str, source: str | Text, *, level_3: float | None = None, off: float | None = None) -> Bound:
    return Bound(figure, unit, source, False, level_3, off)


Bounds = Mapping[str, Bound]


@dataclass(frozen=True, kw_only=True)
class Control:
    """What a control has beside its check.

    severity: how grave it is when it fails, as ComplianceAsCode grades the rule where it has one.
    clause: of GB/T 22239-2019, its number at level 3 without the leading 8, for example "1.4.2 b"; level 2 counts the same under 7.
    clause_2: the one at level 2, where that has not the same one (1.4.2 ends with d there, and nothing is said of confidentiality).
    level: from which level on it is asked for. rule: of ComplianceAsCode; cis: of CIS Debian 12, without the name; empty: none.
    bounds: its figures; a judge is given those that hold for the customer.
    risk, breaks: how much may go wrong when it is put right, and what. cuts_off: it may take away our own or somebody's way in, so that it is
        only ever changed under a timer that takes it back (commit-confirm).
    mend (in HostCheck; in DatabaseControl): how it is put right, as for a check: operation, undo and proof in one Mend, or a Text that says why a
        person has to.
    """

    family: Family
    severity: Severity
    clause: str
    clause_2: str = ""
    level: Literal[2, 3] = 2
    rule: str = ""
    cis: str = ""
    bounds: Bounds = field(default_factory=dict)
    risk: Severity = "low"
    breaks: Text = NOTHING
    cuts_off: bool = False
    chapter: str = "baseline"  # checks have one of the contract's; controls have their family

    @property
    def clauses(self) -> tuple[str, ...]:
        """As they stand in the standard: that of level 2, if it asks for this, and that of level 3."""
        return (*((f"7.{self.clause_2 or self.clause}",) if self.level == 2 else ()), f"8.{self.clause}")


@dataclass(frozen=True, kw_only=True)
class HostControl(Control, HostCheck):
    """A control of a host, answered by one command as root. Controls of a folder share commands, so that each is asked once a host."""


@dataclass(frozen=True, kw_only=True)
class DatabaseControl(Control, DatabaseCheck):
    """A control of a database server, answered by one query over the read-only role of inspections."""

    mend: Mender | None = None


def so(good: bool, name: str, said: object, wanted: object, /, **more: Any) -> Row:
    """`name` is what was `said`; where that is not good, it should be `wanted`."""
    zh, en = f"{name} = {said}", f"{name} is {said}"
    if good:
        return passed(zh, en, **more)
    return failed(f"{zh},应为 {wanted}", f"{en}, and should be {wanted}", **more)


__all__ = ["HARDENING", "Bound", "Bounds", "Control", "DatabaseControl", "Family", "HostControl", "Severity", "at_least", "at_most", "failed",
           "not_applicable", "passed", "so", "unknown"]
