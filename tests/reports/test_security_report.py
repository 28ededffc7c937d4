"""The report of a security check (R008, R058): both languages, four formats; what it must say of score, faults, exceptions, references."""

from __future__ import annotations

import io
import re
from datetime import date

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from reports.documents import render_security, render_security_page
from reports.documents.paper import Cell, Paper, Table
from reports.documents.phrases import Phrases, catalogue
from reports.documents.security import FAMILIES, security
from reports.records import (
    BaselineProfile,
    CheckRow,
    ControlException,
    Development,
    Outcome,
    SecurityRecord,
    TargetRead,
    Text,
)
from tasks.controls.catalogue import all_controls
from tasks.controls.left_off import LEFT_OFF
from tasks.controls.score import scores
from tasks.security import about
from tests.reports.inspection_sample import at

MADE_AT = at(0.05)
CONTROLS = all_controls()
SEVERITIES = {control.id: control.severity for control in CONTROLS}


def record(targets: int = 2, says: str = "it fails", **more) -> SecurityRecord:
    profile = BaselineProfile(level=3, limits={"H-SSH-03.tries": 6}, exceptions=(
        ControlException(control="H-SUD-02a", reason="运维账户需要", approver="张伟", expires=date(2027, 1, 31)),
        ControlException(control="H-SSH-08", reason="旧系统", approver="张伟", expires=date(2026, 3, 31)),
        ControlException(control="H-SSH-10", targets=("web0",), reason="迁移中", approver="张伟", expires=date(2028, 1, 31))))
    outcomes = {"H-ACC-01": Outcome.CRITICAL, "H-SSH-01": Outcome.WARNING, "H-SSH-08": Outcome.WARNING, "H-SUD-02a": Outcome.EXCEPTED,
                "H-LOG-02": Outcome.UNKNOWN, "H-AUD-01": Outcome.NOT_APPLICABLE}
    hosts = [control for control in CONTROLS if hasattr(control, "command")]
    reads = tuple(TargetRead(target=f"web{n}", kind="host", read_at=at(0), seconds=1, rows=tuple(
        CheckRow(target=f"web{n}", check=control.id, object="ops" if control.id == "H-SUD-02a" else "", outcome=outcomes.get(control.id, Outcome.OK),
                 says=Text(zh=f"所见 {says}", en=says), evidence=says) for control in hosts)) for n in range(targets))
    gone = TargetRead(target="gone", kind="host", read_at=at(0), seconds=1, problem=Text(zh="无法连接", en="no way"))
    score, each = scores((row for read in reads for row in read.rows), SEVERITIES)
    return SecurityRecord(**{
        "number": "SEC-20261122-001", "procedure": "security-check", "customer": "bureau", "customer_name": Text(zh="某某局", en="Some Bureau"),
        "provider_name": Text(zh="某某公司", en="Some Provider"), "language": "zh", "requester": "schedule", "reason": "quarterly security check",
        "opened_at": at(0), "finished_at": at(0.01), "grade": Outcome.CRITICAL, "reads": (*reads, gone), "profile": profile, "checked_on": date(2026, 11, 22),
        "checks": tuple(about(control, profile) for control in CONTROLS), "left_off": LEFT_OFF, "score": score, "scores": each,
        "last_number": "SEC-20260801-001", "last_at": at(-90), "last_score": score.model_copy(update={"points": score.points - 12}), "last_scores": each[:1],
        "last_level": 2, "developments": (Development(target="web0", check="H-ACC-01", object="", change="new"),
                                          Development(target="web0", check="H-SSH-02", object="", change="fixed")), **more})


def paper(language: str = "en", **more) -> Paper:
    return security(record(**more), Phrases(language, "Asia/Shanghai"), MADE_AT)


def text_of(made: Paper) -> str:
    said = [cell.text for row in made.cover.rows for cell in row]
    for block in made.blocks:
        said += [cell.text for row in block.rows for cell in row] if isinstance(block, Table) else list(getattr(block, "items", ())) or [
            getattr(block, "text", "") or getattr(block, "alt", "")]
    return "\n".join(said)


def row_of(made: Paper, first: str) -> tuple[Cell, ...]:
    return next(row for block in made.blocks if isinstance(block, Table) for row in block.rows if row[0].text.partition("\n")[0] == first)


