"""H-MY-01c root logs in from this host only (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import DatabaseControl
from tasks.controls.mysql import accounts

MYSQL = "user = 'root' AND host NOT IN ('localhost', '127.0.0.1', '::1')"
MARIADB = "user = 'root' AND host NOT IN ('localhost', '127.0.0.1', '::1')"


CONTROL = DatabaseControl(
    id="H-MY-01c",
    **accounts(MYSQL, MARIADB, "{} 可从网络登录", "{} may log in over the network", Text(zh="root 只能从本机登录", en="root logs in from this host only")),
    title=Text(zh="root 只能从本机登录", en="root logs in from this host only"),
    severity="high",
    remedy=Text(zh="确认无人使用后 ALTER USER … ACCOUNT LOCK", en="when nobody uses it: ALTER USER ... ACCOUNT LOCK"),
    clause="1.4.2 b",
    risk="medium",
    breaks=Text(zh="以 root 远程管理的人员与脚本将无法登录", en="people and scripts that rule it from afar as root no longer log in"),
    cuts_off=True,
)
