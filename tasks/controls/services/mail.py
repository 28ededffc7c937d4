"""H-SVC-02 The mail server listens on this host only (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.configuration import LISTENERS, Listener, listeners
from tasks.checks.kinds import Known, Row
from tasks.controls.kinds import Bounds, HostControl, failed, passed

MAIL = (25, 465, 587)


def judge(found: list[Listener], bounds: Bounds, known: Known) -> Iterator[Row]:
    expected = known.expected.get("ports") or ()
    those = [one for one in found if one.protocol == "tcp" and one.port in MAIL and one.public and one.port not in expected]
    for one in those:
        yield failed(f"{one.process or '邮件服务'} 在 {one.address}:{one.port} 监听", f"{one.process or 'a mail server'} listens on {one.address}:{one.port}",
                     object=f"{one.address}:{one.port}")
    if not those:
        yield passed("没有对外监听的邮件服务", "no mail server listens for others")


CONTROL = HostControl(
    id="H-SVC-02",
    family="services",
    command=LISTENERS,
    parse=listeners,
    title=Text(zh="邮件服务只监听本机", en="The mail server listens on this host only"),
    severity="medium",
    judge=judge,
    remedy=Text(zh="postfix:inet_interfaces = loopback-only;或登记到 expected.ports",
                en="postfix: inet_interfaces = loopback-only; or list the port in expected.ports"),
    source="ss(8)",
    clause="1.4.4 b",
    rule="postfix_network_listening_disabled", cis="2.1.21",
    breaks=Text(zh="经此主机转发的邮件会中断", en="mail that goes through this host stops"),
)
