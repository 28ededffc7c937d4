"""NET-06a Interfaces that must be up are up (R127 网络设备). Inventory: `interfaces`, by their short or long names."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.devices import INTERFACES, Interface, console, interfaces
from tasks.checks.kinds import DeviceCheck, Known, Limits, Row, critical, ok, warning
from tasks.checks.lines import listed


def parse(output: str) -> list[Interface]:
    said = console.printed(output)
    return console.interfaces(*said) if said else interfaces(output)


def judge(found: list[Interface], limits: Limits, known: Known) -> Iterator[Row]:
    expected = [str(name) for name in known.expected.get("interfaces", [])]
    for one in found:
        before = known.before.get(one.name)
        more = {"object": one.name, "value": float(one.oper)}
        if one.oper:
            yield ok(f"接口 {one.name} 正常", f"interface {one.name} is up", **more)
        elif any(one.is_called(name) for name in expected):
            why = ("被人为关闭", "it was shut down by somebody") if not one.admin else ("没有连接", "it has no link")
            yield critical(f"接口 {one.name} 应为 up,现为 down:{why[0]}", f"interface {one.name} must be up and is down: {why[1]}", **more)
        elif one.admin and before is not None and before.value == 1:
            yield warning(f"接口 {one.name} 上次巡检时为 up,现为 down", f"interface {one.name} was up at the last inspection and is down", **more)
        else:
            yield ok(f"接口 {one.name} 未使用", f"interface {one.name} is not in use", **more)
    for name in expected:
        if not any(one.is_called(name) for one in found):
            there = listed([one.name for one in found])
            yield critical(f"设备没有接口 {name};现有:{there}", f"the device has no interface {name}; there are {there}", object=name)
    if not found and not expected:
        yield ok("设备只有环回接口", "the device has loopback interfaces only")


CHECK = DeviceCheck(
    id="NET-06a",
    title=Text(zh="接口状态", en="States of interfaces"),
    oids=INTERFACES,
    commands=console.BRIEF,
    parse=parse,
    judge=judge,
    must=True,
    remedy=Text(zh="检查网线、光模块与对端;人为关闭的与变更记录核对",
                en="Check cable, optics and the other end; compare what was shut down with the change records"),
    source="RFC 2863 ifAdminStatus, ifOperStatus; display interface brief, show ip interface brief",
)
