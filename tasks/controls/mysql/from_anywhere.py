"""H-MY-03 Mighty accounts do not log in from anywhere (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import DatabaseControl
from tasks.controls.mysql import accounts

MYSQL = "host = '%' AND (super_priv = 'Y' OR grant_priv = 'Y' OR create_user_priv = 'Y')"
MARIADB = "host = '%' AND (json_value(priv, '$.access') & 33792) > 0"


CONTROL = DatabaseControl(
    id="H-MY-03",
    **accounts(
        MYSQL, MARIADB, "{} 权限很大,且可从任意地址登录", "{} is mighty and may log in from anywhere",
        Text(zh="没有这样的账户", en="there is no such account")
    ),
    title=Text(zh="管理账户不能从任意地址登录", en="Mighty accounts do not log in from anywhere"),
    severity="medium",
    remedy=Text(zh="RENAME USER 到管理网段,先查看现有会话的来源", en="RENAME USER to the management network, after looking where its sessions come from"),
    clause="1.4.4 c",
    risk="medium",
    breaks=Text(zh="从其他地址登录者将无法登录", en="who comes from elsewhere no longer logs in"),
    cuts_off=True,
)
