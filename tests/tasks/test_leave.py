"""Nobody logs in before the customer's leave is in the archive (R104): counted at the door, and by the order of the journal."""

import socket
import threading
from datetime import timedelta

import pytest
import yaml

from reports.records import Closure, DiagnosisRecord, Solution
from tasks import approval, gates, inspection, leave, questions, remote_diagnosis, watching
from tasks.errors import BlockersFound, NoLeave
from tasks.requests import DiagnosisRequest, InspectionRequest

ASKED = {"customer": "bureau", "hosts": ["web1"], "problem": "页面打不开\n一直报错", "requester": "李工", "engineer": "赵工", "operator": "小陈"}


class Door:
    """A port that counts who knocks, and closes at once."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port, self.knocks = self.socket.getsockname()[1], 0
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self) -> None:
        while True:
            try:
                visitor, _ = self.socket.accept()
            except OSError:
                return
            self.knocks += 1
            visitor.close()


@pytest.fixture
def door(office, tmp_path, monkeypatch):
    door, file = Door(), tmp_path / "inventory.yaml"
    content = yaml.safe_load(file.read_text())
    content["hosts"][0]["port"] = door.port
    content["customers"][0]["approvers"].append({"name": "李工", "email": "li@bureau.example", "post": "管理员"})
    content["customers"][0]["contacts"] = [{"role": {"zh": "值班员", "en": "on duty"}, "name": "孙工"}]
    file.write_text(yaml.safe_dump(content, allow_unicode=True))
    office.forget_what_is_kept()
    yield door
    door.socket.close()


@pytest.fixture
def letters(monkeypatch):
    sent = []
    monkeypatch.setattr("blocks.notices.Notices.send", lambda self, to, subject, text, attachments=(): sent.append((to, subject, text, attachments)))
    return sent


@pytest.fixture
def clock(office, monkeypatch):
    """Lets time pass."""
    start, ahead = office.now(), [timedelta()]
    monkeypatch.setattr(office, "now", lambda: start + ahead[0])

    def pass_hours(hours: float) -> None:
        ahead[0] += timedelta(hours=hours)
    return pass_hours


def opened(**more) -> str:
    return remote_diagnosis.open_diagnosis(DiagnosisRequest(**{**ASKED, **more}))


def events(office, number: str) -> list[str]:
    return [entry.event for entry in office.archive().journal(number)]


def answer(number: str, letters: list, name: str = "王主任", decision: str = "approve", **more):
    import re

    code = next(re.search(r"^\s+(\d{4} \d{4})\s*$", text, re.M)[1] for _, _, text, _ in reversed(letters) if name in text)
    entry = gates.Entry(decision=decision, name=name, channel="form", code=code, **more)
    return approval.take_entry(number, approval.current_round(number), entry)


def ask(number: str) -> None:
    question = questions.question_of(number)
    question.send(number, question.ask(number, approval.current_round(number)), "")


def test_without_a_leave_nobody_knocks(office, door):
    number = opened()
    for read in (remote_diagnosis.read_checks, remote_diagnosis.read_logs):
        with pytest.raises(NoLeave):
            read(number, ["web1"], print)
    assert door.knocks == 0 and "logging in" not in events(office, number) and remote_diagnosis.unread(number) == ["web1"]


def test_a_diagnosis_is_read_by_no_other_way_than_by_the_leave(office, door):
    number = opened(leave={"by": "孙工", "how": "phone"})
    with pytest.raises(NoLeave):
        inspection.read_targets(number, ["web1"], print)  # as a task worker would, whatever it is told to read
    assert door.knocks == 0 and "logging in" not in events(office, number)


def test_a_leave_holds_for_the_way_that_was_told_and_for_the_customer_who_gave_it(office, door, tmp_path, monkeypatch):
    def inventory(through: str, owner: str = "bureau") -> None:
        web1, *others = content["hosts"]
        file.write_text(yaml.safe_dump({**content, "hosts": [{**web1, "customer": owner}, *others], "databases": [{**database, "through": through}],
                                        "customers": [*content["customers"], {**content["customers"][0], "name": "other"}]}, allow_unicode=True))
        office.forget_what_is_kept()

    monkeypatch.setenv("ORDERS_DB", "geheim-123")
    file = tmp_path / "inventory.yaml"
    content = yaml.safe_load(file.read_text())
    content["hosts"] += [{**content["hosts"][0], "name": name, "port": port} for name, port in (("jump1", 7), ("jump2", 8))]
    database = {"name": "orders-db", "customer": "bureau", "kind": "postgresql", "address": "127.0.0.1", "user": "inspect", "password": {"env": "ORDERS_DB"}}
    inventory("jump1")
    number = opened(databases=["orders-db"], leave={"by": "孙工", "how": "phone"})
    leave.log_in(number, "orders-db", "checks")
    inventory("jump2")
    with pytest.raises(NoLeave, match="through jump2"):
        leave.log_in(number, "orders-db", "checks")
    inventory("jump1", owner="other")
    with pytest.raises(NoLeave, match="customer other"):
        leave.log_in(number, "web1", "checks")
    assert door.knocks == 0


def test_with_a_leave_it_is_on_record_before_anybody_knocks(office, door):
    number = opened(leave={"by": "孙工", "how": "phone"})
    assert door.knocks == 0
    remote_diagnosis.read_checks(number, ["web1"], print)
    remote_diagnosis.read_logs(number, ["web1"], print)
    told = events(office, number)
    assert door.knocks >= 2 and told.index("leave recorded") < told.index("logging in") and told.count("logging in") == 2
    given = leave.leaves_of(number)[0]
    assert (given.given_by, given.post, given.how, given.taken_by, given.digest) == ("孙工", "值班员", "phone", "小陈", leave.scope_of(number).fingerprint())
    assert remote_diagnosis.unread(number) == []  # it could not be read, and that is kept


def test_it_is_asked_for_answered_and_holds_for_exactly_this(office, door, letters, clock):
    number = opened()
    ask(number)
    assert [to for to, *_ in letters] == ["wang@bureau.example", "li@bureau.example"]
    text = letters[0][2]
    assert number in text and "web1" in text and "只读" in text and "24 小时" in text and "页面打不开" in text
    page = questions.question_of(number).page(number, None)
    assert "web1" in page and leave.scope_of(number).fingerprint() in page
    assert leave.holding(number) is None
    assert answer(number, letters, "李工").decision == "approved"  # who reported the problem may give the leave
    held = leave.holding(number)
    assert held.given_by == "李工" and held.how == "form" and held.valid_until - held.given_at == timedelta(hours=24)
    leave.log_in(number, "web1", "checks")
    with pytest.raises(NoLeave):
        leave.log_in(number, "db1", "checks")


def test_a_leave_that_ran_out_is_asked_for_again(office, door, letters, clock):
    number = opened(leave={"by": "王主任", "how": "mail"}, leave_hours=2)
    clock(1.9)
    leave.ask_anew_if_it_ran_out(number)
    assert leave.holding(number) and approval.current_round(number) == 1
    clock(0.2)
    assert leave.holding(number) is None
    with pytest.raises(NoLeave):
        remote_diagnosis.read_checks(number, ["web1"], print)
    for _ in range(2):
        leave.ask_anew_if_it_ran_out(number)
    assert approval.current_round(number) == 2 and leave.holding(number) is None and door.knocks == 0
    ask(number)
    assert answer(number, letters).decision == "approved" and leave.holding(number) and len(leave.leaves_of(number)) == 2


def test_a_refusal_ends_it_and_is_told(office, door, letters, clock):
    number = opened()
    ask(number)
    assert answer(number, letters, decision="reject", reason="下班后再看").decision == "rejected"
    why = gates.why_not(leave.refusal(number))
    remote_diagnosis.finish(number, Closure.REJECTED, why)
    assert door.knocks == 0 and office.change(number).closure is Closure.REJECTED and office.archive().verify().ok
    record = remote_diagnosis.record_of(number)
    assert record.refusal.reason == "下班后再看" and not record.leaves and not record.causes
    html = next(office.archive().read_evidence(e).decode() for e in office.archive().evidence(number) if e.name == "report-zh.html")
    assert "未登录任何对象" in html and "下班后再看" in html
    assert {to for to, subject, _, _ in letters if "报告" in subject} == {"wang@bureau.example", "li@bureau.example"}


def test_silence_is_no_and_the_waiting_run_is_woken_for_it(office, door, letters, clock):
    number = opened(approval_hours=3)
    ask(number)
    assert not watching.waiting_is_over(number)
    clock(3.1)
    assert watching.waiting_is_over(number)
    assert approval.take_entry(number, 1, None).decision == "expired" and leave.holding(number) is None and door.knocks == 0
    number = opened()
    ask(number)
    answer(number, letters)
    assert watching.waiting_is_over(number)


@pytest.mark.parametrize(("given", "says"), [
    ({"by": "路人", "how": "phone"}, "neither an approver nor a contact"), ({"by": "赵工", "how": "phone"}, "neither"),
    ({"by": "王主任", "how": "phone", "at": "2199-01-01T00:00:00+08:00"}, "still to come"),
    ({"by": "王主任", "how": "paper", "at": "2026-01-01T00:00:00+08:00"}, "run out"),
    ({"by": "王主任", "how": "phone", "taken_by": "王 主任"}, "cannot give the leave and take it down"),
    ({"by": "Wang@bureau.example", "how": "phone", "taken_by": "王主任"}, "cannot give the leave and take it down"),
    ({"by": "王主任", "how": "phone", "taken_by": "wang@bureau.example"}, "cannot give the leave and take it down"),
])
def test_a_leave_that_does_not_count_opens_nothing(office, door, given, says):
    with pytest.raises(BlockersFound, match=says):
        opened(leave=given)
    assert office.archive().changes() == [] and door.knocks == 0


@pytest.mark.parametrize(("more", "says"), [
    ({"hosts": ["web9"]}, "web9"), ({"hosts": [], "databases": ["db9"]}, "db9"), ({"happened_at": "2199-01-01T00:00:00Z"}, "past year"),
    ({"happened_at": "2020-01-01T00:00:00Z"}, "past year"), ({"number": "DIA-20200101-001"}, "no diagnosis"), ({"customer": "nobody"}, "nobody"),
])
def test_bad_input_is_one_sentence_in_both_languages(office, more, says):
    with pytest.raises(BlockersFound, match=says) as problem:
        opened(**more)
    assert "\n" not in str(problem.value) and problem.value.text.zh


def test_numbers_of_their_own_that_the_others_know(office, door):
    first, second = opened(), opened()
    assert first.startswith("DIA-") and first.endswith("-001") and second.endswith("-002")
    looked = inspection.open_inspection(inspection.SYSTEM, InspectionRequest(customer="bureau"))
    assert looked.startswith("INS-")
    with pytest.raises(BlockersFound, match="not a remote-diagnosis"):
        opened(number=looked)
    assert opened(number=first) == first and events(office, first).count("opened") == 1


def test_it_does_not_count_as_the_quarters_inspection_and_no_inspection_is_compared_with_it(office, door, monkeypatch):
    from reports.archive import inspections

    number = opened(leave={"by": "王主任", "how": "phone"})
    remote_diagnosis.read_checks(number, ["web1"], print)
    remote_diagnosis.read_logs(number, ["web1"], print)
    remote_diagnosis.finish(number)
    looked = inspection.open_inspection(inspection.SYSTEM, InspectionRequest(customer="bureau", when="quarterly"))
    assert inspections.before(office.archive(), inspection.inspection(looked)) is None
    assert inspection._of_this_quarter("bureau", inspection.SYSTEM).number == looked


def test_what_became_of_it_is_filed_sealed_anew_and_found_again(office, door, letters):
    def diagnosed() -> str:
        number = opened(leave={"by": "王主任", "how": "phone"})
        remote_diagnosis.read_checks(number, ["web1"], print)
        remote_diagnosis.read_logs(number, ["web1"], print)
        remote_diagnosis.finish(number)
        return number

    open_one = opened()
    first = diagnosed()
    solution = Solution(change=first, text="重启了交换机端口", outcome="solved", by="赵工", at=office.now(), agreed_by="王主任")
    with pytest.raises(BlockersFound, match="not come to its end"):
        remote_diagnosis.file_solution(open_one, solution.model_copy(update={"change": open_one}))
    with pytest.raises(BlockersFound, match="CHG-20200101-001"):
        remote_diagnosis.file_solution(first, solution.model_copy(update={"changes": ("CHG-20200101-001",)}))
    for _ in range(2):  # twice the same is once
        assert remote_diagnosis.file_solution(first, solution) == "report-2"
    archive = office.archive()
    assert len(archive.bundles(first)) == 2 and archive.verify().ok and events(office, first).count("solution filed") == 1
    html = next(archive.read_evidence(e).decode() for e in archive.evidence(first) if e.name == "report-2-zh.html")
    assert "重启了交换机端口" in html
    record = remote_diagnosis.record_of(diagnosed())
    assert [(one.number, one.solution.text) for one in record.precedents] == [(first, "重启了交换机端口")] and "unreachable" in record.precedents[0].causes
    assert archive.load(record.number, "diagnosis", "1", DiagnosisRecord) is not None
