"""The inspection report (R123-R142): both languages, four formats, read back with other libraries; three hosts and three hundred."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import zipfile
from collections import Counter

import pytest
from docx import Document
from docx.oxml.ns import qn
from markdown_it import MarkdownIt
from openpyxl import load_workbook
from pypdf import PdfReader

from reports.documents import charts, render_inspection, render_inspection_page
from reports.documents.findings import DATABASE, SYSTEM, Findings
from reports.documents.inspection import CHAPTERS, ROWS_ON_PAPER, inspection, statements
from reports.documents.inspection_sheet import inspection_sheet
from reports.documents.inspection_words import Words
from reports.documents.paper import Code, Heading, Notice, Paper, Picture, Table, visible
from reports.documents.phrases import Phrases
from reports.records import InspectionRecord, LimitAbout, Outcome
from tests.reports import inspection_sample as sample
from tests.reports.test_documents import Shown, squeezed, text_of_pdf, text_of_word
from tests.reports.test_documents_hostile import NASTY, plain_json

ZONE = "Asia/Shanghai"
LANGUAGES = ("zh", "en")
MADE_AT = sample.at(0.05)
RECORDS = {"first": sample.first, "small": sample.small, "unreached": sample.with_unreached, "database": sample.database}


def paper_of(record: InspectionRecord, language: str = "zh") -> Paper:
    return inspection(record, Phrases(language, ZONE), MADE_AT)


def tables(paper: Paper) -> list[Table]:
    return [block for block in (*paper.front, *paper.blocks) if isinstance(block, Table)]


def words_of(paper: Paper) -> list[str]:
    """Everything the paper says but for commands."""
    said = [paper.title, paper.subtitle, *(cell.text for row in paper.cover.rows for cell in row)]
    for block in (*paper.front, *paper.blocks):
        if isinstance(block, Table):
            said += [*block.head, *(cell.text for row in block.rows for cell in row if not cell.mono)]
        elif isinstance(block, Picture):
            said += [block.alt, block.caption]
        elif not isinstance(block, Code):
            said += list(getattr(block, "items", ())) or [block.text]
    return said


def section(paper: Paper, title: str) -> list:
    """The blocks under a heading, up to the next one."""
    start = next(place for place, block in enumerate(paper.blocks) if isinstance(block, Heading) and block.text == title)
    found = []
    for block in paper.blocks[start + 1 :]:
        if isinstance(block, Heading):
            break
        found.append(block)
    return found


@pytest.fixture(scope="module")
def made():
    there: dict[tuple[str, str], dict[str, bytes]] = {}

    def get(name: str, language: str) -> dict[str, bytes]:
        if (name, language) not in there:
            there[name, language] = render_inspection(RECORDS[name](), language, MADE_AT)
        return there[name, language]

    return get


@pytest.mark.parametrize("name", RECORDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_record_becomes_four_files_that_say_the_same(made, name, language):
    record, found = RECORDS[name](), made(name, language)
    assert set(found) == {"html", "pdf", "docx", "xlsx"}
    paper = paper_of(record, language)
    texts = {"pdf": text_of_pdf(found["pdf"]), "docx": text_of_word(found["docx"]), "html": squeezed(Shown(found["html"]).text)}
    for table in tables(paper):
        for piece in (squeezed(cell.text) for row in table.rows for cell in row):
            assert piece in texts["html"] and piece in texts["docx"], piece
            for part in re.findall(r"[\w.+~=:/-]{1,8}", piece):
                assert part in texts["pdf"], part
    for picture in (block for block in paper.blocks if isinstance(block, Picture)):
        assert all(squeezed(picture.caption) in text for text in texts.values())


def test_three_hosts_are_a_short_paper(made):
    for language in LANGUAGES:
        assert 8 <= len(PdfReader(io.BytesIO(made("small", language)["pdf"])).pages) <= 15  # the cover is one of them


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_chapters_follow_the_outline_and_none_is_silent(language):
    for make in RECORDS.values():
        paper = paper_of(make(), language)
        say = Phrases(language, ZONE)
        titles = [h.text for h in paper.headings if h.level == 1]
        parts = [say(f"inspection.chapter.{name}") for name, _ in CHAPTERS[make().procedure]]
        wanted = [
            *(say(f"inspection.{name}") for name in ("summary", "introduction", "targets_chapter")),
            *parts,
            *(say(f"inspection.{name}") for name in ("pages", "tuning", "stage", "opinion", "signatures")),
            *(say(f"inspection.appendix.{name}") for name in ("rows", "checks", "digests")),
        ]
        assert titles == wanted
        for block, following in zip(paper.blocks, (*paper.blocks[1:], None), strict=True):
            assert not isinstance(block, Table) or block.rows
            if isinstance(block, Heading):
                assert following is not None and (not isinstance(following, Heading) or following.level > block.level), block.text


def test_every_chapter_of_the_contract_is_there():
    """R127-R134 and R135-R142, also where there is nothing to say."""
    for make, parts in ((sample.small, SYSTEM), (sample.database, DATABASE)):
        zh = Phrases("zh", ZONE)
        titles = {h.text for h in paper_of(make()).headings}
        assert {zh(f"part.{part}") for part in parts} - titles <= {"性能调优"}  # its chapter is called 调优建议


def test_the_targets_that_were_not_reached_come_first():
    zh = Phrases("zh", ZONE)
    paper = paper_of(sample.with_unreached())
    sections = [h.text for h in paper.headings if h.level == 2]
    assert sections[0] == zh("inspection.not_reached")
    notice, table = section(paper, sections[0])
    assert isinstance(notice, Notice) and notice.tone == "bad" and "2 个对象" in notice.text
    assert [row[0].text for row in table.rows] == ["app1", "app2"] and "连接被拒绝" in table.rows[0][3].text
    page = render_inspection_page(sample.with_unreached(), "zh")
    assert page.index("未能检查") < page.index("总体评级") and "app1、app2" in page
    assert zh("inspection.not_reached") not in [h.text for h in paper_of(sample.small()).headings]
    assert "2" in dict((row[0].text, row[1].text) for row in paper.cover.rows)[zh("inspection.targets")]


def test_many_unreached_are_told_by_reason():
    reads = tuple(sample.unreached(f"h{n}") if n % 2 else sample.unreached(f"h{n}", "没有应答", "no answer") for n in range(200))
    record = sample.small().model_copy(update={"reads": reads, "grade": Outcome.UNKNOWN})
    (_, table) = section(paper_of(record), "未能检查的对象")
    assert [row[1].text for row in table.rows] == ["100", "100"] and len(table.rows[0][2].text) < 400
    assert "不能据此认为一切正常" in str(paper_of(record).blocks)


def test_findings_are_ranked_and_have_evidence_advice_deadline_and_room_for_the_owner():
    (_, table, how) = section(paper_of(sample.small()), "发现的问题与建议")
    assert [row[1].text.split("\n")[0] for row in table.rows] == ["严重"] * 3 + ["警告"] * 4
    first = table.rows[1]
    assert "最近一次备份在 9 天前" in first[3].text and "依据：" in first[3].text and first[4].text == "检查备份任务"
    assert first[5].text == "3 个工作日" and table.rows[3][5].text == "30 日" and all(row[6].text == "" for row in table.rows)
    updates = table.rows[3]
    assert updates[2].text == "web1\nweb2" and updates[3].text.count("14 个安全更新") == 1  # the same on two hosts: one row
    assert "软件升级" in updates[4].text
    assert "software-upgrade" in how.text and f"standfast mend {sample.small().number}" in how.text


def test_first_inspection_and_comparison_are_told_apart():
    assert "首次巡检" in str(section(paper_of(sample.first()), "与上次巡检比较"))
    blocks = section(paper_of(sample.small()), "与上次巡检比较")
    assert [cell.text for cell in blocks[1].rows[0]] == ["4", "1", "0", "2", "1", "3"]
    assert [row[0].text for row in blocks[2].rows][:5] == ["新增"] * 4 + ["加重"]
    assert "首次巡检" in render_inspection_page(sample.first(), "zh") and "INS-20260821-001" in render_inspection_page(sample.small(), "zh")


def test_forecasts_have_their_uncertainty_and_leave_out_what_does_not_grow():
    blocks = section(paper_of(sample.small()), "容量预测")
    rows = blocks[-1].rows
    assert [row[0].text for row in rows] == ["db1", "web1", "db1"]  # the soonest first
    assert [cell.text for cell in rows[0][4:]] == ["26 天\n2026-12-18", "18 天\n2026-12-10", "47 天\n2027-01-08"]
    assert rows[2][6].text == "不可预见" and rows[0][2].text.startswith("93.0 %")
    assert "没有会写满的容量" in str(section(paper_of(sample.first()), "容量预测"))


def test_late_start_and_what_was_not_covered_are_said():
    said = str(paper_of(sample.small()).blocks)
    assert "比计划晚 3 天" in said and "1 处检查未能判定，原因见 1.5" in said
    assert "比计划晚" not in str(paper_of(sample.first()).blocks)
    assert "没有检查项的领域" not in said
    few = sample.first()
    less = few.model_copy(update={"reads": tuple(r.model_copy(update={"rows": r.rows[:3]}) for r in few.reads)})
    assert "没有检查项的领域：系统日志" in str(paper_of(less).blocks)


def test_tuning_gives_the_exact_statement():
    codes = [block for block in paper_of(sample.database(), "en").blocks if isinstance(block, Code)]
    lines = [line for code in codes for line in code.lines]
    assert "DROP INDEX CONCURRENTLY orders.customer_fax_idx;" in lines
    assert ["CREATE INDEX CONCURRENTLY payment_order_id_idx", "  ON orders.payment (order_id);"] == lines[2:4]
    assert not any("MiB" in line for line in lines)  # evidence that is no statement
    row = sample.row("d", "PG-33", Outcome.WARNING, "x", "x", evidence="  hint\ndrop index a;\n\tb\nDROPPED\nVACUUM t;")
    assert statements(row) == ["drop index a;", "\tb", "VACUUM t;"]


def test_the_customer_can_answer_and_sign():
    chinese, english = ("顾客意见和建议", "满意度", "签字（盖章）", "顾客确认"), ("opinions and suggestions", "Satisfaction", "Signature (seal)", "Customer")
    for language, words in (("zh", chinese), ("en", english)):
        said = "\n".join(words_of(paper_of(sample.small(), language)))
        assert all(word in said for word in words)


def test_what_no_check_describes_is_still_told():
    record = sample.first()
    strange = sample.row("web1", "ZZ-01", Outcome.CRITICAL, "不明的检查", "a strange check")
    reads = (record.reads[0].model_copy(update={"rows": (strange,)}), *record.reads[1:])
    said = str(paper_of(record.model_copy(update={"reads": reads, "grade": Outcome.CRITICAL})).blocks)
    assert "不明的检查" in said and "其他检查" in said and "ZZ-01" in said


def in_chinese(value: object) -> str:
    """All that a record holds, without the English half of its sentences."""
    if isinstance(value, dict):
        return value["zh"] if set(value) == {"zh", "en"} else " ".join(in_chinese(part) for pair in value.items() for part in pair)
    return " ".join(map(in_chinese, value)) if isinstance(value, list) else str(value)


def test_the_chinese_paper_has_no_english_of_ours():
    for make in (*RECORDS.values(), lambda: sample.many(60, 45)):
        record = make()
        shown = in_chinese(record.model_dump(mode="json")) + "SHA-256 INS IR UTC Asia Shanghai PostgreSQL GiB MiB KiB TiB standfast mend check Deployments show"
        for text in (*words_of(paper_of(record)), render_inspection_page(record, "zh")):
            for word in re.findall(r"[A-Za-z]{2,}", text):
                assert word in shown, (word, text)
        cells = {cell.text for table in tables(paper_of(record)) for row in table.rows for cell in row if not cell.mono}
        english = {outcome.value for outcome in Outcome} | {"host", "new", "fixed", "gone", "same", "worse", "own judgement", *SYSTEM, *DATABASE}
        assert not cells & english
    for name in ("warning", "critical"):
        assert not any(name in cell.text for table in tables(paper_of(sample.small())) for row in table.rows for cell in row)


def test_limits_are_told_in_the_language_of_the_paper():
    limits = {"left": LimitAbout(warning=30, critical=7, unit="days", over=False, source="netdata x509check; own judgement"),
              "free": LimitAbout(warning=100 << 20, unit="bytes"),
              "count": LimitAbout(critical=20000, unit="% of packets", source=sample.text("手册", "manual"))}
    check = sample.SYSTEM["RES-01"][0].model_copy(update={"limits": limits})
    assert Words(sample.first(), Phrases("zh", ZONE)).limits(check) == (
        "left：警告 ≤ 30 天、严重 ≤ 7 天（netdata x509check; 经验值）\nfree：警告 ≥ 100.0 MiB\ncount：严重 ≥ 20,000 %（占报文数）（手册）")
    assert Words(sample.first(), Phrases("en", ZONE)).limits(check) == (
        "left: warning ≤ 30 days, critical ≤ 7 days (netdata x509check; own judgement)\nfree: warning ≥ 100.0 MiB\n"
        "count: critical ≥ 20,000 % of packets (manual)")


def test_names_of_objects_that_are_words_of_ours_are_told_in_the_language_of_the_paper():
    check = sample.SYSTEM["RES-01"][0].model_copy(update={"objects": {"errors": "错误", "node": "节点", "size": "大小"}})
    record = sample.first().model_copy(update={"checks": (check,)})
    rows = [sample.row("web1", "RES-01", Outcome.OK, "", "", object=name) for name in ("size", "eth0 errors", "node web2", "resize", "nodes", "")]
    assert [Words(record, Phrases("zh", ZONE)).place(row) for row in rows] == [
        "web1 大小", "web1 eth0 错误", "web1 节点 web2", "web1 resize", "web1 nodes", "web1"]
    assert [Words(record, Phrases("en", ZONE)).object(row) for row in rows] == ["size", "eth0 errors", "node web2", "resize", "nodes", ""]


def test_the_english_paper_has_no_chinese_of_ours():
    said = "\n".join(words_of(paper_of(sample.small(), "en")))
    for theirs in ("2026 年第四季度例行巡检", "李工", "网络安全法 第二十一条", "等保 2.0"):
        said = said.replace(theirs, "")
    assert not re.findall("[\u4e00-\u9fff]+", said)


def test_equal_input_gives_equal_bytes():
    one, two = (render_inspection(sample.small(), "zh", MADE_AT) for _ in range(2))
    assert one == two
    later = render_inspection(sample.small(), "zh", sample.at(1))
    assert all(one[name] != later[name] for name in one)


def test_equal_bytes_in_another_process_with_other_settings(tmp_path):
    """Neither time, home, locale nor the machine's own settings of the drawing library show in the files."""
    (tmp_path / "matplotlibrc").write_text("font.size: 20\nsavefig.dpi: 30\nsvg.fonttype: none\n")
    code = (
        "import hashlib; from tests.reports import inspection_sample as s; from reports.documents import render_inspection\n"
        "print({k: hashlib.sha256(v).hexdigest() for k, v in sorted(render_inspection(s.first(), 'zh', s.at(0.05)).items())})"
    )
    said = []
    for settings in ({}, {"MATPLOTLIBRC": str(tmp_path), "TZ": "America/Lima", "PYTHONHASHSEED": "7", "LC_ALL": "C"}):
        environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": ".", "HOME": str(tmp_path), "MPLCONFIGDIR": str(tmp_path), **settings}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        said.append(done.stdout)
    assert said[0] == said[1] and "pdf" in said[0]


