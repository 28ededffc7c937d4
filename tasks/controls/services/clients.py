"""H-SVC-01k No clients that log in without encryption (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.services import OF_SERVICES, not_installed

CONTROL = HostControl(
    id="H-SVC-01k",
    **OF_SERVICES,
    title=Text(zh="没有不加密的登录客户端", en="No clients that log in without encryption"),
    severity="low",
    judge=not_installed("telnet", "inetutils-telnet", "rsh-client", "rsh-redone-client", "talk", "nis", "ypbind-mt"),
    remedy=Text(zh="apt-get remove <软件包>", en="apt-get remove <package>"),
    clause="1.4.1 c",
    rule="package_telnet_removed", cis="2.2.4",
    breaks=Text(zh="用 telnet 测试端口的脚本会失败(可用 nc)", en="scripts that try ports with telnet fail (nc does it, too)"),
)
