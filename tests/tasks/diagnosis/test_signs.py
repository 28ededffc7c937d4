"""What lines of logs are a sign of."""

import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tasks.checks.catalogue import all_checks
from tasks.diagnosis import signs
from tasks.diagnosis.causes import rules
from tasks.diagnosis.signs import BY_ID, FAILED_REQUESTS, NOT_REACHED, RESTARTED, SIGNS, is_error, sign_of, template

LINES: dict[str, list[str]] = yaml.safe_load((Path(__file__).parent / "lines.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("sign", "line"), [(sign, line) for sign, lines in LINES.items() for line in lines])
def test_a_line_is_the_sign_that_it_is(sign, line):
    found = sign_of(line)
    assert (found.id if found else "nothing") == sign


@pytest.mark.parametrize("sign", SIGNS, ids=lambda sign: sign.id)
def test_every_pattern_has_a_line(sign):
    """Also: the plain words that are looked for first stand in every line that fits; otherwise the sign would never be seen."""
    import re

    for pattern, stem in zip(sign.patterns, sign.stems, strict=True):
        fitting = [line.lower() for line in LINES[sign.id] if re.search(pattern, line.lower())]
        assert fitting, f"no line for {pattern}"
        assert len(stem) >= 4 and all(stem in line for line in fitting), (pattern, stem)


def test_causes_name_signs_checks_and_causes_that_exist():
    known = set(BY_ID) | {FAILED_REQUESTS.id, RESTARTED.id, NOT_REACHED.id}
    checks, ids = {check.id for check in all_checks()}, {rule.id for rule in rules()}
    for rule in rules():
        assert set(rule.signs) <= known and set(rule.checks) <= checks and set(rule.follows) <= ids, rule.id
        assert rule.id not in rule.follows and rule.proposals and (rule.signs or rule.checks)
    assert known - {"log-ins-failed"} == {sign for rule in rules() for sign in rule.signs}, "a sign that points nowhere"


def test_no_cause_comes_of_itself_by_way_of_others():
    follows, done = {rule.id: set(rule.follows) for rule in rules()}, set()
    while left := {name for name in follows if name not in done}:
        ready = {name for name in left if follows[name] <= done}
        assert ready, f"these follow one another in a ring: {sorted(left)}"
        done |= ready


def test_errors_are_told_from_lines_that_speak_of_errors():
    assert is_error("app: ERROR could not do it") and is_error("[crit] x") and is_error("FATAL: y")
    assert not is_error("finished with 0 errors") and not is_error("no error") and not is_error("errors=0") and not is_error("all well")


def test_lines_that_differ_in_figures_have_one_template():
    assert template("ERROR [12] order 4711 of 0xdeadbeef failed") == template("ERROR [9] order 12 of 0x1234 failed")
    assert template("ERROR order") != template("ERROR invoice")


@given(st.text(max_size=400))
def test_no_line_raises(line):
    sign_of(line), is_error(line), template(line)


@pytest.mark.parametrize("line", ["stopped " * 300, "certificate " * 200, "nvme" * 600, "neighbor: " * 250, "severe " * 350, "wal " * 600, "rcu" * 800,
                                  "ata1." * 500, "configuration file " * 130, "systemd[1]: stopping " * 120, "the table '" * 220])
def test_no_line_takes_long(line):
    signs._kept.clear()
    began = time.process_time()
    sign_of(line[:2000])
    assert time.process_time() - began < 0.5