def test_the_drawing_library_is_not_loaded_before_it_is_needed():
    code = "import sys, reports.documents; sys.exit(any(name in sys.modules for name in ('matplotlib', 'openpyxl')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_pictures_are_in_all_formats_with_words_for_who_cannot_see_them(made):
    paper = paper_of(sample.small())
    pictures = [block for block in paper.blocks if isinstance(block, Picture)]
    assert [p.caption for p in pictures][0] == "检查结果分布" and len(pictures) == 4
    assert "严重 3、警告 5、未能判定 1、正常 106、不适用 10" in pictures[0].alt
    found = made("small", "zh")
    shown = [attributes for tag, attributes in Shown(found["html"]).tags if tag == "img"]
    assert [a["alt"] for a in shown] == [p.alt for p in pictures]
    assert all(a["src"].startswith("data:image/svg+xml;base64,") for a in shown)
    document = Document(io.BytesIO(found["docx"]))
    assert [p.get("descr") for p in document.element.body.iter(qn("wp:docPr"))] == [p.alt for p in pictures]
    with zipfile.ZipFile(io.BytesIO(found["docx"])) as archive:
        images = [archive.read(name) for name in archive.namelist() if name.startswith("word/media/")]
    assert sorted(images) == sorted(p.png for p in pictures)
    for picture in pictures:
        assert picture.svg.startswith(b"<?xml") and b"<script" not in picture.svg and b"<text" not in picture.svg
        assert not re.search(rb'href="(?!#)', picture.svg)  # nothing is loaded


