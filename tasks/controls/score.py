"""What the rows of a security check come to. Pure.

The score is that of XCCDF 1.2's flat model (NISTIR 7275 revision 4, `urn:xccdf:scoring:flat`): the weight of the rules that passed, of the weight of all
that passed, failed, or could not be judged; what is not applicable or not selected does not count. A rule weighs by its severity, as ComplianceAsCode
grades it: high 3, medium 2, low 1. A control counts once a target, with the worst of its rows. What is excepted counts like what is not selected;
`strict` says what the score would be without exceptions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from reports.records import CheckRow, Outcome, Score, results

WEIGHTS = {"high": 3, "medium": 2, "low": 1}
Result = Literal["passed", "failed", "unknown", "excepted", "not_applicable"]
RESULTS: dict[Outcome, Result] = {Outcome.OK: "passed", Outcome.WARNING: "failed", Outcome.CRITICAL: "failed", Outcome.UNKNOWN: "unknown",
                                  Outcome.EXCEPTED: "excepted", Outcome.NOT_APPLICABLE: "not_applicable"}


def scores(rows: Iterable[CheckRow], severities: Mapping[str, str]) -> tuple[Score, tuple[Score, ...]]:
    """Of all targets together, and of each by name. A control that the catalogue no longer has does not count."""
    counts: dict[str, dict[str, int]] = {"": {}}
    for (target, control), outcome in results(rows).items():
        if control not in severities:
            continue
        result, weight = RESULTS[outcome], WEIGHTS[severities[control]]
        for of in ("", target):
            told = counts.setdefault(of, {})
            told[result] = told.get(result, 0) + 1
            told["points"] = told.get("points", 0) + weight * (result == "passed")
            told["of"] = told.get("of", 0) + weight * (result in ("passed", "failed", "unknown"))
            told["strict_of"] = told.get("strict_of", 0) + weight * (result != "not_applicable")
    whole, *each = (Score(target=target, **counts[target]) for target in sorted(counts))
    return whole, tuple(each)
