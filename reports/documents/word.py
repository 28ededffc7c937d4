"""A paper as a Word document (.docx): real headings, header and footer with page fields, tables whose head repeats on every page.

Chinese text asks for 宋体 and 黑体 by name, as official papers do; Word has them. The same bytes come out for equal input.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from xml.sax.saxutils import escape, quoteattr

from docx import Document
from docx.enum.section import WD_SECTION
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle

from reports.documents.paper import Block, Cell, Code, Heading, Items, Notice, Paper, Paragraph, Picture, Table

DEEP = "1F3A5F"
TONES = {"good": "1C6B3A", "warn": "8A5A00", "bad": "A31621"}
LINE_MM = 210 - 26 - 22
NAMESPACES = nsdecls("w")


def to_word(paper: Paper, made_at: datetime) -> bytes:
    document = Document()
    _properties(document, paper, made_at)
    _styles(document, paper)
    body = document.element.body
    for child in list(body):
        if child.tag != qn("w:sectPr"):
            body.remove(child)
    _cover(document, paper)
    section = document.add_section(WD_SECTION.NEW_PAGE)
    for each in document.sections:
        each.page_width, each.page_height = Mm(210), Mm(297)
        each.left_margin, each.right_margin, each.top_margin, each.bottom_margin = Mm(26), Mm(22), Mm(27), Mm(24)
    _header_and_footer(section, paper)
    _body(document, paper.front, 100_000)
    _contents(document, paper)
    _body(document, paper.blocks)
    # python-docx leaves the last section's properties in front of what is appended by hand
    properties = body.find(qn("w:sectPr"))
    body.remove(properties)
    body.append(properties)
    return _bytes(document)


def _properties(document, paper: Paper, made_at: datetime) -> None:
    core = document.core_properties
    # a property holds 255 characters
    core.title, core.author, core.subject = f"{paper.title} {paper.number}"[:255], paper.provider[:255], paper.subtitle[:255]
    core.comments = core.keywords = ""
    core.last_modified_by = paper.provider[:255]
    core.created = core.modified = made_at.astimezone(UTC).replace(tzinfo=None)
    core.language = "zh-CN" if paper.language == "zh" else "en-GB"
    core.revision = 1


def _face(style, latin: str, chinese: str, size: float, colour: str = "1C2430", bold: bool = False) -> None:
    style.font.name, style.font.size, style.font.bold, style.font.italic = latin, Pt(size), bold, False
    style.font.color.rgb = RGBColor.from_string(colour)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for name in list(fonts.attrib):
        if "heme" in name:
            del fonts.attrib[name]
    for name, value in (("ascii", latin), ("hAnsi", latin), ("cs", latin), ("eastAsia", chinese)):
        fonts.set(qn(f"w:{name}"), value)


def _styles(document, paper: Paper) -> None:
    zh = paper.language == "zh"
    latin, heading = ("Times New Roman", "Arial") if zh else ("Arial", "Arial")
    styles = document.styles
    there = {style.name for style in styles}

    def paragraph_style(name: str, base: str = "Normal") -> ParagraphStyle:
        style = styles[name] if name in there else styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        if name != "Normal":
            style.base_style = styles[base]
        return style

    normal = paragraph_style("Normal")
    _face(normal, latin, "宋体", 10.5 if zh else 10)
    normal.paragraph_format.space_after, normal.paragraph_format.line_spacing = Pt(4), 1.3
    language = parse_xml(f'<w:lang {NAMESPACES} w:val="en-GB" w:eastAsia="zh-CN"/>')
    normal.element.get_or_add_rPr().append(language)
    text = paragraph_style("Body Text")
    _face(text, latin, "宋体", 10.5 if zh else 10)
    text.paragraph_format.space_after = Pt(5)
    if zh:
        text.element.get_or_add_pPr().append(parse_xml(f'<w:ind {NAMESPACES} w:firstLineChars="200" w:firstLine="420"/>'))
    for level, size in ((1, 15), (2, 12), (3, 10.5)):
        style = paragraph_style(f"Heading {level}")
        _face(style, heading, "黑体", size, DEEP, bold=True)
        style.paragraph_format.space_before, style.paragraph_format.space_after = (
            Pt(18 if level == 1 else 10),
            Pt(8 if level == 1 else 5),
        )
        style.paragraph_format.keep_with_next = True
    title = paragraph_style("Title")
    _face(title, heading, "黑体", 26 if zh else 24, DEEP, bold=True)
    for border in title.element.get_or_add_pPr().findall(qn("w:pBdr")):
        title.element.pPr.remove(border)
    title.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    cell = paragraph_style("Table Text")
    _face(cell, latin, "宋体", 9)
    cell.paragraph_format.space_after, cell.paragraph_format.line_spacing = Pt(0), 1.1
    # A long word of Latin letters is broken where the line ends, not put beyond the cell's edge
    _break_words(cell)
    code = paragraph_style("Command")
    _face(code, "Consolas", "宋体", 8.5)
    code.paragraph_format.space_after, code.paragraph_format.line_spacing = Pt(0), 1.1
    _break_words(code)
    caption = paragraph_style("Command Title")
    _face(caption, heading, "黑体", 9.5, bold=True)
    caption.paragraph_format.space_before, caption.paragraph_format.space_after = Pt(8), Pt(3)
    caption.paragraph_format.keep_with_next = True
    notice = paragraph_style("Notice")
    _face(notice, heading, "黑体", 10.5, bold=True)
    notice.paragraph_format.space_before = notice.paragraph_format.space_after = Pt(6)
    contents = paragraph_style("Contents Title")
    _face(contents, heading, "黑体", 15, DEEP, bold=True)
    contents.paragraph_format.space_after = Pt(10)
    _face(paragraph_style("List Bullet"), latin, "宋体", 10.5 if zh else 10)
    _face(paragraph_style("Header"), latin, "宋体", 9, "55606E")
    _face(paragraph_style("Footer"), latin, "宋体", 9, "55606E")


def _break_words(style) -> None:
    properties = style.element.get_or_add_pPr()
    properties.find(qn("w:spacing")).addprevious(parse_xml(f'<w:wordWrap {NAMESPACES} w:val="0"/>'))  # the order is the schema's


def _run(text: str, *, bold: bool = False, mono: bool = False, colour: str = "", small: bool = False) -> str:
    """One run of text; line feeds and tabs become Word's own."""
    properties = ""
    if mono:
        properties += '<w:rFonts w:ascii="Consolas" w:hAnsi="Consolas" w:cs="Consolas" w:eastAsia="宋体"/>'
    if bold:
        properties += "<w:b/>"
    if colour:
        properties += f'<w:color w:val="{colour}"/>'
    if mono or small:
        properties += f'<w:sz w:val="{14 if mono and small else 16}"/>'
    inner = "<w:br/>".join(
        "<w:tab/>".join(f'<w:t xml:space="preserve">{escape(part)}</w:t>' for part in line.split("\t"))
        for line in text.split("\n")
    )
    return f"<w:r>{f'<w:rPr>{properties}</w:rPr>' if properties else ''}{inner}</w:r>"