def test_html_loads_nothing_from_anywhere(made):
    page = Shown(made("small", "zh")["html"])
    assert {tag for tag, _ in page.tags} & {"script", "link", "iframe", "object", "embed", "form"} == set()
    assert all(a["href"].startswith("#") for tag, a in page.tags if tag == "a")
    assert all(a["src"].startswith("data:") for _, a in page.tags if "src" in a)


@pytest.mark.parametrize("text", ["\n".join(NASTY[i::4]) for i in range(4)] + ["", "=cmd|' /C calc'!A0", "$\\frac{1}{0}$"])
def test_hostile_text_is_only_text_everywhere(text):
    text = plain_json(text)
    record = sample.hostile(text)
    found = render_inspection(record, "zh", MADE_AT)
    lines = [squeezed(line) for line in visible(text).split("\n")]
    page = found["html"].decode()
    assert "<script" not in page and not re.search(r'(src|href)="(?!data:image/svg|#)', page)
    word = text_of_word(found["docx"])
    assert all(line in word for line in lines)
    assert PdfReader(io.BytesIO(found["pdf"])).pages
    markdown = MarkdownIt("commonmark").enable("table").parse(render_inspection_page(record, "zh"))
    assert not {t.type for t in markdown} & {"html_block", "fence", "code_block", "hr", "ordered_list_open"}
    inline = {child.type for t in markdown for child in t.children or ()}
    assert inline <= {"text", "text_special", "strong_open", "strong_close", "softbreak"}, inline
    book = load_workbook(io.BytesIO(found["xlsx"]))
    values = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert all(cell.data_type in "sn" for cell in values)  # no formula, no error, no date
    assert all(cell.quotePrefix for cell in values if isinstance(cell.value, str) and cell.value.startswith(("=", "+", "-", "@", "\t")))
    assert not re.search(r"<f[ >]|<hyperlink", "".join(xml_of(found["xlsx"])))


