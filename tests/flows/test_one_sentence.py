"""What people can mend is told in one sentence: as the state a run ends in, and in its log without a line of our code."""

from __future__ import annotations

import logging

import pytest

from blocks.foundation import Undescribed
from blocks.inventory_file import InventoryFaulty, Mistake
from flows.parts.backup import back_up
from flows.parts.change import carry_through
from flows.parts.diagnosis import diagnose
from flows.parts.plain_logs import speak_plainly
from flows.parts.review import review_and_confirm
from tasks import desk
from tasks.errors import HostUnreachable

FORM = {"customer": "bureau", "hosts": ["web1"], "requester": "张工", "reason": "满", "swap": {"mib": 64}}
RUNS = {
    "change": (lambda **more: carry_through("capacity-expansion", {**FORM, **more})),
    "backup": (lambda **more: back_up({"customer": "bureau", **more})),
    "review": (lambda **more: review_and_confirm({"change": "CHG-20261123-001", "cause": "x", "judged": "x", "follows": "x", "requester": "张工", **more})),
    "diagnosis": (lambda **more: diagnose({"customer": "bureau", "hosts": ["web1"], "problem": "慢", "requester": "李工", "engineer": "张工", **more})),
}


@pytest.fixture
def faulty(tmp_path, monkeypatch):
    """An inventory with two mistakes, read anew."""
    file = tmp_path / "inventory.yaml"
    file.write_text("provider: {name: 某某公司}\ncustomers: [{name: bureau}]\nhosts: [{name: web1, adress: 10.0.0.1}]\n")
    monkeypatch.setenv("STANDFAST_INVENTORY", str(file))
    desk.forget_what_is_kept()
    yield file
    for kept in (desk.archive, desk.host, desk.customer):
        kept.cache_clear()


@pytest.mark.parametrize("run", RUNS)
def test_a_mistake_in_the_inventory_ends_a_run_in_one_sentence(faulty, run):
    state = RUNS[run]()
    assert state.name == "Refused" and state.is_failed()
    assert "inventory.yaml line 2" in state.message and "more mistakes" in state.message and "\n" not in state.message


@pytest.mark.parametrize("run", RUNS)
def test_a_mistake_in_the_form_ends_a_run_in_one_sentence(run):
    state = RUNS[run](nonsense=1)
    assert state.name == "Refused" and state.message == "nothing was done: the form has no field nonsense"


def test_the_log_has_a_sentence_and_no_traceback_of_what_people_can_mend(caplog):
    speak_plainly()
    speak_plainly()
    logger = logging.getLogger("prefect.task_runs")
    problem = InventoryFaulty((Mistake(3, "host web1", "address is missing"),))
    for raised in (problem, problem, HostUnreachable("web1 does not answer; look at its power"), ValueError("a mistake of ours")):
        try:
            raise raised
        except Exception:
            logger.error("Task run failed with exception", exc_info=True)
    said = [record for record in caplog.records if record.name == logger.name]
    assert [record.getMessage() for record in said] == ["inventory.yaml line 3: host web1: address is missing", "web1 does not answer; look at its power",
                                                        "Task run failed with exception"]
    assert [bool(record.exc_info) for record in said] == [False, False, True], "what is our own mistake keeps its traceback"


def test_all_that_can_be_wrong_with_a_description_is_one_kind():
    from blocks.foundation import UnknownName
    from blocks.lookup import UnusableBlock

    assert all(issubclass(kind, Undescribed) for kind in (InventoryFaulty, UnknownName, UnusableBlock))
