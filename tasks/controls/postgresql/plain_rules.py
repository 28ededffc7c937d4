"""H-PG-03c Log-ins over the network are encrypted (R008 安全加固)."""

from __future__ import annotations

from typing import Any

from reports.records import Text
from tasks.checks.tables import count, word
from tasks.controls.kinds import DatabaseControl
from tasks.controls.postgresql import nothing

QUERY = """
    SELECT line_number, concat_ws(' ', type, array_to_string(database, ','), array_to_string(user_name, ','), address, netmask, auth_method) AS rule
    FROM pg_hba_file_rules WHERE error IS NULL AND type <> 'local' AND coalesce(address, '') NOT IN ('127.0.0.1', '::1', 'samehost')
      AND type IN ('host', 'hostnossl') AND auth_method <> 'reject' ORDER BY line_number
"""


def place(row: dict[str, Any]) -> str:
    return f"pg_hba.conf:{count(row, 'line_number')} {word(row, 'rule')}"


CONTROL = DatabaseControl(
    id="H-PG-03c",
    **nothing(
        QUERY, "line_number", "{} 允许不加密的连接", "{} lets connections in that are not encrypted", Text(zh="没有这样的规则", en="there is no such rule"),
        name=place
    ),
    title=Text(zh="网络登录必须加密", en="Log-ins over the network are encrypted"),
    severity="medium",
    needs=Text(zh="pg_hba_file_rules 的 SELECT 与 pg_hba_file_rules() 的 EXECUTE", en="SELECT on pg_hba_file_rules and EXECUTE on pg_hba_file_rules()"),
    remedy=Text(zh="启用 TLS,客户端改用 sslmode=require 后,把 host 改为 hostssl",
                en="turn on TLS, let clients use sslmode=require, then make host hostssl"),
    clause="1.4.1 c",
    risk="high",
    breaks=Text(zh="不加密的客户端将无法连接", en="clients without TLS no longer connect"),
    cuts_off=True,
)
