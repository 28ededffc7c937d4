"""What tasks put on record has a word of the papers in each language: otherwise a Chinese paper shows the English one."""

import ast
from pathlib import Path

import pytest

from reports.documents.phrases import catalogue
from tasks import desk

ROOT = Path(desk.__file__).parents[1]
NEUTRAL = {"%", "°C", "Mb/s", ""}


def calls(*places: str) -> list[ast.Call]:
    files = [file for place in places for file in ([ROOT / place] if place.endswith(".py") else sorted((ROOT / place).rglob("*.py")))]
    return [node for file in files for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]


def events() -> list[str]:
    noted = [call.args[1] for call in calls("tasks", "flows", "standfast.py") if isinstance(call.func, ast.Attribute) and call.func.attr == "note"]
    noted = [one for given in noted for one in ([given.body, given.orelse] if isinstance(given, ast.IfExp) else [given])]
    return sorted({one.value for one in noted if isinstance(one, ast.Constant)} | {"approval approved", "approval rejected", "approval expired"})


def units() -> list[str]:
    given = [keyword.value for call in calls("tasks/checks") for keyword in call.keywords if keyword.arg == "unit"]
    return sorted({text.value for text in given if isinstance(text, ast.Constant)} - NEUTRAL)


@pytest.mark.parametrize("event", events())
def test_events_of_the_journal_have_words(event):
    assert f"event.{event}" in catalogue()


@pytest.mark.parametrize("unit", units())
def test_units_have_words(unit):
    assert f"unit.{unit}" in catalogue()
