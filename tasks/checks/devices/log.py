"""NET-10 The device's log buffer holds nothing grave (R127 网络设备). By SSH only: SNMP does not tell the log."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from reports.records import Text
from tasks.checks.devices import console
from tasks.checks.kinds import DeviceCheck, Known, Limits, Row, Unreadable, critical, ok, warning

COMMANDS = {"huawei": "display logbuffer", "h3c": "display logbuffer", "cisco": "show logging"}
# Module, level (0 emergency to 7 debugging), what happened: %%01IFNET/4/IF_STATE(l), IFNET/3/PHY_UPDOWN:, %LINK-3-UPDOWN:
MESSAGE = re.compile(r"(?:%%\d\d|%|\s)([A-Z][A-Z0-9_]{1,30})[-/]([0-7])[-/]([A-Za-z0-9_]{2,60})(?:\([A-Za-z]\))?(?:\[\d+\])?:(.*)")
BUFFER = {"huawei": r"(?i)log(ging)? ?buffer", "h3c": r"(?i)log buffer", "cisco": r"(?i)(syslog|buffer) logging|log buffer"}
GRAVE, BAD = 2, 3  # levels up to these: critical, error


def parse(output: str) -> list[tuple[str, int, str]]:
    """Module and what happened, level, the whole line. Raises Unreadable where it is no log buffer."""
    said = console.printed(output)
    if said is None:
        raise Unreadable("it is no answer of a command line", "不是命令行的回答")
    vendor, lines = said
    if not any(re.search(BUFFER[vendor], line) for line in lines):
        raise Unreadable(f"{lines[0][:60]!r} begins no log buffer", f"{lines[0][:60]!r} 不是日志缓冲区的开头")
    return [(f"{match[1]}/{match[3]}", int(match[2]), line) for line in lines if (match := MESSAGE.search(line))]


def judge(messages: list[tuple[str, int, str]], limits: Limits, known: Known) -> Iterator[Row]:
    bad = [(name, level, line) for name, level, line in messages if level <= BAD]
    counted, worst = Counter(name for name, _, _ in bad), {name: (level, line) for name, level, line in reversed(bad)}
    for name, count in counted.most_common(30):
        level, line = worst[name]
        yield (critical if level <= GRAVE else warning)(f"日志中有 {count} 条 {name}(级别 {level})", f"{count} messages {name} of level {level}", object=name,
                                                         value=count, unit="lines", evidence=line)
    if not bad:
        yield ok(f"日志缓冲区有 {len(messages)} 条消息,没有错误及以上级别", f"{len(messages)} messages in the log buffer, none of level error or worse")


CHECK = DeviceCheck(
    id="NET-10",
    title=Text(zh="设备日志", en="Device's log"),
    commands=COMMANDS,
    parse=parse,
    judge=judge,
    remedy=Text(zh="按消息含义查阅厂商手册,排查端口、电源、风扇与协议异常", en="Look the message up in the vendor's manual: ports, power, fans, protocols"),
    source=Text(zh="华为 VRP、H3C Comware 与 Cisco IOS 命令参考:display logbuffer、show logging",
                en="Huawei VRP, H3C Comware and Cisco IOS command references: display logbuffer, show logging"),
)
