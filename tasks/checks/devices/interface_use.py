"""NET-06c How much of its speed an interface uses: now, and on average since the last inspection (R127 网络设备)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.devices import IF_HIGH_SPEED, INTERFACES, Interface, column, columns, figure, interfaces
from tasks.checks.kinds import DeviceCheck, Known, Limit, Limits, Row, Unreadable, not_applicable, number, ok

OCTETS = {"in": "1.3.6.1.2.1.31.1.1.1.6", "out": "1.3.6.1.2.1.31.1.1.1.10"}
CHINESE = {"in": "入方向", "out": "出方向"}
RUNS_OVER = 1 << 64
PLAUSIBLE = 1.2  # of its speed; more than that is a counter that began anew

Looks = tuple[list[Interface], dict[str, dict[str, int]], float]


def parse(output: str) -> Looks:
    """The interfaces as they were first; the octets of a second look by direction and index; the seconds between the two."""
    first, found, rest = output.partition("later ")
    seconds, _, second = rest.partition("\n")
    if not found:
        raise Unreadable("the second look at the counters is missing", "缺少计数器的第二次读数")
    span = number(seconds, "the time between two looks")
    if span <= 0:
        raise Unreadable("no time passed between the two looks", "两次读数之间没有间隔")
    later = columns(second)
    octets = {way: {index: figure(value, "octets") for index, value in column(later, oid).items()} for way, oid in OCTETS.items()}
    return interfaces(f"{first}end\n", IF_HIGH_SPEED, *OCTETS.values()), octets, span


def judge(looks: Looks, limits: Limits, known: Known) -> Iterator[Row]:
    found, later, span = looks
    told = False
    for one in found:
        speed = one.figures.get(IF_HIGH_SPEED, 0) * 1e6
        for way, oid in OCTETS.items():
            if not one.oper or oid not in one.figures or one.index not in later[way]:
                continue
            told, name = True, f"{one.name} {way}"
            octets = later[way][one.index]
            more = {"object": name, "value": float(octets), "unit": "octets"}
            if not speed:
                yield ok(f"接口 {one.name} 没有给出速率,无法计算利用率",
                         f"interface {one.name} does not tell its speed, so its use cannot be told", **more)
                continue
            now, average = _share(one.figures[oid], octets, span, speed), None
            before = known.before.get(name)
            if before is not None and before.value is not None and known.days_since:
                average = _share(int(before.value), octets, known.days_since * 86400, speed)
            outcome = max((limits["share"].grade(share) for share in (now, average) if share is not None), key=lambda one: one.weight, default=None)
            zh, en = (f"{now:.1f} %", f"{now:.1f} %") if now is not None else ("计数已重新开始", "counted anew")
            zh += "" if average is None else f",上次巡检以来平均 {average:.1f} %"
            en += "" if average is None else f", {average:.1f} % on average since the last inspection"
            if outcome is None:
                yield ok(f"接口 {one.name} {CHINESE[way]}利用率:{zh}", f"interface {one.name} {way}: {en}", **more)
            else:
                yield Row(outcome, f"接口 {one.name} {CHINESE[way]}利用率 {zh}", f"interface {one.name} {way} uses {en} of its speed", **more)
    if not told:
        yield not_applicable("没有启用的接口提供 64 位流量计数", "no interface that is up counts octets in 64 bits")


def _share(before: int, after: int, seconds: float, speed: float) -> float | None:
    """Per cent of the speed; None where the counter began anew. A counter of 64 bits that ran over is known by a share that makes sense."""
    gone = after - before if after >= before else after - before + RUNS_OVER
    share = 100 * gone * 8 / seconds / speed
    return share if share <= 100 * PLAUSIBLE else None


CHECK = DeviceCheck(
    id="NET-06c",
    title=Text(zh="接口利用率", en="Use of interfaces"),
    oids=(*INTERFACES, IF_HIGH_SPEED, *OCTETS.values()),
    again=tuple(OCTETS.values()),
    parse=parse,
    judge=judge,
    must=True,
    limits={"share": Limit(70, 90, "%", Text(zh="经验值;超过后报文明显排队", en="own judgement; packets wait noticeably beyond"))},
    objects={"in": "入", "out": "出"},
    remedy=Text(zh="按流量来源分析(NetStream/sFlow),限速、分流或扩容链路",
                en="See whose traffic it is (NetFlow, sFlow); limit it, spread it, or get a faster link"),
    source="RFC 2863 ifHCInOctets, ifHCOutOctets, ifHighSpeed",
)
