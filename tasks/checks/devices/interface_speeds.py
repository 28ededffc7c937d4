"""NET-06d Interfaces run at their speed, and full duplex (R127 网络设备). Inventory: `speeds`, in Mb/s by interface."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.devices import IF_HIGH_SPEED, INTERFACES, Interface, interfaces
from tasks.checks.kinds import DeviceCheck, Known, Limits, Row, not_applicable, ok, unknown, warning

DUPLEX = "1.3.6.1.2.1.10.7.2.1.19"  # dot3StatsDuplexStatus
HALF = 2


def parse(output: str) -> list[Interface]:
    return interfaces(output, IF_HIGH_SPEED, DUPLEX)


def judge(found: list[Interface], limits: Limits, known: Known) -> Iterator[Row]:
    wanted = dict(known.expected.get("speeds", {}))
    told = False
    for one in found:
        speed, expected = one.figures.get(IF_HIGH_SPEED, 0), next((wanted[name] for name in wanted if one.is_called(name)), None)
        if not one.oper or not (speed or expected):
            continue
        told = True
        if not speed:
            yield unknown(f"接口 {one.name} 没有给出速率,应为 {expected:g} Mb/s",
                          f"interface {one.name} does not tell its speed; {expected:g} Mb/s is expected", object=one.name)
            continue
        before = known.before.get(one.name)
        more = {"object": one.name, "value": float(speed), "unit": "Mb/s"}
        if expected is not None and speed < expected:
            yield warning(f"接口 {one.name} 速率 {speed} Mb/s,应为 {expected:g}",
                          f"interface {one.name} runs at {speed} Mb/s; {expected:g} is expected", **more)
        elif one.figures.get(DUPLEX) == HALF:
            yield warning(f"接口 {one.name} 为半双工,{speed} Mb/s", f"interface {one.name} runs half duplex at {speed} Mb/s", **more)
        elif before is not None and before.value is not None and speed < before.value:
            yield warning(f"接口 {one.name} 速率由 {before.value:.0f} 降为 {speed} Mb/s",
                          f"interface {one.name} ran at {before.value:.0f} and runs at {speed} Mb/s", **more)
        else:
            yield ok(f"接口 {one.name} 速率 {speed} Mb/s", f"interface {one.name} runs at {speed} Mb/s", **more)
    if not told:
        yield not_applicable("没有启用的接口给出速率", "no interface that is up tells its speed")


CHECK = DeviceCheck(
    id="NET-06d",
    title=Text(zh="接口速率与双工", en="Speed and duplex of interfaces"),
    oids=(*INTERFACES, IF_HIGH_SPEED, DUPLEX),
    parse=parse,
    judge=judge,
    must=True,
    remedy=Text(zh="检查网线等级与光模块,两端统一自协商或固定速率与双工",
                en="Check the cable's category and the optics; set both ends to negotiate, or both to the same speed and duplex"),
    source="RFC 2863 ifHighSpeed; RFC 3635 dot3StatsDuplexStatus",
)
