"""A customer's profile: level, own figures, exceptions; and the score."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from blocks import Customer, sentences
from reports.records import BaselineProfile, CheckRow, ControlException, Outcome, Text
from tasks.controls.catalogue import all_controls
from tasks.controls.profile import bounds_of, see_that_it_fits, settled
from tasks.controls.score import WEIGHTS, scores
from tasks.errors import BlockersFound
from tests.blocks.samples import customer

CONTROLS = all_controls()
BY_ID = {control.id: control for control in CONTROLS}
TODAY = date(2026, 11, 23)


def exception(control="H-SUD-02a", **more) -> ControlException:
    return ControlException(**{"control": control, "reason": "迁移后整改", "approver": "张伟", "expires": date(2027, 3, 31), **more})


def row(check="H-SUD-02a", outcome=Outcome.WARNING, target="web1", object="") -> CheckRow:
    return CheckRow(target=target, check=check, object=object, outcome=outcome, says=Text(zh="不符合", en="it fails"))


def settle(*rows, exceptions=(), today=TODAY) -> list[Outcome]:
    return [one.outcome for one in settled(rows, CONTROLS, BaselineProfile(level=3, exceptions=tuple(exceptions)), today)]


def test_level_three_asks_for_more_and_the_customer_may_ask_for_something_else():
    control = BY_ID["H-PWD-01a"]
    assert [bounds_of(control, BaselineProfile(level=level))["length"].figure for level in (2, 3)] == [8, 10]
    own = bounds_of(control, BaselineProfile(level=3, limits={"H-PWD-01a.length": 12}))["length"]
    assert own.figure == 12 and "own" in own.source.en and own.fits(12) and not own.fits(11)


def test_a_fault_is_as_bad_as_its_control_is_grave():
    assert settle(row("H-ACC-01"), row("H-SUD-02a"), row("H-ACC-01", Outcome.OK)) == [Outcome.CRITICAL, Outcome.WARNING, Outcome.OK]


def test_an_exception_counts_for_what_it_names_until_its_last_day():
    last = date(2027, 3, 31)
    assert settle(row(), exceptions=[exception()], today=last) == [Outcome.EXCEPTED]
    assert settle(row(), exceptions=[exception()], today=date(2027, 4, 1)) == [Outcome.WARNING]
    assert settle(row(), row(target="web2"), exceptions=[exception(targets=("web1",))]) == [Outcome.EXCEPTED, Outcome.WARNING]
    assert settle(row(object="ops"), row(object="deploy"), exceptions=[exception(object="ops")]) == [Outcome.EXCEPTED, Outcome.WARNING]
    assert settle(row("H-SSH-01"), exceptions=[exception()]) == [Outcome.WARNING]
    assert settle(row(outcome=Outcome.UNKNOWN), row(outcome=Outcome.OK), exceptions=[exception()]) == [Outcome.UNKNOWN, Outcome.OK]


def test_who_accepted_it_and_until_when_stands_in_the_row():
    (kept,) = settled([row()], CONTROLS, BaselineProfile(exceptions=(exception(),)), TODAY)
    for words in ("张伟", "2027-03-31", "迁移后整改"):
        assert words in kept.says.zh and words in kept.says.en
    (late,) = settled([row()], CONTROLS, BaselineProfile(exceptions=(exception(expires=date(2026, 1, 1)),)), TODAY)
    assert "ran out on 2026-01-01" in late.says.en and "2026-01-01 到期" in late.says.zh


@pytest.mark.parametrize(("profile", "says"), [
    ({"exceptions": (exception("H-SSH-99"),)}, "H-SSH-99, which is no control"),
    ({"level": 2, "exceptions": (exception("H-SSH-08"),)}, "level 2 does not ask for"),
    ({"exceptions": (exception(targets=("web9",)),)}, "web9, which is no target"),
    ({"limits": {"H-SSH-03.tires": 6}}, "no control has the limit H-SSH-03.tires"),
    ({"limits": {"H-SSH-03.tries": 0}}, "would switch the control off"),
    ({"limits": {"H-PWD-04a.days": 30, "H-PWD-04b.days": 60}}, "H-PWD-04b.days is 60, above H-PWD-04a.days, 30"),
    ({"limits": {"H-SSH-04b.start": 100}}, "H-SSH-04b.start is 100, above H-SSH-04b.full, 60"),
])
def test_a_profile_that_makes_no_sense_is_refused_in_one_sentence(profile, says):
    with pytest.raises(BlockersFound, match=says) as refused:
        see_that_it_fits(BaselineProfile(**{"level": 3, **profile}), CONTROLS, ["web1", "db1"])
    assert refused.value.text.zh and "\n" not in str(refused.value)
    see_that_it_fits(BaselineProfile(level=3, exceptions=(exception(targets=("web1",)),), limits={"H-SSH-03.tries": 6}), CONTROLS, ["web1"])


ENTRY = {"control": "H-SUD-02a", "reason": "迁移后整改", "approver": "张伟", "expires": "2027-03-31"}


@pytest.mark.parametrize(("baseline", "says"), [
    ({"exceptions": [{key: value for key, value in ENTRY.items() if key != "expires"}]},
     "baseline.exceptions 1: expires is missing; write for example expires: 2027-06-30"),
    ({"exceptions": [{key: value for key, value in ENTRY.items() if key != "reason"}]}, "baseline.exceptions 1: reason is missing"),
    ({"exceptions": [{**ENTRY, "expires": "never"}]}, "must be a date, not 'never'"),
    ({"exceptions": [{**ENTRY, "approver": "王五"}]}, "'王五' of H-SUD-02a is none of the approvers; write for example approver: 张伟"),
    ({"exceptions": [ENTRY, {**ENTRY, "reason": "other"}]}, "H-SUD-02a stands there twice for all targets"),
    ({"exceptions": [{**ENTRY, "control": "SSH-1"}]}, "must be the id of a control, not 'SSH-1'"),
    ({"exceptions": [{**ENTRY, "control": "H-SSH-03"}], "limits": {"H-SSH-03.tries": 6}},
     "has a limit of its own (H-SSH-03.tries) and an exception for all targets"),
    ({"limits": {"H-SSH-03": 6}}, "names a limit by control and name, not 'H-SSH-03'"),
    ({"limits": {"H-SSH-03.tries": "six"}}, "H-SSH-03.tries must be a number, not 'six'"),
    ({"limits": [6]}, "must be a mapping of limits"),
    ({"banner": ["欢迎使用 \\S"]}, "has a \\ in '欢迎使用 \\\\S', which log-in programs replace"),
    ({"banner": ["Welcome to %h"]}, "has a % in 'Welcome to %h'"),
    ({"banner": ["one", ""]}, "has a line that is empty"),
    ({"banner": ["one\x1b[2J"]}, "does not print"),
    ({"banner": ["x"] * 21}, "is too long: at most 20 lines"),
    ({"banner": ["警" * 501]}, "is too long"),
    ({"banner": 7}, "must be a list of lines, not 7"),
    ({"log_host": "192.0.2.50"}, "must be an address or a name and a port, not '192.0.2.50'"),
    ({"log_host": "a b:514"}, "must be an address or a name and a port"),
    ({"log_host": "loghost:70000"}, "must be an address or a name and a port"),
    ({"level": 4}, "baseline.level must be 2 or 3, not 4"),
    ({"stage": 3}, "unknown key stage"),
])
def test_a_customers_entry_is_refused_in_one_sentence(baseline, says):
    with pytest.raises(ValidationError) as refused:
        Customer(**customer(baseline=baseline))
    ((_, sentence),) = sentences(refused.value)
    assert says in sentence and "\n" not in sentence


def test_the_entry_becomes_the_record_that_lower_layers_speak():
    entry = {**ENTRY, "targets": ["web1"], "approver": "ZHANG@bureau.example"}
    block = Customer(**customer(baseline={"level": 3, "exceptions": [entry], "limits": {"H-SSH-03.tries": 6}}))
    assert block.baseline.record() == BaselineProfile(level=3, limits={"H-SSH-03.tries": 6.0},
                                                      exceptions=(exception(targets=("web1",), approver="ZHANG@bureau.example"),))
    assert Customer(**customer()).baseline.record() == BaselineProfile()
    words = ["仅限授权用户使用。", "Authorised users only."]
    assert Customer(**customer(baseline={"banner": words})).baseline.record().banner == tuple(words)
    assert Customer(**customer(baseline={"banner": "\n".join(words)})).baseline.banner == words
    assert not {"banner", "log_host"} & set(BaselineProfile().model_dump()), "profiles that were filed keep their digests"
    for place in ("loghost.bureau.example:6514", "[2001:db8::5]:514"):
        assert Customer(**customer(baseline={"log_host": place})).baseline.record().log_host == place


SEVERITIES = {"A": "high", "B": "medium", "C": "low", "D": "high"}


def test_the_score_is_the_weight_of_what_passed():
    found = [row("A", Outcome.OK), row("B", Outcome.WARNING), row("B", Outcome.OK, object="x"), row("C", Outcome.UNKNOWN), row("D", Outcome.EXCEPTED),
             row("A", Outcome.NOT_APPLICABLE, "web2"), row("D", Outcome.OK, "web2"), row("gone", Outcome.WARNING)]
    whole, (one, two) = scores(found, SEVERITIES)
    assert (one.passed, one.failed, one.unknown, one.excepted, one.points, one.of, one.strict_of) == (1, 1, 1, 1, 3, 6, 9)
    assert (one.score, two.score, two.not_applicable) == (50, 100, 1)
    assert whole.score == pytest.approx(100 * 6 / 9) and whole.strict == pytest.approx(100 * 6 / 12)
    assert scores([], SEVERITIES)[0].score is None


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ABCD"), st.sampled_from(list(Outcome)), st.sampled_from(["web1", "web2"]), st.sampled_from(["", "x"])), max_size=30))
def test_a_better_result_never_lowers_the_score(drawn):
    found = [row(*one) for one in drawn]
    whole, each = scores(found, SEVERITIES)
    assert all(one.score is None or 0 <= one.strict <= one.score <= 100 for one in (whole, *each))
    assert whole.points == sum(one.points for one in each) and whole.of == sum(one.of for one in each)
    for bad in (one for one in found if one.outcome in (Outcome.WARNING, Outcome.CRITICAL, Outcome.UNKNOWN)):
        better, _ = scores([one if one is not bad else bad.model_copy(update={"outcome": Outcome.OK}) for one in found], SEVERITIES)
        assert whole.score is None or better.score is None or better.score >= whole.score
    assert WEIGHTS["high"] > WEIGHTS["medium"] > WEIGHTS["low"] > 0
