"""H-PG-01b No proof by md5 (R008 安全加固)."""

from __future__ import annotations

from typing import Any

from reports.records import Text
from tasks.checks.tables import count, word
from tasks.controls.kinds import DatabaseControl
from tasks.controls.postgresql import nothing

QUERY = """
    SELECT line_number, concat_ws(' ', type, array_to_string(database, ','), array_to_string(user_name, ','), address, netmask, auth_method) AS rule
    FROM pg_hba_file_rules WHERE error IS NULL AND auth_method = 'md5' ORDER BY line_number
"""


def place(row: dict[str, Any]) -> str:
    return f"pg_hba.conf:{count(row, 'line_number')} {word(row, 'rule')}"


CONTROL = DatabaseControl(
    id="H-PG-01b",
    **nothing(QUERY, "line_number", "{} 使用 md5", "{} uses md5", Text(zh="没有使用 md5 的规则", en="no rule uses md5"), name=place),
    title=Text(zh="不使用 md5 认证", en="No proof by md5"),
    severity="medium",
    needs=Text(zh="pg_hba_file_rules 的 SELECT 与 pg_hba_file_rules() 的 EXECUTE", en="SELECT on pg_hba_file_rules and EXECUTE on pg_hba_file_rules()"),
    remedy=Text(zh="先让各角色改为 scram 散列,再把规则改为 scram-sha-256", en="give every role a scram hash first, then make the rule scram-sha-256"),
    clause="1.4.8 a",
    level=3,
    risk="high",
    breaks=Text(zh="仍是 md5 散列的角色将无法登录", en="roles that still have an md5 hash no longer log in"),
    cuts_off=True,
)