def _cell(cell: Cell, width: int, shade: str, bold: bool, keep: bool = False, tall: bool = False, dense: bool = False) -> str:
    run = (
        _run(cell.text, bold=bold or cell.strong or bool(cell.tone), mono=cell.mono, colour=TONES.get(cell.tone, ""), small=dense)
        if cell.text
        else ""
    )
    fill = f'<w:shd w:val="clear" w:color="auto" w:fill="{shade}"/>' if shade else ""
    middle = '<w:vAlign w:val="center"/>' if tall else ""
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{fill}{middle}</w:tcPr>'
        f'<w:p><w:pPr><w:pStyle w:val="TableText"/>{"<w:keepNext/>" if keep else ""}</w:pPr>{run}</w:p></w:tc>'
    )


def _table(table: Table) -> Sequence:
    total = int(LINE_MM / 25.4 * 1440)
    widths = [int(total * share / sum(table.widths)) for share in table.widths]
    borders = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="B8C0CC"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    height = '<w:trHeight w:val="560" w:hRule="atLeast"/>' if table.tall else ""
    edge = 20 if table.dense else 50
    parts = [
        f'<w:tbl {NAMESPACES}><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:tblBorders>{borders}</w:tblBorders>'
        '<w:tblLayout w:type="fixed"/><w:tblCellMar>'
        f'<w:top w:w="{edge}" w:type="dxa"/><w:left w:w="90" w:type="dxa"/><w:bottom w:w="{edge}" w:type="dxa"/>'
        '<w:right w:w="90" w:type="dxa"/></w:tblCellMar></w:tblPr><w:tblGrid>'
    ]
    parts += [f'<w:gridCol w:w="{width}"/>' for width in widths] + ["</w:tblGrid>"]
    if table.head:
        parts.append("<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>")
        parts += [_cell(Cell(name), width, "DFE7F1", True, True, dense=table.dense) for name, width in zip(table.head, widths, strict=True)] + [
            "</w:tr>"
        ]
    for place, row in enumerate(table.rows, 1):
        keep = table.keeps_together and place < len(table.rows)
        longest = max(len(cell.text) for cell in row)
        split = "" if longest > 400 else "<w:cantSplit/>"  # a row longer than a page must be allowed to break
        parts.append(f"<w:tr><w:trPr>{split}{height}</w:trPr>" if split or height else "<w:tr>")
        parts += [
            _cell(cell, width, "F2F5F9" if index == 0 and not table.head else "", False, keep, table.tall, table.dense)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ] + ["</w:tr>"]
    parts.append("</w:tbl>")
    return parse_xml("".join(parts)), _paragraph(properties=GAP)


