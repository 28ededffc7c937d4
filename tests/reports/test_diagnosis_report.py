"""The diagnosis report (R108, R110-R113): both languages, three formats, read back; what is suspected is called suspected."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings

from reports.documents import leave_statement, render_diagnosis, render_diagnosis_page, render_leave_page
from reports.documents.diagnosis import diagnosis
from reports.documents.paper import Code, Heading, Paper, Picture, Table, visible
from reports.documents.phrases import Phrases
from reports.records import DiagnosisRecord, Text, same
from tests.reports import diagnosis_sample as sample
from tests.reports.test_documents import Shown, squeezed, text_of_pdf, text_of_word
from tests.reports.test_documents_hostile import NASTY, TEXT
from tests.reports.test_inspection_report import in_chinese, section, tables, words_of

ZONE = "Asia/Shanghai"
LANGUAGES = ("zh", "en")
MADE_AT = sample.minutes(40)
RECORDS = {"found": sample.found, "nothing": sample.nothing, "refused": sample.refused, "solved": sample.solved}


def paper_of(record: DiagnosisRecord, language: str = "zh") -> Paper:
    return diagnosis(record, Phrases(language, ZONE), MADE_AT)


@pytest.mark.parametrize("name", RECORDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_record_becomes_three_files_that_say_the_same(name, language):
    record = RECORDS[name]()
    found = render_diagnosis(record, language, MADE_AT)
    assert set(found) == {"html", "pdf", "docx"}
    texts = {"pdf": text_of_pdf(found["pdf"]), "docx": text_of_word(found["docx"]), "html": squeezed(Shown(found["html"]).text)}
    paper = paper_of(record, language)
    for table in tables(paper):
        for piece in (squeezed(cell.text) for row in table.rows for cell in row):
            assert piece in texts["html"] and piece in texts["docx"], piece
            for part in re.findall(r"[\w.+~=:/-]{1,8}", piece):
                assert part in texts["pdf"], part
    for code in (block for block in paper.blocks if isinstance(block, Code)):
        assert all(squeezed("".join(code.lines))[:30] in text for text in (texts["html"], texts["docx"]))
    assert found == render_diagnosis(record, language, MADE_AT)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_chapters_are_those_of_the_outline_and_none_is_silent(language):
    say = Phrases(language, ZONE)
    looked = ["timeline", "changes", "findings", "causes"]
    for name, chapters in (("found", looked), ("nothing", looked), ("refused", []), ("solved", looked)):
        paper = paper_of(RECORDS[name](), language)
        wanted = ["summary", "problem", *chapters, "agreement", "on_site", *(["outcome"] if name == "solved" else []),
                  *(["appendix.logs"] if chapters else []), "appendix.digests"]
        assert [h.text for h in paper.headings if h.level == 1] == [say(f"diagnosis.{key}") for key in wanted]
        for block, following in zip(paper.blocks, (*paper.blocks[1:], None), strict=True):
            if isinstance(block, Heading):
                assert following is not None and (not isinstance(following, Heading) or following.level > block.level), block.text


def test_suspected_is_not_certain_and_nothing_found_is_said():
    assert "不是定论" in paper_of(sample.found()).cover.rows[7][1].text and "suspected" in paper_of(sample.found(), "en").cover.rows[7][1].text
    said = words_of(paper_of(sample.nothing()))
    assert any("没有发现可疑原因" in text and "不表示没有问题" in text for text in said)
    assert "| 磁盘空间用尽 | db1 | 较强 |" in render_diagnosis_page(sample.found(), "zh")
    assert "points to a cause" in render_diagnosis_page(sample.nothing(), "en")


def test_without_a_leave_nothing_was_looked_at():
    said = "\n".join(words_of(paper_of(sample.refused())))
    assert "未登录任何对象" in said and "下班后再看" in said and "未查看" in said
    assert "未登录任何对象" in render_diagnosis_page(sample.refused(), "zh")


def test_the_leave_is_shown_with_who_how_and_when_and_what_it_covers():
    paper = paper_of(sample.found())
    leave = next(block for block in section(paper, "登录许可") if isinstance(block, Table))
    assert [cell.text for cell in leave.rows[0]] == ["王主任", "信息中心主任", "电话", "2026-11-22 10:50", "小陈", "2026-11-23 10:50"]
    assert [item for block in section(paper, "登录许可") for item in getattr(block, "items", ())] == leave_statement(sample.SCOPE, "zh", ZONE)
    page = render_leave_page(sample.SCOPE, None, "zh", ZONE, Text(zh="验证码不正确", en="not right"))
    assert page.index("验证码不正确") < page.index("web1") and sample.SCOPE.fingerprint() in page and "24 小时" in page


def test_what_was_not_looked_at_is_said():
    said = "\n".join(item for block in section(paper_of(sample.found(), "en"), "What was not looked at") for item in getattr(block, "items", ()))
    for part in ("orders-db", "web2, log files: web2 cannot be reached", "messages of the kernel", "1,200 lines", "/srv/app/out.log",
                 "any other time", "business"):
        assert part in said, part


def test_there_is_room_to_agree_and_to_sign():
    for language, manager in (("zh", "IT 应用系统经理"), ("en", "IT application system manager")):
        paper = paper_of(sample.found(), language)
        boxes = [row for table in tables(paper) for row in table.rows if [cell.text for cell in row].count("□") == 2]
        signing = [row[0].text for table in tables(paper) if table.tall for row in table.rows]
        assert len(boxes) == 3 and any(manager in role for role in signing)
    assert not any("经理（" in row[0].text for table in tables(paper_of(sample.solved())) for row in table.rows)  # out of warranty


def test_files_changed_together_are_one_row_and_our_own_change_has_its_number():
    rows = next(block for block in section(paper_of(sample.found()), "问题发生前的改动") if isinstance(block, Table)).rows
    assert len(rows) == 3 and "CHG-20261121-001" in rows[0][3].text and "6 个文件" in rows[2][3].text


def test_the_drawing_is_told_in_words():
    picture = next(block for block in paper_of(sample.found(), "en").blocks if isinstance(block, Picture))
    assert "Disk or quota full (db1) from 10:36:00, 1240 times" in picture.alt


def test_no_language_speaks_the_other():
    for make in RECORDS.values():
        record = make()
        shown = in_chinese(record.model_dump(mode="json")) + "SHA-256 DIA DR UTC Asia Shanghai PostgreSQL IT var log standfast mend check show " + ZONE
        for text in (*words_of(paper_of(record)), render_diagnosis_page(record, "zh")):
            for word in re.findall(r"[A-Za-z]{2,}", text):
                assert word in shown, (word, text)
        told = "\n".join((*words_of(paper_of(record, "en")), render_diagnosis_page(record, "en")))
        for theirs in (record.scope.problem, "订单页面打不开，", "从十点半开始一直报错", "王主任", "信息中心主任", "李工", "小陈", "赵工", "下班后再看",
                       "清理了归档目录", "清理了旧的归档，并扩展了 /data", record.customer_name.zh, "等保 2.0", "网络安全法 第二十一条"):
            told = told.replace(theirs, "")
        assert not re.findall("[\u4e00-\u9fff]+", told)


def hostile(text: str) -> DiagnosisRecord:
    text = text.encode(errors="replace").decode()  # no half of a character ever gets into a record
    record = sample.solved()
    change = {"target": text or "x", "source": text, "example": same(text)}
    return record.model_copy(update={
        "requester": text, "engineer": text, "reference": text, "scope": record.scope.model_copy(update={"problem": text}),
        "leaves": (record.leaves[0].model_copy(update={"given_by": text, "taken_by": text, "post": text}),),
        "sightings": tuple(one.model_copy(update=change) for one in record.sightings),
        "recent": tuple(one.model_copy(update={"what": same(text), "target": text}) for one in record.recent),
        "causes": tuple(one.model_copy(update={"targets": (text,), "evidence": (same(text),)}) for one in record.causes),
        "solutions": (record.solutions[0].model_copy(update={"text": text, "by": text, "changes": (text,)}),)})


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_people_and_hosts_write_is_text(language):
    record = hostile("\n".join(NASTY))
    found = render_diagnosis(record, language, MADE_AT)
    assert "<script>" not in found["html"].decode() and "evil" in Shown(found["html"]).text and found["pdf"].startswith(b"%PDF")
    assert "\n<" not in render_diagnosis_page(record, language)


@settings(max_examples=30, deadline=None)
@given(TEXT)
def test_no_text_stops_the_paper(text):
    paper = paper_of(hostile(text))
    text = text.encode(errors="replace").decode()
    assert visible(text)[:5] in "".join(words_of(paper)) or "\n" in text or "\t" in text
