"""NET-06b Errors and discards of interfaces have not grown much since the last inspection (R127 网络设备)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.devices import INTERFACES, Interface, console, interfaces
from tasks.checks.kinds import DeviceCheck, Known, Limit, Limits, Row, not_applicable, ok

COUNTED = {"errors": ("1.3.6.1.2.1.2.2.1.14", "1.3.6.1.2.1.2.2.1.20", console.ERRORS),
           "discards": ("1.3.6.1.2.1.2.2.1.13", "1.3.6.1.2.1.2.2.1.19")}
COLUMNS = tuple(oid for oids in COUNTED.values() for oid in oids if oid != console.ERRORS)
CHINESE = {"errors": "错误包", "discards": "丢弃包"}


def parse(output: str) -> list[Interface]:
    said = console.printed(output)
    return console.interfaces(*said) if said else interfaces(output, *COLUMNS)


def judge(found: list[Interface], limits: Limits, known: Known) -> Iterator[Row]:
    any_told = False
    for one in found:
        for what, oids in COUNTED.items():
            told = [one.figures[oid] for oid in oids if oid in one.figures]
            if told and one.oper:
                any_told = True
                yield _row(f"{one.name} {what}", what, one.name, sum(told), limits, known)
    if not any_told:
        yield not_applicable("没有启用的接口提供错误计数", "no interface that is up counts its errors")


def _row(name: str, what: str, interface: str, count: int, limits: Limits, known: Known) -> Row:
    more = {"object": name, "value": count, "unit": "packets"}
    before = known.before.get(name)
    if before is None or before.value is None or known.days_since is None:
        return ok(f"接口 {interface} {CHINESE[what]}累计 {count},下次巡检起看增长",
                  f"interface {interface}: {count} {what} so far; their growth is judged from next time on", **more)
    if count < before.value:
        return ok(f"接口 {interface} {CHINESE[what]}计数已重新开始,现为 {count}", f"interface {interface}: {what} are counted anew, {count} so far", **more)
    # What came within hours is not taken for what comes every day.
    grown = count - before.value
    per_day = grown / max(1.0, known.days_since)
    return Row(limits[what].grade(per_day), f"接口 {interface} {CHINESE[what]}上次巡检后增加 {grown:.0f}(每天 {per_day:.1f})",
               f"interface {interface}: {grown:.0f} {what} more since the last inspection, {per_day:.1f} a day", **more)


CHECK = DeviceCheck(
    id="NET-06b",
    title=Text(zh="接口错误与丢弃", en="Errors and discards of interfaces"),
    oids=(*INTERFACES, *COLUMNS),
    commands={"huawei": console.BRIEF["huawei"]},
    parse=parse,
    judge=judge,
    must=True,
    limits={"errors": Limit(100, 10_000, "a day", Text(zh="经验值:正常的链路没有错误", en="own judgement: a good link has none")),
            "discards": Limit(10_000, 1_000_000, "a day", Text(zh="经验值:突发流量会造成一些丢弃", en="own judgement: bursts make some"))},
    objects={"errors": "错误", "discards": "丢弃"},
    remedy=Text(zh="错误:更换网线或光模块,核对两端速率与双工;丢弃:查看拥塞与队列,考虑扩容",
                en="Errors: replace cable or optics, compare speed and duplex of both ends. Discards: look at congestion and queues, think of a faster link"),
    source="RFC 2863 ifInErrors, ifOutErrors, ifInDiscards, ifOutDiscards",
)
