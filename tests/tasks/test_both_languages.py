"""What ends a change is said in both languages: from the error to the archive, the report and the mail."""

import ast
import pickle
import re
from pathlib import Path

import pytest

from reports.documents import render_outcome_page
from reports.documents.phrases import catalogue
from reports.records import Closure, Copy, JournalEntry, Rehearsal, Text, same
from tasks import change_record, comparison, desk, errors, lifecycle, papers, requests
from tasks.errors import HostUnreachable, ProcedureError
from tests.reports.sample import NOW

TASKS = Path(desk.__file__).parent
MAY_END_A_CHANGE = {"BlockersFound", "NoLeave", "TargetBusy", "Drifted", "HostUnreachable", "HostKeyRefused", "LoginRefused", "OutOfTime", "CommandFailed",
                    "MediumRefused"}
ENGLISH = re.compile(r"[A-Za-z']+(?:,? [A-Za-z']+){3,}")


def raised() -> list:
    return [pytest.param(node, id=f"{path.relative_to(TASKS)}:{node.lineno}") for path in sorted(TASKS.rglob("*.py"))
            for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)
            and isinstance(node.exc.func, ast.Name) and node.exc.func.id in MAY_END_A_CHANGE]


@pytest.mark.parametrize("node", raised())
def test_every_error_that_may_end_a_change_is_told_in_chinese(node):
    given = node.exc.args
    if any(isinstance(one, ast.Starred) for one in given):
        return  # both from one place
    assert len(given) == 2, "give the Chinese sentence as the second argument"
    written = "".join(part.value for part in ast.walk(given[1]) if isinstance(part, ast.Constant) and isinstance(part.value, str))
    assert not written or re.search("[\u4e00-\u9fff]", written)


def test_the_mail_calls_the_digest_as_page_and_papers_do():
    for language in ("zh", "en"):
        assert catalogue()["page.digest"][language] == catalogue()["control.approval"][language]
        assert f"{catalogue()['page.digest'][language]}（" in papers.ASKING.say(language).replace(" (", "（")
        assert papers.ASKING.say(language).count("{digest}") == 1


@pytest.mark.parametrize(("written", "printed"), [
    ("共升级 5 个软件包;下列服务会重启,各中断数秒:nginx、orders", "共升级 5 个软件包；下列服务会重启，各中断数秒：nginx、orders"),
    ("PermitRootLogin = without-password,应为 no", "PermitRootLogin = without-password，应为 no"),
    ("空口令(nullok)", "空口令（nullok）"),
    ("查看:ps -eo pid,user --sort=-pcpu | head;见 sshd(8)", "查看：ps -eo pid,user --sort=-pcpu | head；见 sshd(8)"),
], ids=["sentence", "value", "brackets", "command"])
def test_chinese_has_its_own_signs_and_commands_keep_theirs(written, printed):
    assert Text(zh=written, en="x").say("zh") == printed
    assert same(written).say("zh") == written, "a person's own words stay"


def test_an_error_is_english_as_a_string_and_both_as_a_text():
    error = HostUnreachable("web1 cannot be reached", "web1 无法连接")
    assert str(error) == "web1 cannot be reached" and error.text == Text(zh="web1 无法连接", en="web1 cannot be reached")
    assert ProcedureError("only English").text == same("only English")
    assert pickle.loads(pickle.dumps(error)).text == error.text
    assert all(issubclass(kind, ProcedureError) for kind in vars(errors).values() if isinstance(kind, type) and kind.__module__ == errors.__name__)


def test_what_older_versions_filed_reads_and_keeps_its_fingerprint():
    filed = {"change": "c", "plan": "p", "place": "simulated copy", "started_at": "2026-11-22T12:00:00Z", "finished_at": "2026-11-22T12:00:00Z",
             "passed": False, "problem": "step 3 failed",
             "copies": [{"target": "web1", "place": "x", "bytes_read": 1, "bytes_in_use": 1, "seconds": 1.0, "masked": ["/etc/shadow: emptied"]}]}
    old = Rehearsal.model_validate(filed)
    assert old.problem == same("step 3 failed") and old.model_dump(mode="json")["problem"] == "step 3 failed"
    assert old.model_dump(mode="json")["copies"][0]["masked"] == ["/etc/shadow: emptied"]
    both = Text(zh="第 3 步失败", en="step 3 failed")
    new = Rehearsal.model_validate({**filed, "problem": both})
    assert Rehearsal.model_validate_json(new.canonical()) == new and new.fingerprint() != old.fingerprint()
    assert Rehearsal(change="c", plan="p", place="simulated copy", started_at=NOW, finished_at=NOW, passed=True).model_dump()["problem"] == ""
    assert Copy.model_validate(filed["copies"][0]).left_out == ()


