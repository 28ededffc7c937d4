"""A paper as one HTML file: everything inside, nothing loaded from anywhere, fit to be printed."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from pathlib import Path

import jinja2

from reports.documents.paper import Paper


@cache
def _template() -> jinja2.Template:
    loader = jinja2.FileSystemLoader(Path(__file__).parent / "templates")
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["base64"] = lambda content: b64encode(content).decode()
    return environment.get_template("paper.html.j2")


def to_html(paper: Paper) -> bytes:
    return _template().render(paper=paper).encode("utf-8")
