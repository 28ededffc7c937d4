"""A paper as one HTML file: everything inside, nothing loaded from anywhere, fit to be printed."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import jinja2

from reports.documents.paper import Paper


@cache
def _template() -> jinja2.Template:
    loader = jinja2.FileSystemLoader(Path(__file__).parent / "templates")
    return jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).get_template("paper.html.j2")


def to_html(paper: Paper) -> bytes:
    return _template().render(paper=paper).encode("utf-8")
