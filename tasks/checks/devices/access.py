"""NET-09 The device is read by somebody who is known, and not with a word that everybody knows (R127 网络设备)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.devices import SYS_UPTIME, columns, figure, scalar
from tasks.checks.kinds import DeviceCheck, Known, Limits, Row, Unreadable, critical, ok


def parse(output: str) -> int:
    """Any figure at all: it was let in."""
    return figure(scalar(columns(output), SYS_UPTIME), "sysUpTime")


def judge(_: int, limits: Limits, known: Known) -> Iterator[Row]:
    if known.kind == "SNMPv3":
        yield ok("以 SNMPv3 认证加密方式读取", "it is read by SNMPv3, with authentication and encryption")
    elif known.kind == "SNMPv2c":
        yield ok("以 SNMPv2c 读取,团体名在网络上为明文;建议改用 SNMPv3",
                 "it is read by SNMPv2c, whose community goes over the network in clear; better use SNMPv3")
    elif known.kind == "SNMPv2c default":
        yield critical("设备接受众所周知的团体名(public/private)", "the device takes a community that everybody knows (public, private)")
    else:
        raise Unreadable(f"it is not known how the device was asked: {known.kind!r}", f"不知道设备是如何读取的:{known.kind!r}")


CHECK = DeviceCheck(
    id="NET-09",
    title=Text(zh="SNMP 访问", en="SNMP access"),
    oids=(SYS_UPTIME,),
    parse=parse,
    judge=judge,
    must=True,
    clause="GB/T 22239-2019 8.1.4.1 c",
    remedy=Text(zh="删除默认团体名,配置 SNMPv3 只读用户(SHA-256、AES),并限制网管地址",
                en="Remove the default community; set up a read-only SNMPv3 user (SHA-256, AES), and limit who may ask"),
    source=Text(zh="RFC 3414、RFC 3584;CIS 网络设备基准", en="RFC 3414, RFC 3584; CIS benchmarks of network devices"),
)
