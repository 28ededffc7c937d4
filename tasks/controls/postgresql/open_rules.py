"""H-PG-01a Nobody comes in over the network without proof (R008 安全加固)."""

from __future__ import annotations

from typing import Any

from reports.records import Text
from tasks.checks.tables import count, word
from tasks.controls.kinds import DatabaseControl
from tasks.controls.postgresql import nothing

QUERY = """
    SELECT line_number, concat_ws(' ', type, array_to_string(database, ','), array_to_string(user_name, ','), address, netmask, auth_method) AS rule
    FROM pg_hba_file_rules WHERE error IS NULL AND type <> 'local' AND coalesce(address, '') NOT IN ('127.0.0.1', '::1', 'samehost')
      AND auth_method IN ('trust', 'ident', 'password') ORDER BY line_number
"""


def place(row: dict[str, Any]) -> str:
    return f"pg_hba.conf:{count(row, 'line_number')} {word(row, 'rule')}"


CONTROL = DatabaseControl(
    id="H-PG-01a",
    **nothing(
        QUERY, "line_number", "{} 不经安全的认证即放行", "{} lets people in without safe proof", Text(zh="没有这样的规则", en="there is no such rule"),
        name=place
    ),
    title=Text(zh="网络登录必须认证", en="Nobody comes in over the network without proof"),
    severity="high",
    needs=Text(zh="pg_hba_file_rules 的 SELECT 与 pg_hba_file_rules() 的 EXECUTE", en="SELECT on pg_hba_file_rules and EXECUTE on pg_hba_file_rules()"),
    remedy=Text(zh="改为 scram-sha-256,先确认客户端支持,再 SELECT pg_reload_conf()",
                en="make it scram-sha-256 once clients can do it; SELECT pg_reload_conf();"),
    clause="1.4.1 a",
    risk="high",
    breaks=Text(zh="不支持 scram 的旧客户端(libpq 10 以前)将无法登录", en="clients that cannot do scram (libpq before 10) no longer log in"),
    cuts_off=True,
)
