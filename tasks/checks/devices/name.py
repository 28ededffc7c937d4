"""NET-05b The device is the one that is meant (R127 网络设备). Inventory: `name`, its sysName."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.devices import SYS_NAME, columns, console, scalar, words
from tasks.checks.kinds import DeviceCheck, Known, Limits, Row, Unreadable, critical, ok, warning


def parse(output: str) -> str:
    """sysName, which may be empty; of a command line, what its prompt holds."""
    if said := console.printed(output):
        return words(said[1][0].strip("<>[]# \t"), "the prompt")
    value = scalar(columns(output), SYS_NAME)
    if value is None:
        raise Unreadable("the device tells no sysName", "设备没有给出 sysName")
    return words(value, "sysName")


def judge(name: str, limits: Limits, known: Known) -> Iterator[Row]:
    expected, before = known.expected.get("name"), known.before.get("")
    if expected is not None and name != expected:
        yield critical(f"设备名为 {name or '(空)'},应为 {expected}", f"it is called {name or '(nothing)'}; {expected} is expected", evidence=name)
    elif expected is None and before is not None and before.evidence and name != before.evidence:
        yield warning(f"设备名由 {before.evidence} 变为 {name or '(空)'}", f"it was called {before.evidence} and is {name or '(nothing)'}", evidence=name)
    else:
        yield ok(f"设备名为 {name or '(空)'}", f"it is called {name or '(nothing)'}", evidence=name)


CHECK = DeviceCheck(
    id="NET-05b",
    title=Text(zh="设备名称", en="Device name"),
    oids=(SYS_NAME,),
    commands=dict.fromkeys(console.VERSION, console.PROMPT),
    parse=parse,
    judge=judge,
    must=True,
    about=lambda name: {"name": name},
    remedy=Text(zh="核对地址与设备:可能换了设备,或地址被另一台占用",
                en="Compare address and device: it may have been replaced, or another one has its address"),
    source="RFC 3418 sysName",
)
