"""NET-05c How busy the processors are (R127 网络设备)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.devices import HR_LOAD, column, columns, console, figure, words
from tasks.checks.kinds import DeviceCheck, Known, Limit, Limits, Row, Unreadable, not_applicable, number, ok

LA_NAME, LA_LOAD = "1.3.6.1.4.1.2021.10.1.2", "1.3.6.1.4.1.2021.10.1.3"
# Per cent of each board that has a processor; other parts of the device tell 0.
BOARDS = {"1.3.6.1.4.1.2011.5.25.31.1.1.1.1.5": "Huawei", "1.3.6.1.4.1.25506.2.6.1.1.1.1.6": "H3C", "1.3.6.1.4.1.9.9.109.1.1.1.1.8": "Cisco"}
NOT_TOLD = 65535  # H3C, for parts without a processor


COMMANDS = {"huawei": "display cpu-usage", "h3c": "display cpu-usage", "cisco": "show processes cpu | include CPU utilization"}
# The longest span that is told: five minutes, where there is such a figure.
PRINTED = {"huawei": r"CPU (?:[Uu]sage|Using Percentage)\s*:\s*([\d.]+)%", "h3c": r"([\d.]+)% in last 5 minutes", "cisco": r"five minutes: ([\d.]+)%"}


def parse(output: str) -> tuple[list[tuple[str, int]], int, float | None]:
    """Name and per cent of what is measured by itself; how many processors; load of 15 minutes."""
    if said := console.printed(output):
        shares = console.per_cents(PRINTED[said[0]], said[1])
        return [(f"processor {number}", round(share)) for number, share in enumerate(shares, 1)], 0, None
    found = columns(output)
    cores = [figure(value, "hrProcessorLoad") for value in column(found, HR_LOAD).values()]
    busy = [("processors", round(sum(cores) / len(cores)))] if cores else []
    for oid, maker in BOARDS.items():
        told = {index: figure(value, "a board's load") for index, value in column(found, oid).items()}
        at_work = {index: value for index, value in told.items() if 0 < value < NOT_TOLD} or dict.fromkeys([i for i, v in told.items() if v == 0][:1], 0)
        busy += [(f"{maker} {index}", value) for index, value in at_work.items()]
    if strange := [value for value in [*cores, *(value for _, value in busy)] if not 0 <= value <= 100]:
        raise Unreadable(f"a processor would be {strange[0]} % busy", f"处理器占用为 {strange[0]} %,不合理")
    names = {index: words(value, "laNames") for index, value in column(found, LA_NAME).items()}
    load = next((words(value, "laLoad") for index, value in column(found, LA_LOAD).items() if names.get(index) == "Load-15"), None)
    return busy, len(cores), None if load is None else number(load, "laLoad")


def judge(answer: tuple[list[tuple[str, int]], int, float | None], limits: Limits, known: Known) -> Iterator[Row]:
    busy, cores, load = answer
    for name, share in busy:
        yield Row(limits["busy"].grade(share), f"处理器占用 {share} %({name})", f"{name}: {share} % busy", object=name, value=share, unit="%")
    if load is not None and cores:
        yield Row(limits["load"].grade(load / cores), f"15 分钟负载 {load:g},处理器 {cores} 个", f"load of 15 minutes {load:g}, {cores} processors",
                  object="load", value=round(load / cores, 3), unit="per processor")
    elif load is not None:  # net-snmp tells its processors only when it is up for a minute
        yield ok(f"15 分钟负载 {load:g},处理器数未知", f"load of 15 minutes {load:g}, on an unknown number of processors", object="load")
    if not busy and load is None:
        yield not_applicable("设备不提供处理器占用", "the device does not tell how busy it is")


CHECK = DeviceCheck(
    id="NET-05c",
    title=Text(zh="设备处理器占用", en="Device's processors"),
    oids=(HR_LOAD, LA_NAME, LA_LOAD, *BOARDS),
    commands=COMMANDS,
    parse=parse,
    judge=judge,
    limits={"busy": Limit(60, 80, "%", Text(zh="经验值:超过后影响转发",
                                            en="own judgement: forwarding suffers beyond")),
            "load": Limit(1.75, 3.5, "per processor", "netdata load_average_15")},
    objects={"load": "负载", "processors": "处理器", "processor": "处理器"},
    remedy=Text(zh="查看占用处理器的进程与报文(display cpu-usage / show processes cpu),排查环路、攻击与日志风暴",
                en="See what keeps it busy (display cpu-usage / show processes cpu): loops, attacks, floods of log messages"),
    source="RFC 2790 hrProcessorLoad; UCD-SNMP-MIB laLoad; HUAWEI-ENTITY-EXTENT-MIB, HH3C-ENTITY-EXT-MIB, CISCO-PROCESS-MIB",
)
