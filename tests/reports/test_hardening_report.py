"""The report of a security hardening (R008): both languages, three formats; score, controls, undo, exceptions, what remains and why."""

from __future__ import annotations

import io
import re
from hashlib import sha256

import pytest
from docx import Document
from pypdf import PdfReader

from reports.documents import render_instruction, render_outcome_page, render_report
from reports.documents.commands import LONG
from reports.documents.paper import Paper, Table
from reports.documents.phrases import Phrases, catalogue
from reports.documents.report import report
from reports.records import (
    ChangeRecord,
    CheckRow,
    Closure,
    FileChange,
    HardenedControl,
    Hardening,
    Outcome,
    RemainingControl,
    Step,
    Text,
)
from tests.reports import sample
from tests.reports.test_security_report import record as checked

MADE_AT = sample.at(6000)
SSHD = "/etc/ssh/sshd_config.d/00-standfast.conf"


def row(control: str, target: str = "web1", name: str = "", says: str = "it fails") -> CheckRow:
    return CheckRow(target=target, check=control, object=name, outcome=Outcome.WARNING, says=Text(zh=f"所见{control}", en=says))


REMAINING = (
    RemainingControl(control="H-SSH-09", rows=(row("H-SSH-09"),), reason="people", why=Text(zh="先为每个人配置密钥", en="give everybody a key first")),
    RemainingControl(control="H-FS-01b", rows=(row("H-FS-01b", name="/etc/shadow"),), reason="held up",
                     why=Text(zh="另有程序依赖", en="a program needs it so")),
    RemainingControl(control="H-SUD-01b", rows=(row("H-SUD-01b"),), reason="not asked"),
    RemainingControl(control="H-SSH-02", rows=(row("H-SSH-02"),), reason="still"),
    RemainingControl(control="H-ACC-01", rows=(row("H-ACC-01", name="open"),), reason="new"))


def hardened(closure: Closure = Closure.SUCCESSFUL, says: str = "it fails", **more) -> ChangeRecord:
    base = sample.backed_out() if closure is Closure.BACKED_OUT else sample.successful()
    steps = tuple(
        Step(number=n, key=key, target=target, title=Text(zh=f"{names}：写入配置", en=f"{names}: write the settings"), command="true", proof="true",
             undo="true", undo_proof="true", expected=Text(zh="已写入", en="written"), confirm_s=confirm, mends=tuple(names.split(", ")), touches=(path,),
             files=(FileChange(path=path, before=("#MaxAuthTries 6",), after=(f"MaxAuthTries {n}",)),))
        for target in ("web1", "web2") for n, key, names, path, confirm in (
            (1, "mend-issue", "H-BAN-01a", "/etc/issue", 0), (2, "mend-ssh", "H-SSH-03, H-SSH-04a", SSHD, 120)))
    outcomes = tuple(o.model_copy(update={"number": s.number, "key": s.key, "target": s.target, "title": s.title, "result": "done"})
                     for o, s in zip(base.outcomes, steps, strict=False))
    controls = tuple(HardenedControl(control=name, target=target, host=target, objects=("",), steps=(n,), before=Outcome.WARNING,
                                     after=Outcome.OK if closure is Closure.SUCCESSFUL else Outcome.WARNING)
                     for target in ("web1", "web2") for n, name in ((1, "H-BAN-01a"), (2, "H-SSH-03"), (2, "H-SSH-04a")))
    return base.model_copy(update={
        "procedure": "security-hardening", "plan": base.plan.model_copy(update={"procedure": "security-hardening", "kind": "hardening", "steps": steps}),
        "outcomes": outcomes, "undone": tuple(o.model_copy(update={"action": "undo"}) for o in outcomes) if closure is Closure.BACKED_OUT else (),
        "hardening": Hardening(**{"check": "SEC-20261122-001", "done": closure is Closure.SUCCESSFUL, "now": checked(says=says), "controls": controls,
                                  "remaining": REMAINING, **more})})


def paper(language: str = "en", record: ChangeRecord | None = None) -> Paper:
    made = record or hardened()
    return report(made, Phrases(language, "Asia/Shanghai", made.procedure), MADE_AT)


def text_of(made: Paper) -> str:
    said = [cell.text for cells in made.cover.rows for cell in cells]
    for block in made.blocks:
        said += [cell.text for cells in block.rows for cell in cells] if isinstance(block, Table) else [
            *getattr(block, "items", ()), *getattr(block, "lines", ()), getattr(block, "text", "")]
    return "\n".join(said)


def row_of(made: Paper, *words: str) -> str:
    rows = ("\n".join(cell.text for cell in cells) for block in made.blocks if isinstance(block, Table) for cells in block.rows)
    return next(text for text in rows if all(word in text for word in words))


def test_the_score_stands_on_the_cover_and_at_the_top():
    now = hardened().hardening.now
    before, after = f"{now.last_score.score:.1f}", f"{now.score.score:.1f}"
    assert row_of(paper(), f"{before} before, {after} after (+")
    said = text_of(paper())
    assert said.count(f"from {before} before the hardening to {after} after it") == 1 and "urn:xccdf:scoring:flat" in said and "SEC-20261122-001" in said
    assert said.index("before the hardening") < said.index("Rehearsal")
    assert row_of(paper(), "web0", after)


