"""H-PG-04a Only named addresses connect (R008 安全加固)."""

from __future__ import annotations

from typing import Any

from reports.records import Text
from tasks.checks.tables import count, word
from tasks.controls.kinds import DatabaseControl
from tasks.controls.postgresql import nothing

QUERY = """
    SELECT line_number, concat_ws(' ', type, array_to_string(database, ','), array_to_string(user_name, ','), address, netmask, auth_method) AS rule
    FROM pg_hba_file_rules WHERE error IS NULL AND type <> 'local'
      AND (address IN ('all', '0.0.0.0', '::') AND coalesce(netmask, '0.0.0.0') IN ('0.0.0.0', '::')) AND auth_method <> 'reject' ORDER BY line_number
"""


def place(row: dict[str, Any]) -> str:
    return f"pg_hba.conf:{count(row, 'line_number')} {word(row, 'rule')}"


CONTROL = DatabaseControl(
    id="H-PG-04a",
    **nothing(
        QUERY, "line_number", "{} 对任何地址放行", "{} is for any address", Text(zh="没有对任何地址放行的规则", en="no rule is for any address"), name=place
    ),
    title=Text(zh="限定可连接的地址", en="Only named addresses connect"),
    severity="medium",
    needs=Text(zh="pg_hba_file_rules 的 SELECT 与 pg_hba_file_rules() 的 EXECUTE", en="SELECT on pg_hba_file_rules and EXECUTE on pg_hba_file_rules()"),
    remedy=Text(zh="改为应用所在的网段", en="name the networks of the applications"),
    clause="1.4.4 c",
    risk="high",
    breaks=Text(zh="未列入网段的客户端将无法连接", en="clients of other networks no longer connect"),
    cuts_off=True,
)
