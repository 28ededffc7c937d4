"""Settings that an inspection proposes: the statements that its rows say, as wishes. Pure.

Where a check knows what to set, its row says the statement (ALTER SYSTEM SET, SET GLOBAL) with the value; one with a gap to fill in is for people.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from reports.records import CheckRow
from tasks.checks.kinds import TUNING, Check, operation_of
from tasks.errors import BlockersFound
from tasks.requests import SettingWish

STATEMENT = re.compile(r"(ALTER SYSTEM SET|SET GLOBAL) (\w+) = ('[^'<>.]+'|[\w-]+);")
SYSTEMS = {"ALTER SYSTEM SET": "postgresql", "SET GLOBAL": "mariadb"}


def proposals_of(sentence: str, port: int) -> list[SettingWish]:
    """What this sentence of a row would have set, on the server at this port."""
    return [SettingWish(system=SYSTEMS[order], name=name, value=value.strip("'"), at=str(port) if order == "ALTER SYSTEM SET" else "")
            for order, name, value in STATEMENT.findall(sentence)]


def chosen(findings: Iterable[CheckRow], wishes: Sequence[str], checks: Iterable[Check]) -> list[CheckRow]:
    """The findings that propose a setting: those that are named, or all.

    Raises:
        BlockersFound: one that is named is none, or proposes nothing that can be set as it stands; or there is none at all.
    """
    tuned = {check.id for check in checks if operation_of(check) == TUNING}
    there = [row for row in findings if row.check in tuned and proposals_of(row.says.en, 0)]
    found: list[CheckRow] = []
    for wish in wishes:
        check, target, name = (*wish.split(" ", 2), "", "")[:3]
        meant = [row for row in there if row.check == check and target in ("", row.target) and name in ("", row.object)]
        if not meant:
            raise BlockersFound(f"the inspection has no finding “{wish}” that says what to set; name the settings yourself",
                                f"该巡检没有写明取值的问题“{wish}”；请直接填写参数")
        found += [row for row in meant if row not in found]
    if not (found or there):
        raise BlockersFound("the inspection proposes no setting with its value; name the settings yourself", "该巡检没有写明取值的参数建议；请直接填写参数")
    return found or there