def test_every_control_of_the_plan_has_its_reference_and_how_it_ended():
    tries = row_of(paper(), "H-SSH-03", "GB/T 22239-2019 8.1.4.1 b").split("\n")
    assert "web1, web2" in tries and any(word.startswith("sshd_") for word in tries) and tries[-2:] == ["fail", "pass"]
    assert all(row_of(paper(), one.control, "CIS Debian 12") for one in hardened().hardening.controls)


def test_what_was_changed_and_how_it_is_undone():
    said = text_of(paper())
    assert f"standfast back-out {sample.NUMBER}" in said and f"/var/lib/standfast/changes/{sample.NUMBER}" in said
    step = row_of(paper(), "H-SSH-03, H-SSH-04a", SSHD)
    assert "can be undone; was guarded (2 min)" in step and "done" in step
    assert "+ MaxAuthTries 2" in said and "- #MaxAuthTries 6" in said


@pytest.mark.parametrize(("control", "says"), [
    ("H-SSH-09", "Left to people:\ngive everybody a key first"), ("H-FS-01b", "Left out when the plan was made:\na program needs it so"),
    ("H-SUD-01b", "Not asked for this time"), ("H-SSH-02", "It was mended and still fails"), ("H-ACC-01", "None of the security check's findings")])
def test_what_remains_says_why(control, says):
    assert says in row_of(paper(), control, says[:12])


def test_exceptions_and_what_is_left_off_on_purpose_stand_there():
    assert row_of(paper(), "H-SUD-02a", "运维账户需要", "张伟", "2027-01-31") and "sudo_add_requiretty" in text_of(paper())


def test_one_that_was_backed_out_says_so_and_what_undid_it():
    made = hardened(Closure.BACKED_OUT)
    said = text_of(paper(record=made))
    assert "The hardening does not stand" in said and "Every step that was begun was undone in reverse" in said
    assert "can be undone;" not in said and row_of(paper(record=made), "H-SSH-03", "GB/T").endswith("fail\nfail")


def test_a_back_out_of_a_hardening_tells_both_scores():
    made = hardened(takes_back="CHG-20261101-001").model_copy(update={"procedure": "back-out"})
    assert "This change took hardening CHG-20261101-001 back" in text_of(paper(record=made))


def test_a_target_that_could_not_be_read_afterwards_is_named():
    assert "gone could not be read afterwards: no way." in text_of(paper())


def test_without_a_second_reading_nothing_is_claimed():
    now = checked(last_score=None, last_scores=())
    said = text_of(paper(record=hardened(now=now, remaining=())))
    assert "the baseline was not read afterwards" in said and "No control fails after the change" not in said


@pytest.mark.parametrize("language", ["zh", "en"])
def test_long_commands_lie_beside_the_paper_and_the_paper_says_where(language):
    made = hardened()
    script = "".join(f"echo 行 {n}\n" for n in range(LONG // 2))
    steps = tuple(step.model_copy(update={"command": f"{script}# {step.key}\n"}) for step in made.plan.steps)
    made = made.model_copy(update={"plan": made.plan.model_copy(update={"steps": steps})})
    for files in (render_report(made, language, MADE_AT), render_instruction(made, language, MADE_AT)):
        text = files["commands.txt"].decode()
        for step in steps[:2]:
            assert step.command in text
        html = files["html"].decode()
        assert sha256(files["commands.txt"]).hexdigest() in html.replace("<wbr>", "") and f"echo 行 {LONG // 4}" not in html
        lines = text.splitlines()
        first, last = re.search(r"<td[^>]*>(\d+)-(\d+)</td>", html).groups()
        assert steps[0].title.say(language) in lines[int(first)] and lines[int(last) - 2].strip() and not lines[int(last) - 1]
    assert "commands.txt" not in render_report(hardened(), language, MADE_AT)


@pytest.mark.parametrize("closure", [Closure.SUCCESSFUL, Closure.BACKED_OUT], ids=lambda one: one.value)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_all_formats_say_the_score_in_their_language(language, closure):
    made = hardened(closure)
    files = render_report(made, language, MADE_AT)
    assert set(files) == {"html", "pdf", "docx", "xlsx"}
    points = f"{made.hardening.now.score.score:.1f}"
    assert points in files["html"].decode() and points in "".join(page.extract_text() for page in PdfReader(io.BytesIO(files["pdf"])).pages[:5])
    assert any(points in cell.text for table in Document(io.BytesIO(files["docx"])).tables[:6] for cell in table._cells)
    assert points in render_outcome_page(made, language)


def test_each_language_is_itself():
    own = {key for key in catalogue() if key.startswith(("hardening.", "head.hardening"))}
    assert len(own) > 30
    for key in own:
        assert not re.search("[\u4e00-\u9fff]", catalogue()[key]["en"]), key
        words = set(re.findall(r"[A-Za-z]{4,}", re.sub(r"\{[{%].*?[}%]\}|standfast back-out|/var/lib/standfast/changes|urn:xccdf:scoring:flat", "",
                                                       catalogue()[key]["zh"])))
        assert words <= {"XCCDF", "back"}, (key, words)


def test_hostile_text_stays_text():
    nasty = "<script>alert(1)</script>#panic()"
    made = hardened(remaining=(RemainingControl(control="H-SSH-09", rows=(row("H-SSH-09", says=nasty),), reason="people"),))
    assert b"<script>alert" not in render_report(made, "en", MADE_AT)["html"] and "<script>" not in render_outcome_page(made, "en")


def test_a_paper_without_a_hardening_has_no_such_chapter():
    assert "What the hardening came to" not in text_of(paper(record=sample.successful()))
