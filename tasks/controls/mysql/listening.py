"""H-MY-11 It listens on named addresses only (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import DatabaseControl
from tasks.controls.mysql import setting

CONTROL = DatabaseControl(
    id="H-MY-11",
    **setting("bind_address", "127.0.0.1", "::1", "localhost"),
    title=Text(zh="限定监听地址", en="It listens on named addresses only"),
    severity="low",
    remedy=Text(zh="[mysqld] bind-address 写明地址,重启;对外服务的库可登记例外并以防火墙限定",
                en="name the address in bind-address and restart; or an exception, with a firewall in front"),
    clause="1.4.4 c",
    level=3,
    risk="medium",
    breaks=Text(zh="未列出地址上的客户端将无法连接;需要重启", en="clients of other addresses no longer connect; needs a restart"),
    cuts_off=True,
)
