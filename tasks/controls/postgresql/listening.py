"""H-PG-04b It listens on named addresses only (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import DatabaseControl
from tasks.controls.postgresql import setting

CONTROL = DatabaseControl(
    id="H-PG-04b",
    **setting("listen_addresses", "localhost", "127.0.0.1", "127.0.0.1,::1", ""),
    title=Text(zh="限定监听地址", en="It listens on named addresses only"),
    severity="low",
    remedy=Text(zh="listen_addresses 写明地址,重启;对外服务的库可登记例外并以防火墙限定",
                en="name the addresses in listen_addresses and restart; or an exception, with a firewall in front"),
    clause="1.4.4 c",
    level=3,
    risk="medium",
    breaks=Text(zh="未列出地址上的客户端将无法连接;需要重启", en="clients of other addresses no longer connect; needs a restart"),
    cuts_off=True,
)
