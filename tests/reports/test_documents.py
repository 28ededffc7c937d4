"""The papers: every ending, both languages, three formats, from real libraries and read back with others (R175, R179)."""

from __future__ import annotations

import functools
import io
import re
import time
import zipfile
from html.parser import HTMLParser

import pytest
from docx import Document
from docx.oxml.ns import qn
from pypdf import PdfReader

from reports.documents import render_instruction, render_plan_page, render_plan_text, render_report
from reports.documents.grouping import step_groups
from reports.documents.instruction import BACK_OUT_CHAPTER, instruction
from reports.documents.paper import Code, Heading, Table
from reports.documents.phrases import Phrases, catalogue
from reports.documents.report import report
from reports.records import Closure, Likeness, Plan, Text
from tasks.planning.roll_out import held_up
from tests.reports import sample

MADE_AT = sample.at(6000)
ZONE = "Asia/Shanghai"
LANGUAGES = ("zh", "en")
RENDER = {"instruction": render_instruction, "report": render_report}
# Words that stand in a Chinese paper as they are: names of programs, packages, units, algorithms and the customer's own English
FOREIGN = set("""SHA POSIX sh MiB KiB UTC Asia Shanghai Debian GNU Linux bookworm CHG UOI CR""".split())


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


@functools.cache
def text_of_pdf(content: bytes, pages: int | None = None) -> str:
    """All text, or that of the first pages; reading is what takes time here."""
    return squeezed("".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages[:pages]))


def text_of_word(content: bytes) -> str:
    return squeezed("".join(t.text or "" for t in Document(io.BytesIO(content)).element.body.iter(qn("w:t"))))


