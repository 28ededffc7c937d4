"""Every check over its case file, and over answers that make no sense."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reports.documents.phrases import catalogue
from reports.records import Outcome
from tasks.checks.catalogue import all_checks, host_checks, limits_for
from tasks.checks.kinds import Check, DatabaseCheck, HostCheck, Known, OwnBackup, Row
from tasks.checks.reading import Answer, examine, host_script, judged

CASES = Path(__file__).parent / "cases"
UNITS = {"", "%", "°C", "Mb/s"}  # the same in both languages; the others have their Chinese in reports/documents/phrases_inspection.yaml
ENGLISH = re.compile(r"\b(the|is|are|was|has|have|no|not|of|by|in|cannot|failed)\b")  # beside settings such as fsync = on, a Chinese sentence has Chinese
NOW = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)


def cases() -> list:
    found = []
    for check in all_checks():
        path = CASES / f"{check.id}.yaml"
        for case in yaml.safe_load(path.read_text()) if path.exists() else []:
            found.append(pytest.param(check, case, id=f"{check.id} {case['name']}"))
    return found


def known(case: dict) -> Known:
    """`before`: by object, [outcome, value], and evidence if need be; `days`: how long ago; `own_backup`: number, taken at, later ones; others as in Known."""
    before = {name: Row(Outcome(outcome), "", "", object=name, value=value, evidence="".join(evidence))
              for name, (outcome, value, *evidence) in case.get("before", {}).items()}
    now = datetime.fromisoformat(case["now"]) if "now" in case else NOW
    kept = case.get("own_backup")
    taken_at = datetime.fromisoformat(kept[1]) if kept else NOW
    return Known(now=now, before=before, before_at=now - timedelta(days=case.get("days", 90)) if "before" in case or "days" in case else None,
                 expected=case.get("expected", {}), kind=case.get("kind", ""), version=tuple(case.get("version", (15, 0))),
                 own_backup=OwnBackup(kept[0], taken_at, taken_at + timedelta(hours=1), kept[2]) if kept else None, own_unproved=case.get("own_unproved", 0))


def rows_of(check: Check, case: dict) -> tuple[Row, ...]:
    limits = limits_for(check, case.get("limits", {}))
    if isinstance(check, HostCheck):
        return examine(check, Answer(case["output"], case.get("exit", 0)), limits, known(case))
    return judged(check, case["answer"], limits, known(case))


@pytest.mark.parametrize(("check", "case"), cases())
def test_what_must_be_said_of_a_real_answer(check, case):
    rows = rows_of(check, case)
    told = [row.zh.removeprefix("不适用:").removeprefix("无法检查:") for row in rows]
    assert all(re.search("[\u4e00-\u9fff]", zh) or not ENGLISH.search(zh) for zh in told), told
    assert all(row.unit in UNITS or f"unit.{row.unit}" in catalogue() for row in rows)
    said = {row.object: row.outcome.value for row in rows}
    assert said == case["rows"], [(row.object, row.outcome.value, row.en) for row in rows]
    for name, value in case.get("values", {}).items():
        assert next(row.value for row in rows if row.object == name) == pytest.approx(value)
    for name, words in case.get("says", {}).items():
        assert words in next(row.en for row in rows if row.object == name)


@pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.id)
def test_every_check_is_whole(check):
    """Both languages, a source for every limit, and cases that show it well, not well, and not readable."""
    assert check.title.zh and check.title.en and check.remedy.zh and check.remedy.en and check.source
    assert all(limit.source and (limit.warning is not None or limit.critical is not None) for limit in check.limits.values())
    seen = {outcome for case in yaml.safe_load((CASES / f"{check.id}.yaml").read_text()) for outcome in case["rows"].values()}
    assert "unknown" in seen and seen & {"ok", "not applicable"}, f"the cases of {check.id} only show {seen}"
    informs = check.id in INFORMATION
    assert informs or seen & {"warning", "critical"}, f"no case of {check.id} shows anything wrong"


# Checks that only tell, and never find fault.
INFORMATION: set[str] = {"CFG-15b", "LOG-09b", "LOG-12", "MY-35", "PG-46", "RES-15", "WEB-07"}

NONSENSE = st.one_of(st.just(""), st.just("无法找到命令\n"), st.text(max_size=400), st.binary(max_size=200).map(lambda b: b.decode(errors="replace")),
                     st.sampled_from(["{", "[]", "null", "0", "-1", "nan", "{}\n{}", "a b c d e f g h i j k\n" * 3, "\n\n\n", "9" * 400]))


TEXT_CHECKS = [check for check in all_checks() if not isinstance(check, DatabaseCheck)]


def said_of(check: Check, output: str) -> tuple[Row, ...]:
    if isinstance(check, HostCheck):
        return examine(check, Answer(output, 0), limits_for(check), Known(now=NOW))
    return judged(check, output, limits_for(check), Known(now=NOW, expected={"interfaces": ["eth0"], "speeds": {"eth0": 1000}, "status": 200, "text": "x"}))


@pytest.mark.parametrize("check", TEXT_CHECKS, ids=lambda check: check.id)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(output=NONSENSE)
def test_nonsense_never_raises(check, output):
    rows = said_of(check, output)
    assert rows and all(isinstance(row.outcome, Outcome) and row.zh and row.en for row in rows)


@pytest.mark.parametrize("check", TEXT_CHECKS, ids=lambda check: check.id)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_an_answer_that_is_cut_never_raises(check, data):
    """Real answers, cut anywhere, or with a line lost, or with one word replaced."""
    outputs = [case.get("output", case.get("answer")) for case in yaml.safe_load((CASES / f"{check.id}.yaml").read_text())]
    output = data.draw(st.sampled_from(outputs))
    at = data.draw(st.integers(0, len(output)))
    assert said_of(check, output[:at])
    lines = output.splitlines(keepends=True)
    if lines:
        lost = data.draw(st.integers(0, len(lines) - 1))
        assert said_of(check, "".join(lines[:lost] + lines[lost + 1:]))
        other = data.draw(st.sampled_from(["-1", "0", "99999999999999999999", '"x"', "OID: .1.3", "Hex-STRING: 00", "null", "[]", "nan"]))
        assert said_of(check, "".join([*lines[:lost], lines[lost].rpartition(" ")[0], " ", other, "\n", *lines[lost + 1:]]))


def test_empty_is_never_ok_where_something_must_be_there():
    """An answer of nothing is only well for checks that look for trouble and say so."""
    silent = {check.id for check in TEXT_CHECKS if all(row.outcome is Outcome.OK for row in said_of(check, ""))}
    assert silent == SILENT_IS_WELL


# Their command ends with a line that says it came to its end, or they fail; none may be here without a reason.
SILENT_IS_WELL: set[str] = set()


def test_the_script_of_all_checks_is_shell(tmp_path):
    import subprocess

    script = tmp_path / "script"
    script.write_text(host_script(host_checks(), "0123456789abcdef"))
    assert subprocess.run(["sh", "-n", script], capture_output=True, text=True).stderr == ""