def xml_of(content: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return [archive.read(name).decode() for name in archive.namelist() if name.endswith(".xml")]


def test_a_formula_from_a_host_stays_text():
    said = '=HYPERLINK("http://evil.example","x")'
    book = load_workbook(io.BytesIO(inspection_sheet(sample.hostile(said), Phrases("zh", ZONE), MADE_AT)))
    cells = [cell for row in book["全部结果"].iter_rows() for cell in row if cell.value == said]
    assert len(cells) >= 5 and all(cell.data_type == "s" and cell.quotePrefix for cell in cells)


def test_the_spreadsheet_has_every_row_and_can_be_filtered():
    record = sample.with_unreached()
    book = load_workbook(io.BytesIO(inspection_sheet(record, Phrases("zh", ZONE), MADE_AT)))
    assert book.sheetnames == ["总结", "问题", "全部结果", "容量预测", "未能检查", "对象", "变化"]
    rows = [row.says.zh for read in record.reads for row in read.rows]
    sheet = book["全部结果"]
    assert [sheet.cell(place, 7).value for place in range(2, sheet.max_row + 1)] == rows
    for name in book.sheetnames[1:]:
        assert book[name].freeze_panes == "A2" and book[name].auto_filter.ref.startswith("A1:") and book[name].column_dimensions["A"].width > 5
    assert sheet.auto_filter.ref == f"A1:M{len(rows) + 1}"
    assert book["问题"].max_row - 1 == sum(row.outcome in (Outcome.CRITICAL, Outcome.WARNING) for read in record.reads for row in read.rows)
    assert [cell.value for cell in book["未能检查"]["A"]] == ["对象", "app1", "app2"]
    assert book["容量预测"].max_row - 1 == len(record.forecasts) and book["对象"].max_row - 1 == len(record.reads)
    figures = [cell.value for cell in sheet["H"][1:] if cell.value is not None]
    assert figures and all(isinstance(value, int | float) for value in figures)


def test_three_hundred_hosts_stay_on_few_pages():
    record = sample.many(300, 60)
    assert sum(len(read.rows) for read in record.reads) > 17_000
    found = render_inspection(record, "zh", MADE_AT)
    assert len(PdfReader(io.BytesIO(found["pdf"])).pages) <= 30
    text = text_of_pdf(found["pdf"])
    assert "86个对象" in text and "全部结果" in text
    assert all(read.target in text for read in record.reads)  # with findings, without, not reached: everyone is named
    sheets = xml_of(found["xlsx"])
    assert 1 + sum(len(read.rows) for read in record.reads) in [text.count("<row ") for text in sheets]


def test_the_paper_does_not_grow_with_the_hosts_beyond_their_names():
    sizes = {}
    for hosts in (500, 1500):
        paper = paper_of(sample.many(hosts, 41))
        sizes[hosts] = sum(len(table.rows) for table in tables(paper)), sum(map(len, words_of(paper)))
    assert sizes[1500][0] <= sizes[500][0] + 400 and sizes[1500][1] <= 2 * sizes[500][1]
    assert len(render_inspection_page(sample.many(500, 41), "zh")) < 9000


def test_work_grows_in_step_with_the_rows():
    """Counted in calls of functions, not in seconds: four times the hosts, not more than a little over four times the work."""
    calls = {}
    for hosts in (30, 120):
        record = sample.many(hosts, 41)
        paper_of(record)  # what is looked up once is looked up
        counter: Counter[str] = Counter()

        def count(frame, event, argument, counter=counter):
            counter[event] += 1

        sys.setprofile(count)
        try:
            words = Words(record, Phrases("zh", ZONE))
            words.found.groups(*Outcome)
            assert words.found.targets_worst_first
            words.found.developments()
            words.found.fullest(12)
            paper_of(record)
            inspection_sheet(record, Phrases("zh", ZONE), MADE_AT)
        finally:
            sys.setprofile(None)
        calls[hosts] = counter.total()
    assert calls[120] < 5 * calls[30]


def test_rows_are_on_paper_as_long_as_they_are_few():
    few = paper_of(sample.small())
    rows = sum(len(read.rows) for read in sample.small().reads)
    assert rows <= ROWS_ON_PAPER
    there = [t for t in tables(few) if t.head == Phrases("zh", ZONE).head("inspection_rows")]
    assert sum(len(t.rows) for t in there) == rows
    assert not [t for t in tables(paper_of(sample.many(20, 41))) if t.head == Phrases("zh", ZONE).head("inspection_rows")]


def test_no_text_leaves_the_page():
    record = sample.hostile("0123456789abcdef" * 30)
    edges: list[float] = []
    for page in PdfReader(io.BytesIO(render_inspection(record, "en", MADE_AT)["pdf"])).pages:
        page.extract_text(visitor_text=lambda t, cm, tm, font, size: edges.append((cm[4] + tm[4]) if t.strip() else 0))
    assert max(edges) < 595.28 - 60


def test_times_are_the_customers():
    assert "2026\\-11\\-22 09:01" in render_inspection_page(sample.small(), "en").replace("2026-11-22", "2026\\-11\\-22")
    assert "02:01" in render_inspection_page(sample.small(), "en", zone="Europe/Berlin")
    with pytest.raises(ValueError, match="Mars/Olympus"):
        render_inspection(sample.small(), "en", MADE_AT, zone="Mars/Olympus")


def test_every_outcome_change_and_grade_has_its_words():
    record = sample.small()
    for language in LANGUAGES:
        for outcome in Outcome:
            paper = paper_of(record.model_copy(update={"grade": outcome}), language)
            assert any(isinstance(block, Notice) for block in paper.blocks)
        empty = record.model_copy(update={"reads": (), "checks": (), "developments": (), "forecasts": (), "grade": Outcome.NOT_APPLICABLE})
        assert paper_of(empty, language).blocks and render_inspection_page(empty, language)


def test_findings_are_sorted_by_weight_then_by_targets():
    found = Findings(sample.many(100, 41))
    groups = found.groups(Outcome.CRITICAL, Outcome.WARNING)
    assert [g.outcome.weight for g in groups] == sorted((g.outcome.weight for g in groups), reverse=True)
    warnings = [len(g.targets) for g in groups if g.outcome is Outcome.WARNING]
    assert warnings == sorted(warnings, reverse=True)


def test_names_in_drawings_are_short_plain_and_have_a_glyph():
    assert charts._words("a" * 100).startswith("aaaa") and len(charts._words("a" * 100)) <= 34 and "..." in charts._words("a" * 100)
    assert charts._words("中" * 50, 20).count("中") <= 10
    assert charts._words("x\x1b[1m\u202e😀") == "x\\x1b[1m\\u202e□"
    one, two = (charts.bars([charts.Bar("$x^2$ <b>", ((3.0, "ok"),), "3")], [("ok", "x")]) for _ in range(2))
    assert one == two and one[1].startswith(b"\x89PNG")