def test_a_journal_entry_carries_both_and_an_old_one_its_english():
    both = Text(zh="验证码不正确", en="The code is not right")
    assert both.fields("why") == {"why": "The code is not right", "why_zh": "验证码不正确"} and same("x").fields("why") == {"why": "x"}
    assert Text.of_fields(both.fields("why"), "why") == both
    assert Text.of_fields({"why": "old"}, "why") == same("old") and not Text.of_fields({}, "why")


def test_kinds_of_differences_have_the_words_of_the_papers():
    assert {kind: catalogue()[f"difference.{kind}"]["zh"] for kind in comparison.KINDS_ZH} == comparison.KINDS_ZH


@pytest.mark.parametrize("form", [requests.UpgradeRequest, requests.CorrectionRequest, requests.BackOutRequest, requests.InspectionRequest,
                                  requests.DiagnosisRequest])
def test_forms_show_no_numbers_of_requirements(form):
    assert not re.search(r"R\d{3}", str(form.model_json_schema()))


def change(**more) -> str:
    return lifecycle.open_change("software-upgrade", {"customer": "bureau", "hosts": ["web1"], "kind": "packages", "requester": "张工", "operator": "",
                                                      "reason": "安全更新", "number": "", **more}, run_id="run-1")


def test_a_refused_change_is_told_in_chinese_wherever_people_read_it(office, monkeypatch):
    number = change()
    with pytest.raises(HostUnreachable) as problem:
        lifecycle.make_plan(number, 1, print)
    lifecycle.close(number, Closure.REFUSED, problem.value.text, print)
    sent = []
    monkeypatch.setattr("blocks.notices.Notices.send", lambda self, to, subject, text, attachments: sent.append((subject, text)))
    papers.send_outcome(number)

    row = office.change(number)
    assert "cannot be reached" in row.closure_reason and "无法连接" in row.closure_reason_zh
    assert lifecycle.closed_as(number) == (Closure.REFUSED, problem.value.text)
    ours = problem.value.text.zh.replace("Connection refused", "")  # the operating system's own words
    assert not ENGLISH.search(ours) and "请检查地址、端口和网络" in ours
    subject, text = sent[0]
    assert subject == f"变更 {number}：未予实施" and problem.value.text.zh in text
    page = papers.outcome_page(number)
    assert page.startswith(f"# 变更 {number}：未予实施") and "请检查地址、端口和网络" in page
    assert "report-en.pdf" in " ".join(papers.documents(number)) and office.archive().verify().ok
    record = change_record.record_of(number)
    assert "check address, port and network" in render_outcome_page(record, "en")


def test_issues_and_the_reason_for_a_back_out_keep_both_languages(office):
    number = change()
    issue, why = Text(zh="web1：服务停止", en="web1: a service stopped"), Text(zh="第 2 步失败", en="step 2 failed")
    for _ in range(2):
        lifecycle.note_issue(number, issue)
    assert not lifecycle.backing_out(number)
    lifecycle.begin_back_out(number, why)
    assert lifecycle.backing_out(number) == why and change_record.record_of(number).issues == (issue,)


def test_the_form_says_in_the_customers_language_why_the_last_entry_did_not_count(office):
    number = change()
    entry = JournalEntry(sequence=1, at=NOW, event="entry refused", detail=Text(zh="验证码不正确", en="The code is not right").fields("why"))
    assert "上一次填写未被接受：验证码不正确" in papers.approval_page(number, entry)
    assert "未被接受" not in papers.approval_page(number, None)


def test_a_run_is_named_for_its_change_and_before_that_for_its_request(office, monkeypatch):
    from types import SimpleNamespace

    from flows.parts import run

    name = run.named("Software upgrade asked for by {request.requester}")
    started = SimpleNamespace(id="run-1", parameters={"request": SimpleNamespace(requester="张工")})
    monkeypatch.setattr(run, "runtime", SimpleNamespace(flow_run=started))
    assert name() == "Software upgrade asked for by 张工"
    number = change()
    assert name() == run.sentence_of(number) == f"{number} software upgrade of web1 for bureau"
    with monkeypatch.context() as broken:
        broken.setattr(run.desk, "archive", lambda: 1 / 0)
        assert name() == "Software upgrade asked for by 张工"
    started.id = "run-2"
    assert name() == "Software upgrade asked for by 张工"
    started.parameters["request"].number = number  # taken up on the command line
    assert name() == run.sentence_of(number)
    started.parameters = {}
    assert name() == "Software upgrade asked for by"
