"""What a check says is said in Chinese and in English, whoever says it: its judge, its parser, its command, its limits."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from reports.documents.phrases import catalogue
from reports.records import Text
from tasks.checks.catalogue import all_checks, host_checks
from tasks.checks.kinds import Known
from tasks.checks.reading import CANNOT, NOT_HERE, Answer, examine
from tests.tasks.checks.test_catalogue import cases, rows_of

CHECKS = Path(__file__).parents[3] / "tasks" / "checks"
CHINESE = re.compile("[\u4e00-\u9fff]")
# `na` or `cannot` where a command begins, and the rest of its line.
SAID = re.compile(r"(?:^|[;&|{)]|\b(?:then|else|do))[ \t]*(?:na|cannot)\b(.*)", re.M)
BOTH = re.compile(r' "([^"]*)" "([^"]*)"')


@pytest.mark.parametrize("command", sorted({check.command for check in host_checks()}), ids=lambda command: " ".join(command.split())[:40])
def test_a_command_says_in_both_languages_why_it_has_no_answer(command):
    for rest in SAID.findall(command):
        both = BOTH.match(rest)
        assert both, f"say it in both languages: na \"中文\" \"English\", not {rest.strip()}"
        assert CHINESE.search(both[1]) and not CHINESE.search(both[2]), both[0]


def test_every_way_to_have_no_answer_is_found():
    """The rule above misses no call: as many as there are of the two words in the commands."""
    commands = {check.command for check in host_checks()}
    assert sum(len(SAID.findall(command)) for command in commands) == sum(len(re.findall(r"\b(?:na|cannot) [\"']", command)) for command in commands) > 100


@pytest.mark.parametrize("path", sorted(CHECKS.rglob("*.py")), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_what_cannot_be_understood_is_told_in_both_languages(path):
    for call in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Unreadable"):
        if not any(isinstance(given, ast.Starred) for given in call.args):  # the system's own words
            en, zh = map(ast.unparse, call.args)
            assert CHINESE.search(zh) and not CHINESE.search(en), f"{path.name}:{call.lineno}"


@pytest.mark.parametrize(("exit_code", "zh", "en"), [(NOT_HERE, "不适用:没有 X", "not applicable: no X"), (CANNOT, "无法检查:没有 X", "cannot be asked: no X")])
def test_each_language_gets_its_line(exit_code, zh, en):
    (row,) = examine(host_checks()[0], Answer("what came before\n\n没有 X\nno X", exit_code), {}, Known(now=None))
    assert (row.zh, row.en) == (zh, en)


# Words that stand in sentences and in no title of a document.
PROSE = re.compile(r"(?<![\w-])(a|an|the|on|is|are|was|be|has|have|had|may|must|own|here|critical|warning|beyond|"
                   r"anyway|after|since the|needs|wants|warns|keeps?|tells?)(?![\w-])")


@pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.id)
def test_a_source_or_a_need_that_is_a_sentence_is_in_both_languages(check):
    for source in (check.source, getattr(check, "needs", ""), *(limit.source for limit in check.limits.values())):
        if isinstance(source, Text):
            assert CHINESE.search(source.zh) and not CHINESE.search(source.en), source
        else:
            assert not PROSE.search(source.replace("own judgement", "")) and not CHINESE.search(source), f"write it as Text: {source}"


@pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.id)
def test_the_unit_of_a_limit_has_its_chinese(check):
    for limit in check.limits.values():
        assert limit.unit in {"%", "°C", "bytes", "MiB", "GiB"} or CHINESE.search(catalogue()[f"unit.{limit.unit}"]["zh"]), limit.unit


@pytest.mark.parametrize(("check", "case"), cases())
def test_words_of_ours_in_the_name_of_an_object_have_their_chinese(check, case):
    """What stands neither in the answer nor in the inventory is a word of ours, unless it is written as a setting is."""
    theirs = str([case.get(part) for part in ("output", "answer", "expected", "before")])
    for name in {row.object for row in rows_of(check, case)} - set(check.objects):
        for word in check.objects:
            name = name.removesuffix(f" {word}").removeprefix(f"{word} ")
        strange = [word for word in re.findall(r"(?<![\w.-])[a-z]{3,}(?![\w.-])", name) if word not in theirs]
        assert set(strange) <= {"uid", "multixact"}, f"say in `objects` what {strange[0]} is in Chinese"