GAP = '<w:spacing w:before="0" w:after="60" w:line="120" w:lineRule="exact"/>'  # after a table, so that two do not join


def _paragraph(inner: str = "", properties: str = "", style: str = "") -> object:
    """A paragraph; properties in the order of the schema."""
    style = f'<w:pStyle w:val="{style}"/>' if style else ""
    return parse_xml(f"<w:p {NAMESPACES}><w:pPr>{style}{properties}</w:pPr>{inner}</w:p>")


def _code(code: Code) -> Sequence:
    """Two columns, line numbers and lines: a line without a number continues the one above."""
    title = _paragraph(_run(code.caption), style="CommandTitle")
    if not code.lines:
        return title, _paragraph(properties=GAP)
    total = int(LINE_MM / 25.4 * 1440)
    number = 560
    sides = ("top", "left", "bottom", "right")
    border = "".join(f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="B8C0CC"/>' for side in sides)
    shade = '<w:shd w:val="clear" w:color="auto" w:fill="F7F8FA"/>'

    def field(width: int, run: str, place: str = "") -> str:
        return (
            f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{shade}</w:tcPr>'
            f'<w:p><w:pPr><w:pStyle w:val="Command"/>{place}</w:pPr>{run}</w:p></w:tc>'
        )

    right = '<w:jc w:val="right"/>'
    rows = [
        f"<w:tr>{field(number, _run(str(code.first + index), colour='7A8494'), right)}"
        f"{field(total - number, _run(line) if line else '')}</w:tr>"
        for index, line in enumerate(code.lines)
    ]
    table = (
        f'<w:tbl {NAMESPACES}><w:tblPr><w:tblW w:w="{total}" w:type="dxa"/><w:tblBorders>{border}</w:tblBorders>'
        f'<w:tblLayout w:type="fixed"/></w:tblPr>'
        f'<w:tblGrid><w:gridCol w:w="{number}"/><w:gridCol w:w="{total - number}"/></w:tblGrid>{"".join(rows)}</w:tbl>'
    )
    return title, parse_xml(table), _paragraph(properties=GAP)


def _add(document, *elements) -> None:
    properties = document.element.body.find(qn("w:sectPr"))
    for element in elements:
        properties.addprevious(element)


def _centred(text: str, size: float, before: int) -> object:
    run = f'<w:r><w:rPr><w:sz w:val="{int(size * 2)}"/></w:rPr><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'
    return _paragraph(run, f'<w:spacing w:before="{before}" w:after="60"/><w:jc w:val="center"/>')


def _cover(document, paper: Paper) -> None:
    _add(
        document,
        _centred(paper.owner, 15, 600),
        _paragraph(_run(paper.title), '<w:spacing w:before="1300" w:after="200"/>', "Title"),
        _centred(paper.subtitle, 13, 0),
        _centred("", 12, 1400),
        *_table(paper.cover),
        _paragraph(_run(paper.versions_title), '<w:spacing w:before="500"/>', "CommandTitle"),
        *_table(paper.versions),
        _centred(paper.provider, 12, 900),
        _centred(paper.date, 12, 60),
    )


def _part(kind: str) -> str:
    return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'


def _code_of_field(code: str) -> str:
    return f'<w:r><w:instrText xml:space="preserve"> {code} </w:instrText></w:r>'


def _field(code: str) -> str:
    return f"{_part('begin')}{_code_of_field(code)}{_part('separate')}<w:r><w:t>1</w:t></w:r>{_part('end')}"


def _header_and_footer(section, paper: Paper) -> None:
    """The cover has neither, but counts: fields for a section's own pages are not known to every word processor."""
    section.header.is_linked_to_previous = section.footer.is_linked_to_previous = False
    right = int(LINE_MM / 25.4 * 1440)
    stops = "".join(f'<w:tab w:val="clear" w:pos="{place}"/>' for place in (4320, 4680, 8640, 9360))  # the template's own
    head = _paragraph(
        f"{_run(paper.running_head)}<w:r><w:tab/></w:r>{_run(paper.number)}",
        '<w:pBdr><w:bottom w:val="single" w:sz="4" w:space="3" w:color="B8C0CC"/></w:pBdr>'
        f'<w:tabs>{stops}<w:tab w:val="right" w:pos="{right}"/></w:tabs>',
        "Header",
    )
    before, between, after = (_run(paper.words[name]) for name in ("page_before", "page_between", "page_after"))
    foot = _paragraph(f"{before}{_field('PAGE')}{between}{_field('NUMPAGES')}{after}", '<w:jc w:val="center"/>', "Footer")
    for part, paragraph in ((section.header, head), (section.footer, foot)):
        for old in list(part._element):
            part._element.remove(old)
        part._element.append(paragraph)


def _contents(document, paper: Paper) -> None:
    """A table of contents that is right as it is: chapters with links, no page numbers until Word is asked for them."""
    entries = [heading for heading in paper.headings if heading.level == 1]
    begin = _part("begin") + _code_of_field('TOC \\o "1-1" \\h \\n') + _part("separate")
    lines = [_paragraph(_run(paper.words["contents"]), style="ContentsTitle")]
    for index, heading in enumerate(entries, 1):
        link = f"<w:hyperlink w:anchor={quoteattr(heading.anchor)}>{_run(f'{heading.number}  {heading.text}')}</w:hyperlink>"
        inner = (begin if index == 1 else "") + link + (_part("end") if index == len(entries) else "")
        # below the tables of document control there is less room, and the contents shall not run over by a line or two
        lines.append(_paragraph(inner, '<w:spacing w:after="20" w:line="252" w:lineRule="auto"/>' if paper.front else '<w:spacing w:after="60"/>'))
    _add(document, *lines, _paragraph('<w:r><w:br w:type="page"/></w:r>'))


def _body(document, blocks: Sequence[Block], first: int = 0) -> None:
    """first: where the ids of the bookmarks begin, which must differ within a document."""
    elements: list = []
    for index, block in enumerate(blocks):
        following = blocks[index + 1] if index + 1 < len(blocks) else None
        opens = isinstance(following, Heading) and index > 0 and isinstance(blocks[index - 1], Heading)  # a sentence before the first section
        keep = "<w:keepNext/>" if opens or isinstance(following, Table | Items | Picture) else ""
        match block:
            case Heading():
                fresh = "<w:pageBreakBefore/>" if block.appendix and block.level == 1 and block.number.endswith("A") else ""
                mark = f'<w:bookmarkStart w:id="{first + index}" w:name={quoteattr(block.anchor)}/>'
                run = f'{mark}{_run(f"{block.number}  {block.text}".strip())}<w:bookmarkEnd w:id="{first + index}"/>'
                elements.append(_paragraph(run, fresh, f"Heading{block.level}"))
            case Paragraph():
                elements.append(_paragraph(_run(block.text), keep, "BodyText"))
            case Items():
                elements += [_paragraph(_run(item), style="ListBullet") for item in block.items]
            case Notice():
                colour = TONES.get(block.tone, DEEP)
                border = f'<w:pBdr><w:left w:val="single" w:sz="24" w:space="8" w:color="{colour}"/></w:pBdr>'
                shade = '<w:shd w:val="clear" w:color="auto" w:fill="F2F5F9"/>'
                elements.append(_paragraph(_run(block.text, colour=colour), keep + border + shade, "Notice"))
            case Table():
                elements += _table(block)
            case Code():
                elements += _code(block)
            case Picture():
                elements += _picture(document, block)
    _add(document, *elements)


def _picture(document, picture: Picture) -> Sequence:
    inline = document.part.new_pic_inline(io.BytesIO(picture.png), Mm(LINE_MM), None)
    inline.docPr.set("descr", picture.alt)
    drawing = parse_xml(f"<w:r {NAMESPACES}><w:drawing/></w:r>")
    drawing[0].append(inline)
    paragraph = _paragraph(properties='<w:keepNext/><w:spacing w:before="120" w:after="0"/><w:jc w:val="center"/>')
    paragraph.append(drawing)
    return paragraph, _paragraph(_run(picture.caption, bold=True, small=True), '<w:spacing w:after="160"/><w:jc w:val="center"/>')


def _bytes(document) -> bytes:
    saved = io.BytesIO()
    document.save(saved)
    return without_times(saved)


def without_times(saved: io.BytesIO) -> bytes:
    """The archive with fixed times in its directory, so that equal papers are equal bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(saved) as there, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as here:
        for name in there.namelist():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            here.writestr(entry, there.read(name))
    return out.getvalue()
