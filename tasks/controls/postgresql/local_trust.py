"""H-PG-01c Nobody comes in from this host without proof (R008 安全加固)."""

from __future__ import annotations

from typing import Any

from reports.records import Text
from tasks.checks.tables import count, word
from tasks.controls.kinds import DatabaseControl
from tasks.controls.postgresql import nothing

QUERY = """
    SELECT line_number, concat_ws(' ', type, array_to_string(database, ','), array_to_string(user_name, ','), address, netmask, auth_method) AS rule
    FROM pg_hba_file_rules WHERE error IS NULL AND (type = 'local' OR coalesce(address, '') IN ('127.0.0.1', '::1', 'samehost'))
      AND auth_method = 'trust' ORDER BY line_number
"""


def place(row: dict[str, Any]) -> str:
    return f"pg_hba.conf:{count(row, 'line_number')} {word(row, 'rule')}"


CONTROL = DatabaseControl(
    id="H-PG-01c",
    **nothing(
        QUERY, "line_number", "{} 本机任何账户均可登录", "{} lets every account of this host in", Text(zh="没有这样的规则", en="there is no such rule"),
        name=place
    ),
    title=Text(zh="本机登录必须认证", en="Nobody comes in from this host without proof"),
    severity="high",
    needs=Text(zh="pg_hba_file_rules 的 SELECT 与 pg_hba_file_rules() 的 EXECUTE", en="SELECT on pg_hba_file_rules and EXECUTE on pg_hba_file_rules()"),
    remedy=Text(zh="改为 peer 或 scram-sha-256", en="make it peer or scram-sha-256"),
    clause="1.4.1 a",
    risk="high",
    breaks=Text(zh="本机脚本需要口令或对应的系统账户", en="scripts on the host need a password or the right account"),
    cuts_off=True,
)
