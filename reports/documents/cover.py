"""Cover, version table and running words of a paper."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from reports.documents.chapters import Chapters
from reports.documents.paper import Cell, Heading, Paper, Table, cells, facts_table, visible
from reports.documents.phrases import Phrases


def layout_words(say: Phrases) -> dict[str, str]:
    before, rest = say("layout.page").split("{page}")
    between, after = rest.split("{pages}")
    return {
        "contents": say("layout.contents"),
        "page_before": before,
        "page_between": between,
        "page_after": after,
    }


def paper(chapters: Chapters, kind: str, rows: Sequence[tuple[str, str | Cell]], made_at: datetime) -> Paper:
    """The finished paper. kind: "instruction" or "report"."""
    record, say = chapters.record, chapters.say
    number = f"{record.number}-{'UOI' if kind == 'instruction' else 'CR'}"
    owner, provider = record.customer_name.say(say.language), record.provider_name.say(say.language)
    approval = chapters.last_approval()
    approver = approval.name if approval and approval.decision == "approved" else ""
    remark = "plan_only" if kind == "instruction" and chapters.rehearsal is None else kind
    versions = Table(
        say.head("versions"),
        (
            cells(
                ("V1.0", say.moment(made_at)[:10], record.operator or provider, "", approver, say(f"cover.version_remark.{remark}"))
            ),
        ),
        (0.8, 1.3, 1.6, 1.2, 1.2, 2.6),
    )
    cover = facts_table(
        [
            (say("cover.customer"), owner),
            (say("cover.subject"), chapters.subject()),
            (say("cover.change"), record.number),
            (say("cover.document"), number),
            *rows,
            (say("cover.made"), say.moment(made_at)),
        ]
    )
    return Paper(
        language=say.language,
        title=say(f"cover.{kind}"),
        subtitle=visible(chapters.subject()),
        owner=visible(owner),
        provider=visible(provider),
        date=say.day(made_at),
        number=visible(number),
        cover=cover,
        versions_title=say("layout.versions"),
        versions=versions,
        blocks=tuple(chapters.draft.blocks),
        words=layout_words(say),
    )


def read_paper(say: Phrases, blocks: Sequence, made_at: datetime, *, title: str, subtitle: str, number: str, owner: str, provider: str,
               edition: int = 1, author: str, remark: str, cover: Sequence[tuple[str, str | Cell]], facts: Sequence[tuple[str, str | Cell]]) -> Paper:
    """The finished paper of what only read: an inspection, a diagnosis, a security check. facts: of its document control."""
    versions = Table(say.head("versions"), (cells((f"V{edition}.0", say.moment(made_at)[:10], author, "", "", remark)),), (0.8, 1.3, 1.6, 1.2, 1.2, 2.6))
    units = (owner, provider)
    control = (
        Heading(2, "", say("inspection.control"), "control"),
        facts_table(facts),
        Table(say.head("inspection_distribution"), tuple(cells((unit, "", "", "", "")) for unit in units), (2.4, 1, 1, 1.2, 1), tall=True),
        Table(say.head("inspection_reviews"), tuple(cells((unit, "", "", "")) for unit in reversed(units)), (2.4, 1, 2, 1.2), tall=True),
    )
    return Paper(
        language=say.language, title=title, subtitle=subtitle, owner=visible(owner), provider=visible(provider), date=say.day(made_at),
        number=visible(number), cover=facts_table([*cover, (say("cover.document"), number), (say("cover.made"), say.moment(made_at))], 0.22),
        versions_title=say("layout.versions"), versions=versions, blocks=tuple(blocks), words=layout_words(say), front=control)


def document_control(chapters: Chapters, made_at: datetime) -> None:
    """What the paper was made from, who gets it, in which zone its times are."""
    record, say, draft = chapters.record, chapters.say, chapters.draft
    draft.chapter(say("control.title"))
    people = say("control.people", approvers=say.join([a.name for a in chapters.approvers()]), operator=record.operator)
    rows: list[tuple[str, str | Cell]] = [
        (say("fact.number"), record.number),
        (say("fact.procedure"), chapters.procedure()),
        (say("cover.made"), say.moment(made_at, seconds=True)),
        (say("control.zone"), say("control.zone_value", zone=say.zone_name, offset=say.offset(made_at))),
        (say("control.distribution"), people),
    ]
    # The one digest that people are shown: of plan, facts and rehearsal together, which is what is approved.
    rows.append(
        (say("control.approval"), Cell(record.asked.digest, mono=True) if record.asked else Cell(say("control.approval_later")))
    )
    if record.run_url:
        rows.append((say("control.run"), Cell(record.run_url, mono=True)))
    draft.facts(rows)
    chapters.text("control.note")


def signatures(chapters: Chapters, roles: Sequence[str]) -> None:
    """Who signs: role and organisation are printed, the rest is for the hand."""
    record, say = chapters.record, chapters.say
    owner, provider = record.customer_name.say(say.language), record.provider_name.say(say.language)
    rows = [(say(f"sign.{role}"), owner if role in ("approver", "acceptance") else provider, "", "") for role in roles]
    chapters.draft.table(say.head("sign"), rows, (1.5, 2.6, 2.6, 1.6), "", tall=True)
