"""Every database check over answers that are cut, mangled or empty, and over every version."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reports.records import Outcome
from tasks.checks.catalogue import all_checks, database_checks, limits_for
from tasks.checks.kinds import DatabaseCheck, Known
from tasks.checks.reading import judged

CHECKS = [check for check in all_checks() if isinstance(check, DatabaseCheck)]
CASES = Path(__file__).parent / "cases"
KNOWN = Known(now=datetime(2026, 11, 2, tzinfo=UTC), kind="postgresql", version=(15, 0))
# Where an answer of no row says something: there is no replication.
EMPTY_SAYS = {"MY-09"}


@cache
def answers(name: str) -> list[list[dict]]:
    return [case["answer"] for case in yaml.safe_load((CASES / f"{name}.yaml").read_text()) if case["answer"]]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_mangled_answer_never_raises(check, data):
    """Real answers with values replaced, columns lost, rows lost."""
    rows = [dict(row) for row in data.draw(st.sampled_from(answers(check.id)))]
    row = data.draw(st.sampled_from(rows))
    name = data.draw(st.sampled_from(sorted(row)))
    if data.draw(st.booleans()):
        row[name] = data.draw(st.one_of(st.none(), st.text(max_size=20), st.integers(), st.floats(), st.booleans(), st.lists(st.text(max_size=3), max_size=2)))
    else:
        del row[name]
    said = judged(check, rows, limits_for(check), KNOWN)
    assert said and all(isinstance(one.outcome, Outcome) and one.zh and one.en for one in said)


@pytest.mark.parametrize("check", [c for c in CHECKS if c.id not in EMPTY_SAYS], ids=lambda check: check.id)
def test_no_row_is_never_well(check):
    assert {row.outcome for row in judged(check, [], limits_for(check), KNOWN)} == {Outcome.UNKNOWN}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_every_version_has_its_question(check):
    """One read-only statement for every version that is promised."""
    for kind, versions in {"postgresql": [(v, 0) for v in range(12, 18)], "mysql": [(8, 0), (8, 4)], "mariadb": [(10, 11), (11, 4)]}.items():
        if kind in check.kinds:
            for version in versions:
                query = check.query(version, kind)
                assert query and re.match(r"\s*(SELECT|SHOW)\b", query) and ";" not in re.sub(r"'[^']*'", "", query)


def test_there_are_enough_of_them():
    assert len(database_checks("postgresql")) >= 40 and len(database_checks("mariadb")) >= 25 and len(database_checks("mysql")) >= 25