def test_what_fails_stands_with_its_reference_its_remedy_and_what_it_may_break():
    made = paper()
    row = " ".join(cell.text for cell in row_of(made, "H-SSH-01"))
    for words in ("Root does not log in over SSH", "web0", "GB/T 22239-2019 8.1.4.2 b", "CIS Debian 12 5.1.20", "PermitRootLogin no", "backups, cluster nodes",
                  "May cut off log-ins"):
        assert words in row
    assert "sshd_disable_root_login" not in row and "sshd_disable_root_login" in text_of(made), "a name so long stands in the list of all controls"


def test_the_gravest_come_first():
    said = text_of(paper())
    assert said.index("H-ACC-01") < said.index("H-SSH-01")


def test_every_exception_has_reason_approver_last_day_and_state():
    states = {name: [cell.text for cell in row_of(paper(), name)] for name in ("H-SUD-02a", "H-SSH-10")}
    assert states["H-SUD-02a"][3:] == ["运维账户需要", "张伟", "2027-01-31", "counts, 70 days left"]
    assert states["H-SSH-10"][2:] == ["web0", "迁移中", "张伟", "2028-01-31", "not needed"]
    assert "ran out" in text_of(paper())


def test_the_score_is_told_with_the_last_one_and_by_which_rule():
    said = text_of(paper())
    assert re.search(r"Score by the baseline of GB/T 22239-2019 level 3: \d\d\.\d of 100, last time \d\d\.\d, a change of \+", said)
    for words in ("urn:xccdf:scoring:flat", "≤ 6 tries (the customer's own; usually 4)", "The last check was by level 2, this one by level 3", "requiretty",
                  "8.1.4.1 d two factors", "1 target could not be read and is not in the score"):
        assert words in said


def test_each_language_is_itself():
    english = text_of(paper("en")).replace("运维账户需要", "").replace("旧系统", "").replace("迁移中", "").replace("张伟", "")
    assert not re.search("[\u4e00-\u9fff]", english)
    words = set(re.findall(r"(?<![\w./-])[a-z]{4,}(?![\w./-])", re.sub(r"所见.*", "", text_of(paper("zh")))))
    assert not words & {"passed", "failed", "unknown", "excepted", "applicable", "high", "medium", "should", "host"}


def test_every_family_and_clause_has_its_words():
    for control in CONTROLS:
        assert control.family in FAMILIES and f"family.{control.family}" in catalogue()
        assert f"clause.{control.clause.partition(' ')[0]}" in catalogue(), control.clause


@pytest.mark.parametrize("language", ["zh", "en"])
def test_all_formats_say_the_score(language):
    files = render_security(record(), language, MADE_AT)
    assert set(files) == {"html", "pdf", "docx", "xlsx"} and render_security(record(), language, MADE_AT)["pdf"] == files["pdf"]
    points = f"{record().score.score:.1f}"
    assert points in files["html"].decode() and points in "".join(page.extract_text() for page in PdfReader(io.BytesIO(files["pdf"])).pages[:4])
    book = load_workbook(io.BytesIO(files["xlsx"]))
    failed, every = book.worksheets[1], book.worksheets[2]
    assert failed.max_row - 1 == 2 * 3 and every.max_row - 1 == sum(len(read.rows) for read in record().reads)
    assert any(points in str(cell.value) for row in book.worksheets[0].iter_rows() for cell in row)


def test_hostile_text_stays_text():
    nasty = "<script>alert(1)</script>=cmd|x #panic() \u202e"
    files = render_security(record(says=nasty), "en", MADE_AT)
    assert b"<script>alert" not in files["html"] and "<script>" not in render_security_page(record(says=nasty), "en")
    sheet = load_workbook(io.BytesIO(files["xlsx"])).worksheets[1]
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_it_stays_short_for_many_targets():
    few, many = (len(paper(targets=n).blocks) for n in (2, 150))
    assert many <= few + 2
    assert len(render_security_page(record(targets=150), "zh")) < 12_000


def test_nothing_found_and_nothing_read_is_told():
    nothing = paper(reads=(), scores=(), score=record().score.model_copy(update=dict.fromkeys(
        ("passed", "failed", "unknown", "excepted", "not_applicable", "points", "of", "strict_of"), 0)), last_number="", last_score=None, last_scores=(),
        developments=(), profile=BaselineProfile())
    assert "There is nothing to score" in text_of(nothing) and "This is the first security check" in text_of(nothing)
