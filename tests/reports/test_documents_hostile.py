"""Whatever a host or a person writes appears as text and acts nowhere: Typst, HTML, Word, Markdown, terminal."""

from __future__ import annotations

import io
import json
import unicodedata

import pytest
import typst
from docx import Document
from docx.oxml.ns import qn
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from pypdf import PdfReader

from reports.documents import render_plan_page, render_plan_text, render_report
from reports.documents.paper import Cell, visible
from reports.documents.pdf import FONTS, breakable, quoted
from reports.documents.phrases import Phrases
from reports.documents.plain import escaped
from reports.documents.report import report
from reports.records import same
from tests.reports import sample

NASTY = [
    '"); #panic("owned") //',
    '#read("/etc/passwd")',
    "\\",
    '\\"',
    "\\u{41}",
    "#sys.inputs",
    "$ x^2 $",
    "@ref <label>",
    "*bold* _it_ `code` ```",
    "</td><script>alert(1)</script>",
    "{{ 7*7 }} {% raw %}",
    "&lt;&#60;",
    "]]>",
    "<!-- -->",
    "| a | b |",
    "![x](http://example.org/x.png)",
    "[x](javascript:alert(1))",
    "http://example.org www.example.org a@example.org",
    "\x00\x01\x1b[31mred\x1b[0m\x7f\x9b",
    "\u202eevil\u202c\u200b\ufeff\ufffe",
    "\ud800",
    "line\r\nnext\rover",
    "-" * 500,
    "字" * 300,
    "# heading",
    "1. one",
    "- item",
    "😀 ཀ 𪚥",
    "\t\ttabs",
    "~~x~~ :smile: ^x^ ==y==",
    "\u2028\u2029",
]
TEXT = st.text(st.characters(), max_size=60) | st.sampled_from(NASTY) | st.text('\\"#{}[]()<>$`*_@|\n\t ~a', max_size=40)


@settings(max_examples=200, deadline=None)
@given(TEXT)
@example("".join(NASTY[:20]))
def test_typst_reads_back_exactly_the_text(text):
    """The escape filter, proven by the compiler itself: the string it reads is the string we had; a tab, which it does not print, is a space."""
    shown = visible(text).replace("\t", " ")
    source = f"#metadata(({quoted(visible(text))}, ({breakable(visible(text))},).join())) <read>"
    compiler = typst.Compiler(input=source.encode(), font_paths=[str(FONTS)], ignore_system_fonts=True)
    assert json.loads(compiler.query("<read>", field="value", one=True)) == [shown, shown]


@settings(max_examples=200, deadline=None)
@given(TEXT)
def test_nothing_that_acts_on_a_terminal_is_left(text):
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Cn") and c not in "\n\t" for c in visible(text))


@settings(max_examples=200, deadline=None)
@given(TEXT)
def test_markdown_shows_exactly_the_text(text):
    shown = visible(text)
    parser = MarkdownIt("commonmark").enable("table").enable("strikethrough")
    tokens = parser.parse(f"| a |\n| --- |\n| {escaped(shown)} |\n")
    cells = [t for t in tokens if t.type == "inline"]
    assert len(cells) == 2
    kinds = {child.type for child in cells[1].children}
    assert kinds <= {"text", "text_special"}, kinds
    assert "".join(child.content for child in cells[1].children).split() == shown.split()


def hostile_record(text: str):
    record = sample.backed_out()
    plan = record.plan
    step = plan.steps[0].model_copy(update={"command": f"echo 1\n{text}", "account": text or "root"})
    plan = plan.model_copy(
        update={
            "steps": (step, *plan.steps[1:]),
            "reason": text,
            "versions": tuple(v.model_copy(update={"name": text, "before": text}) for v in plan.versions[:3]),
            "improvements": tuple(i.model_copy(update={"text": same(text), "references": (text,)}) for i in plan.improvements),
        }
    )
    bad = record.outcomes[-1].model_copy(update={"problem": same(text), "output": text * 3})
    answer = record.approvals[0].model_copy(update={"name": text, "reason": text, "taken_by": text})
    entry = record.journal[0].model_copy(update={"event": text, "target": text, "detail": {text: text}})
    return record.model_copy(
        update={
            "plan": plan,
            "reason": text,
            "requester": text,
            "outcomes": (*record.outcomes[:-1], bad),
            "approvals": (answer,),
            "journal": (entry,),
            "issues": (same(text),),
            "closure_reason": same(text),
            "customer_name": record.customer_name.model_copy(update={"zh": text}),
        }
    )