class Shown(HTMLParser):
    """The text a browser shows, and every tag."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.text, self.tags, self._style = "", [], False
        self.feed(page.decode())

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self._style = tag in ("style", "script")

    def handle_endtag(self, tag):
        self._style = False

    def handle_data(self, data):
        if not self._style:
            self.text += data


@pytest.fixture(scope="module")
def papers():
    made: dict[tuple, dict[str, bytes]] = {}

    def get(kind: str, ending: str, language: str) -> dict[str, bytes]:
        key = (kind, ending, language)
        if key not in made:
            made[key] = RENDER[kind](sample.ENDINGS[ending](), language, MADE_AT)
        return made[key]

    return get


BEFORE_APPROVAL = ("bare", "planned", "asked", "refused", "nothing to do")  # when an instruction is made


@pytest.mark.parametrize("kind, ending", [("instruction", e) for e in BEFORE_APPROVAL] + [("report", e) for e in sample.ENDINGS])
def test_every_ending_can_be_told_in_both_languages_and_all_formats(papers, kind, ending):
    record = sample.ENDINGS[ending]()
    for language in LANGUAGES:
        found = papers(kind, ending, language)
        assert set(found) == {"html", "pdf", "docx"}
        for text in (text_of_pdf(found["pdf"], 3), text_of_word(found["docx"]), squeezed(Shown(found["html"]).text)):
            assert record.number in text
            assert squeezed(record.customer_name.say(language)) in text
            assert squeezed(record.reason) in text
        if kind == "report":
            word = Phrases(language, ZONE)(f"closure.{record.closure.value if record.closure else 'none'}")
            assert squeezed(word) in text_of_pdf(found["pdf"], 3)


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_formats_say_the_same(papers, language):
    """What one file says the others say: every field of every table, every line of every command."""
    record = sample.ENDINGS["successful"]()
    found = papers("report", "successful", language)
    texts = {"pdf": text_of_pdf(found["pdf"]), "docx": text_of_word(found["docx"]), "html": squeezed(Shown(found["html"]).text)}
    texts["pdf"] = re.sub("第[0-9]+页共[0-9]+页|Page[0-9]+of[0-9]+", "", texts["pdf"])
    for block in report(record, Phrases(language, ZONE), MADE_AT).blocks:
        pieces = (
            [c.text for row in block.rows for c in row]
            if isinstance(block, Table)
            else list(block.lines)
            if isinstance(block, Code)
            else []
        )
        for piece in map(squeezed, pieces):
            for name in ("docx", "html"):
                assert piece in texts[name], (name, piece)
            # a field broken over lines or pages may be read in another order with its neighbours; its pieces are there
            for part in re.findall(r"[\w.+~=:/-]{1,10}", piece):
                assert part in texts["pdf"], part


def test_commands_are_there_word_for_word(papers):
    record = sample.asked()
    html = Shown(papers("instruction", "asked", "zh")["html"]).text
    word = text_of_word(papers("instruction", "asked", "zh")["docx"])
    pdf = text_of_pdf(papers("instruction", "asked", "zh")["pdf"])
    for step in record.plan.steps:
        for script in (step.probe, step.command, step.proof, step.undo, step.undo_proof):
            for line in script.split("\n"):
                assert line in html
                assert squeezed(line) in word
                if len(line) < 70:  # longer lines are wrapped, and a page may end between
                    assert squeezed(line) in pdf


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", RENDER)
def test_pdf_has_its_fonts_inside_and_numbers_its_pages(papers, kind, language):
    reader = PdfReader(io.BytesIO(papers(kind, "successful", language)["pdf"]))
    names = set()
    for page in reader.pages:
        assert abs(float(page.mediabox.width) - 595.28) < 1 and abs(float(page.mediabox.height) - 841.89) < 1  # A4
        for font in page["/Resources"]["/Font"].values():
            below = font.get_object()["/DescendantFonts"][0].get_object()
            names.add(str(below["/BaseFont"]))
            assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(below["/FontDescriptor"].get_object())
    assert all("Standfast" in name for name in names), names
    pages = len(reader.pages) - 1  # the cover is not counted
    for number, page in enumerate(reader.pages[1:4], 1):
        wanted = f"第{number}页共{pages}页" if language == "zh" else f"Page{number}of{pages}"
        assert wanted in squeezed(page.extract_text())
    assert reader.metadata.title


@pytest.mark.parametrize("language", LANGUAGES)
def test_chapters_follow_the_outline(language):
    paper = instruction(sample.asked(), Phrases(language, ZONE), MADE_AT)
    chapters = [h for h in paper.headings if h.level == 1 and not h.appendix]
    assert [h.number for h in chapters] == [str(n) for n in range(1, 17)]
    assert chapters[BACK_OUT_CHAPTER - 1].text == ("回退" if language == "zh" else "Back-out")
    assert [h.number[-1] for h in paper.headings if h.level == 1 and h.appendix] == list("ABCDEFG")


@pytest.mark.parametrize("ending", sample.ENDINGS)
def test_appendix_letters_are_those_referred_to(ending):
    from reports.documents.chapters import lettered
    from reports.documents.instruction import APPENDICES as OF_THE_INSTRUCTION
    from reports.documents.report import APPENDICES as OF_THE_REPORT

    record = sample.ENDINGS[ending]()
    bare = record.plan and record.model_copy(update={"procedure": "configuration-tuning",
                                                     "plan": record.plan.model_copy(update={"versions": (), "media": (), "improvements": ()})})
    for make, names in ((instruction, OF_THE_INSTRUCTION), (report, OF_THE_REPORT)):
        for one in filter(None, (record, bare)):
            paper, say = make(one, Phrases("en", ZONE, one.procedure), MADE_AT), Phrases("en", ZONE, one.procedure)
            there = {h.text: h.number[-1] for h in paper.headings if h.appendix and h.level == 1}
            assert there == {say(f"appendix.{name}"): letter for name, letter in lettered(one, names).items()}
            assert ("media" in lettered(one, names)) is (one is record)


def test_no_table_is_empty_and_no_chapter_is_silent():
    for ending, make in sample.ENDINGS.items():
        for paper in (instruction(make(), Phrases("zh", ZONE), MADE_AT), report(make(), Phrases("zh", ZONE), MADE_AT)):
            for block, following in zip(paper.blocks, (*paper.blocks[1:], None), strict=True):
                assert not (isinstance(block, Table) and not block.rows), ending
                if isinstance(block, Heading):
                    assert following is not None, (ending, block.text)
                    assert not isinstance(following, Heading) or following.level > block.level, (ending, block.text)


def test_what_is_missing_is_said():
    bare = text_of_pdf(render_instruction(sample.bare(), "zh", MADE_AT)["pdf"])
    for words in ("尚未演练", "尚未形成升级方案", "没有升级前信息采集的记录", "未登记联系人"):
        assert words in bare
    rejected = text_of_pdf(render_report(sample.rejected(), "zh", MADE_AT)["pdf"])
    for words in ("未获批准", "没有执行任何步骤", "没有执行回退", "业务高峰期，延后至下周"):
        assert words in rejected
    refused = text_of_pdf(render_report(sample.refused(), "zh", MADE_AT)["pdf"])
    assert "磁盘剩余空间不足" in refused and "本次变更未提请客户批准" in refused


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_blocked_plan_says_by_what_and_what_to_do(language):
    record, say = sample.refused(), Phrases(language, ZONE)
    plan = held_up(record.plan.model_copy(update={"steps": (), "versions": (), "media": ()}))
    record = record.model_copy(update={"plan": plan})
    blocker, wanted = plan.blockers[0].say(language), (say("versions.blocked"), say("versions.unblock"), say("versions.unsettled"))
    low, nothing = say("scope.risk", level=say("risk.low")), say("page.nothing")
    said = {"text": render_plan_text(plan, language), "page": render_plan_page(record, language),
            "report": str(report(record, say, MADE_AT).blocks), "instruction": str(instruction(record, say, MADE_AT).blocks)}
    for name, text in said.items():
        assert all(text.count(sentence) == 1 for sentence in (*wanted[:2], say("scope.risk", level=say("risk.unknown")))), name
        assert wanted[2] in text and blocker in text and plan.impact.say(language) in text or name == "report"
        assert low not in text and nothing not in text


def test_a_back_out_is_called_proven_only_if_it_is():
    zh = Phrases("zh", ZONE)
    same, differs, unknown = zh("report.back_out_same"), "项差异，见", zh("report.back_out_unknown")
    proven = squeezed(str(report(sample.backed_out(), zh, MADE_AT).blocks))
    assert squeezed(same) in proven and differs not in proven
    stuck = squeezed(str(report(sample.failed(), zh, MADE_AT).blocks))
    assert squeezed(same) not in stuck and differs in stuck
    nobody_looked = squeezed(str(report(sample.backed_out().model_copy(update={"after": ()}), zh, MADE_AT).blocks))
    assert squeezed(unknown) in nobody_looked and squeezed(same) not in nobody_looked


def test_a_rehearsal_of_another_plan_proves_nothing():
    record = sample.asked()
    other = record.model_copy(update={"rehearsal": record.rehearsal.model_copy(update={"plan": "0" * 64})})
    for text in (str(instruction(other, Phrases("zh", ZONE), MADE_AT).blocks), render_plan_page(other, "zh")):
        assert "另一版本的方案" in text
    assert "另一版本的方案" not in str(instruction(record, Phrases("zh", ZONE), MADE_AT).blocks)
    states = [
        row[2].text
        for b in instruction(other, Phrases("zh", ZONE), MADE_AT).blocks
        if isinstance(b, Table) and b.head[:2] == ("序号", "检查项")
        for row in b.rows
    ]
    assert "已由系统确认" not in states


def test_failed_rehearsal_is_told_as_failed():
    plan = sample.make_plan(["web1"])
    record = sample.asked(["web1"]).model_copy(update={"plan": plan, "rehearsal": sample.make_rehearsal(plan, passed=False)})
    page = render_plan_page(record, "zh")
    assert "演练未通过" in page and "演练通过" not in page
    assert "回退后仍有 1 项差异" in page


@pytest.mark.parametrize("kind", RENDER)
def test_the_chinese_paper_has_no_english_of_ours(papers, kind):
    """English words of our own vocabulary must not show in the Chinese paper: every sentence was translated."""
    record = sample.ENDINGS["successful"]()
    paper = (instruction if kind == "instruction" else report)(record, Phrases("zh", ZONE), MADE_AT)
    for block in paper.blocks:
        texts = (
            [block.text]
            if hasattr(block, "text")
            else list(block.head) + [c.text for row in block.rows for c in row if not c.mono]
            if isinstance(block, Table)
            else []
        )
        for text in texts:
            for word in re.findall(r"[A-Za-z]{2,}", text):
                said = record.canonical() + paper.number
                assert word in FOREIGN or word in said, (word, text)
    for language_independent in (
        "done",
        "approved",
        "nothing to do",
        "package",
        "simulated copy",
        "step begun",
        "low",
        "by us",
    ):
        cells = [c.text for b in paper.blocks if isinstance(b, Table) for row in b.rows for c in row if not c.mono]
        assert language_independent not in cells


OWN_WORDS = {"work", "Work", "service"}  # of the procedure; a language may do without


def test_phrases_are_whole_in_both_languages():
    variables = re.compile(r"\{\{\s*(\w+)")
    for key, texts in catalogue().items():
        assert set(texts) == {"zh", "en"}, key
        assert set(variables.findall(texts["zh"])) - OWN_WORDS == set(variables.findall(texts["en"])) - OWN_WORDS, key
        assert not key.startswith("head.") or texts["zh"].count("|") == texts["en"].count("|"), key
        assert not re.search("[\u2018-\u201f\u2013\u2014\u2026\u3000-\u9fff\uff00-\uffef]", texts["en"]), key
        assert not re.search("[\u4e00-\u9fff][,;:?!()]|[,;:?!()][\u4e00-\u9fff]", texts["zh"]), key  # full-width marks in Chinese


@pytest.mark.parametrize("language", LANGUAGES)
def test_word_has_real_headings_header_fields_and_repeating_heads(papers, language):
    content = papers("instruction", "asked", language)["docx"]
    document = Document(io.BytesIO(content))
    paper = instruction(sample.asked(), Phrases(language, ZONE), MADE_AT)
    headings = [p.text for p in document.paragraphs if p.style.name.startswith("Heading")]
    assert headings == [f"{h.number}  {h.text}" for h in paper.headings]
    tables = [b for b in paper.blocks if isinstance(b, Table)]
    found = [t for t in document.tables if t._tbl.find(f".//{qn('w:pStyle')}[@{qn('w:val')}='TableText']") is not None][
        2:
    ]  # cover, versions
    assert [len(t._tbl.findall(qn("w:tr"))) for t in found] == [len(t.rows) + bool(t.head) for t in tables]
    assert all(t._tbl.find(f".//{qn('w:tblHeader')}") is not None for t, mine in zip(found, tables, strict=True) if mine.head)
    footer = "".join(i.text for i in document.sections[-1].footer._element.iter(qn("w:instrText")))
    assert "PAGE" in footer and "NUMPAGES" in footer
    assert "CHG-20261122-001" in "".join(t.text for t in document.sections[-1].header._element.iter(qn("w:t")))
    for name, face in (("Normal", "宋体"), ("Heading 1", "黑体"), ("Command", "宋体")):
        assert document.styles[name].element.rPr.rFonts.get(qn("w:eastAsia")) == face


def test_equal_input_gives_equal_bytes():
    one, two = (render_report(sample.backed_out(), "zh", MADE_AT) for _ in range(2))
    assert one == two
    later = render_report(sample.backed_out(), "zh", sample.at(9000))
    assert all(one[name] != later[name] for name in one)


def test_times_are_the_customers():
    record = sample.rejected()
    here = render_plan_page(record, "en")
    there = render_plan_page(record, "en", zone="Europe/Berlin")
    assert "2026-11-22 21:00 to 2026-11-22 23:00" in here.replace("\\", "")
    assert "2026-11-22 14:00 to 2026-11-22 16:00" in there.replace("\\", "")
    with pytest.raises(ValueError, match="Mars/Olympus.*name one like Asia/Shanghai"):
        render_report(record, "en", MADE_AT, zone="Mars/Olympus")


def test_html_loads_nothing_from_anywhere(papers):
    for kind in RENDER:
        content = papers(kind, "successful", "zh")["html"].decode()
        assert 'content: "第 " counter(page) " 页  共 " counter(pages) " 页"' in content
        page = Shown(content.encode())
        assert {tag for tag, _ in page.tags} & {"script", "img", "link", "iframe", "object", "embed", "form"} == set()
        assert all(not {"src", "style"} & set(a) or tag == "col" for tag, a in page.tags)
        assert all(a["href"].startswith("#") for tag, a in page.tags if tag == "a")
        anchors = {a["id"] for _, a in page.tags if "id" in a}
        assert all(a["href"][1:] in anchors for tag, a in page.tags if tag == "a")


def test_numbers_are_written_as_people_do():
    zh, en = Phrases("zh", ZONE), Phrases("en", ZONE)
    assert [zh.duration(s) for s in (0, 0.24, 9.96, 80, 3600, 90061)] == [
        "0.0 秒",
        "0.2 秒",
        "10 秒",
        "1 分 20 秒",
        "1 小时",
        "1 天 1 小时 1 分 1 秒",
    ]
    assert en.duration(80) == "1 min 20 s" and en.duration(None) == "not measured"
    assert [en.size(n) for n in (0, 900, 104857600)] == ["0.0 MiB", "0.9 KiB", "100.0 MiB"]
    assert zh.offset(MADE_AT) == "UTC+8" and Phrases("en", "Asia/Kolkata").offset(MADE_AT) == "UTC+5:30"


def test_the_approvers_page_answers_his_questions():
    record = sample.asked()
    for language, words in (
        (
            "zh",
            (
                "修复监管部门通报",
                "web1、web2",
                "演练通过",
                "不可回退点",
                "自动回退",
                "CVE\\-2026",
                "安装新版本软件包",
                "43 秒",
                "风险等级：中",
            ),
        ),
        ("en", ("web1, web2", "The rehearsal passed", "Point of no return", "Install the new packages", "43 s", "Risk: medium")),
    ):
        page = render_plan_page(record, language)
        for word in words:
            assert word.replace("\\-", "-") in page, word
        assert record.asked.digest in page
        assert not re.search(r"(?<!\\)<", page)
        assert "王建国" in page and ("不得批准" in page or "may not" in page)


def test_plan_as_text_has_every_command():
    plan = sample.make_plan(["web1", "web2"])
    for language in LANGUAGES:
        text = render_plan_text(plan, language)
        for step in plan.steps:
            assert all(line in text for line in step.command.split("\n"))
        short = render_plan_text(plan, language, appendices=False)
        assert text.startswith(short.rstrip()) and plan.back_out.say(language) in short and plan.steps[0].command not in short
        assert plan.fingerprint() not in text  # it is not what is approved


def test_many_hosts_stay_readable_and_bounded_in_time():
    record = sample.sixty_hosts()
    paper = instruction(record, Phrases("zh", ZONE), MADE_AT)
    commands = [b for b in paper.blocks if isinstance(b, Code)]
    assert len(commands) < 60  # 540 steps: equal ones are told once
    names = "".join(c.text for b in paper.blocks if isinstance(b, Table) for row in b.rows for c in row)
    assert all(host in names for host in record.plan.targets)
    began = time.process_time()
    found = render_report(record, "zh", MADE_AT)
    assert time.process_time() - began < 10
    assert len(PdfReader(io.BytesIO(found["pdf"])).pages) < 60


def huge() -> Plan:
    plan = sample.make_plan([f"h{n}" for n in range(300)])
    versions = tuple(
        v.model_copy(update={"name": f"package-{n}", "target": t})
        for t in plan.targets
        for n, v in enumerate(plan.versions[:1] * 200)
    )
    return plan.model_copy(update={"versions": versions})


def test_three_hundred_hosts_with_two_hundred_packages():
    plan = huge()
    record = sample.successful(["web1"]).model_copy(
        update={
            "plan": plan,
            "rehearsal": sample.make_rehearsal(plan),
            "before": tuple(sample.make_survey(t, "before") for t in plan.targets),
            "outcomes": sample.outcomes_for(plan, 3700),
        }
    )
    for render in RENDER.values():
        began = time.process_time()
        found = render(record, "zh", MADE_AT)
        assert time.process_time() - began < 20
        assert len(PdfReader(io.BytesIO(found["pdf"])).pages) < 90


def test_scripts_that_differ_from_host_to_host_are_all_printed():
    plan = sample.make_plan(["web1", "web2"])
    steps = tuple(
        s.model_copy(update={"command": f"{s.command}\necho only-{s.target}"}) if s.key == "install" else s for s in plan.steps
    )
    text = render_plan_text(plan.model_copy(update={"steps": steps}), "en")
    assert "echo only-web1" in text and "echo only-web2" in text and "Variant 2" in text


def test_a_paper_is_made_in_good_time():
    render_instruction(sample.asked(), "zh", MADE_AT)
    began = time.process_time()
    render_instruction(sample.asked(), "en", MADE_AT)
    assert time.process_time() - began < 2


def test_every_closure_has_its_words():
    assert {f"closure.{c.value}" for c in Closure} <= set(catalogue())
    assert {f"report.say.{c.value}" for c in Closure} <= set(catalogue())


def test_word_file_is_a_sound_archive(papers):
    with zipfile.ZipFile(io.BytesIO(papers("report", "successful", "zh")["docx"])) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == len(set(archive.namelist()))


def test_no_rehearsal_needed_is_said_with_its_reason():
    record = sample.asked()
    why = Text(zh="与变更 CHG-1 的回退相同", en="it is the back-out of change CHG-1")
    record = record.model_copy(update={"rehearsal": None, "plan": record.plan.model_copy(update={"no_rehearsal": why})})
    assert "与变更 CHG-1 的回退相同" in render_plan_page(record, "zh")
    assert why.en in str(instruction(record, Phrases("en", ZONE), MADE_AT).blocks)


@pytest.mark.parametrize("ending", ["refused", "bare refused", "backed out", "failed", "with issues", "expired"])
def test_a_chinese_report_says_no_english_sentence_of_ours(ending):
    """Four English words in a row are a sentence; hosts may say some, and are quoted."""
    paper = report(sample.ENDINGS[ending](), Phrases("zh", ZONE), MADE_AT)
    english = re.compile(r"[A-Za-z']+(?:,? [A-Za-z']+){3,}")
    plan = sample.planned().plan
    others = [sample.SAID, sample.UNDO_SAID, *(i.text.en for i in plan.improvements), sample.SIGNER]
    for block in (paper.cover, *paper.blocks):
        texts = [cell.text for row in block.rows for cell in row] if isinstance(block, Table) else list(getattr(block, "items", ()))
        for text in [*texts, getattr(block, "text", ""), getattr(block, "caption", "")]:
            for words in others:
                text = text.replace(words, "")
            assert not english.search(text), text


def test_a_failed_rehearsal_is_told_in_the_language_of_the_page():
    plan = sample.make_plan(["web1"])
    record = sample.asked(["web1"]).model_copy(update={"plan": plan, "rehearsal": sample.make_rehearsal(plan, passed=False)})
    assert "回退后副本与之前不一致" in render_plan_page(record, "zh") and "not as before" not in render_plan_page(record, "zh")
    assert "the copy was not as before" in render_plan_page(record, "en")


def test_the_digest_to_approve_stands_alone():
    """Beside its label in a table, its 64 characters leave no room for the label."""
    record = sample.asked()
    page = render_plan_page(record, "zh")
    assert f"**待批准摘要值**\n\n```text\n{record.asked.digest}\n```" in page
    assert not any(record.asked.digest in line for line in page.splitlines() if line.startswith("|"))


@pytest.mark.parametrize("ending", ["planned", "asked", "successful"])
def test_people_are_shown_one_digest_only_the_one_that_is_approved(ending):
    record, say = sample.ENDINGS[ending](), Phrases("zh", ZONE)
    for text in (render_plan_page(record, "zh"), str(instruction(record, say, MADE_AT).blocks), str(report(record, say, MADE_AT).blocks)):
        assert record.plan.fingerprint() not in text and record.rehearsal.fingerprint() not in text
        assert record.asked is None or record.asked.digest in text


def test_the_desk_of_the_contract_has_the_contracts_word():
    text = "".join(phrase["zh"] for phrase in catalogue().values())
    assert text.count("事业部征询服务中心") == text.count("服务中心") == 3


def test_a_plan_in_order_says_that_its_steps_alternate_between_the_hosts():
    record = sample.planned(["web1", "web2"])
    steps = tuple(step.model_copy(update={"number": n, "key": f"k{n}", "target": ("web1", "web2")[n % 2]}) for n, step in enumerate(record.plan.steps, 1))
    plan = Plan(**{**dict(record.plan), "steps": steps, "batches": (("web1", "web2"),), "in_order": True})
    assert [group.step.number for group in step_groups(plan)] == [step.number for step in steps]
    for language, words in (("zh", "步骤按编号在主机之间逐一执行"), ("en", "one step at a time across them")):
        assert words in render_plan_page(record.model_copy(update={"plan": plan, "language": language}), language, ZONE)


@pytest.mark.parametrize(("language", "words"), [
    ("zh", ("与备份时状态的比对", "配置文件 43 项、数据表（按行数与摘要） 2 项", "5000", "与备份时一致")),
    ("en", ("Beside the state in the backup", "configuration files 43, tables (by count and digest) 2", "5,000 rows", "it is as in the backup"))])
def test_a_restore_is_held_against_the_backup(language, words):
    record = sample.successful()
    assert words[0] not in str(report(record, Phrases(language, ZONE), MADE_AT).blocks)
    brought_back = Likeness(target="web1", at=MADE_AT, same={"configuration": 43, "package": 0, "rows": 2}, rows=5000)
    text = str(report(record.model_copy(update={"as_it_was": (brought_back,)}), Phrases(language, ZONE), MADE_AT).blocks)
    assert all(word in text for word in words)


def test_a_back_out_has_no_way_back_and_fails_nothing_that_it_did_not_require():
    """What was broken before the change is broken again: that check is shown, and does not count."""
    record = sample.successful(["web1"])
    steps = tuple(step.model_copy(update={"reversible": "no", "undo": "", "point_of_no_return": False}) for step in record.plan.steps)
    plan = record.plan.model_copy(update={"kind": "back-out", "steps": steps, "acceptance": record.plan.acceptance[1:]})
    after = tuple(survey.model_copy(update={"health": sample.health(False)}) for survey in record.after)
    back = record.model_copy(update={"plan": plan, "procedure": "back-out", "after": after, "journal": ()})
    for language, passed, spared, stop, none in (("zh", "全部 1 项验收检查通过", "异常（不作要求）", "失败即停止并回退", "回退本身不再回退"),
                                                 ("en", "The acceptance check passed", "not good (not required)", "failure: stop, back out",
                                                  "a back-out is not itself taken back")):
        say = Phrases(language, ZONE, "back-out")
        told, guide = (str(paper(back, say, MADE_AT).blocks) for paper in (report, instruction))
        assert passed in told and spared in told and catalogue()["report.verify_bad"][language].split("}}")[-1] not in told
        assert f"text='{stop}'" not in guide and none in guide and f"text='{say('reversible.no')}'" not in guide