def plain_json(text: str) -> str:
    return text.encode("utf-8", "replace").decode()  # a lone surrogate cannot be digested; records never hold one


@pytest.mark.parametrize("text", ["\n".join(NASTY[i::4]) for i in range(4)])
def test_hostile_text_is_only_text_everywhere(text):
    text = plain_json(text)
    record = hostile_record(text)
    made = render_report(record, "zh", sample.at(0))
    lines = ["".join(line.split()) for line in visible(text).split("\n")]
    page = made["html"].decode()
    assert "<script" not in page and "javascript:" not in page.replace("[x](javascript:alert(1))", "")
    body = Document(io.BytesIO(made["docx"])).element.body
    word = "".join("".join((t.text or "").split()) for t in body.iter(qn("w:t")))
    assert all(line in word for line in lines)
    pdf = "".join("".join(p.extract_text().split()) for p in PdfReader(io.BytesIO(made["pdf"])).pages)
    for line in lines:
        assert not line.isascii() or len(line) > 50 or line in pdf, line
    markdown = render_plan_page(record, "zh")
    ours = {record.asked.digest}  # the only code on the page
    kinds = {t.type for t in MarkdownIt("commonmark").enable("table").parse(markdown) if t.content.strip() not in ours}
    assert not kinds & {"html_block", "fence", "code_block", "hr", "ordered_list_open"}, kinds
    inline = {c.type for t in MarkdownIt("commonmark").enable("table").parse(markdown) for c in t.children or ()}
    assert inline <= {"text", "text_special", "strong_open", "strong_close", "softbreak"}, inline
    terminal = render_plan_text(record.plan, "zh")
    assert not any(ord(c) < 32 and c not in "\n\t" or 0x7F <= ord(c) < 0xA0 for c in terminal)


@settings(max_examples=5, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200))
def test_any_text_can_be_made_into_papers(text):
    made = render_report(hostile_record(text), "en", sample.at(0))
    assert PdfReader(io.BytesIO(made["pdf"])).pages
    assert Document(io.BytesIO(made["docx"])).paragraphs


def test_what_does_not_show_is_written_out():
    assert visible("a\x1b[31m\u202eb\x00\n\tc") == "a\\x1b[31m\\u202eb\\x00\n\tc"
    assert visible("a\r\nb\rc") == "a\nb\\x0dc"
    assert Cell("\u200b").text == "\\u200b"
    assert visible("中文，“引号” é ①") == "中文，“引号” é ①"


def test_a_long_word_is_broken_and_not_cut():
    """Every character of a word without spaces stays within the paper's margins."""
    digest = "0123456789abcdef" * 40
    record = sample.successful().model_copy(update={"issues": (same(digest),), "closure_reason": same(digest)})
    pdf = render_report(record, "en", sample.at(0))["pdf"]
    text = "".join("".join(p.extract_text().split()) for p in PdfReader(io.BytesIO(pdf)).pages)
    assert text.count("0123456789abcdef") >= 75  # two times forty, but for those with a page's foot between
    edges = []
    for page in PdfReader(io.BytesIO(pdf)).pages:
        page.extract_text(visitor_text=lambda t, cm, tm, font, size: edges.append((cm[4] + tm[4]) if t.strip() else 0))
    assert max(edges) < 595.28 - 60


def test_report_keeps_hostile_output_out_of_the_layout():
    paper = report(hostile_record('"); #panic("owned") //'), Phrases("en", "Asia/Shanghai"), sample.at(0))
    assert any('#panic("owned")' in str(block) for block in paper.blocks)
