"""HW-07b All members of bonded network cards are up (R128 硬件)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, critical, ok, warning
from tasks.checks.lines import listed, until_end


def parse(output: str) -> dict[str, list[tuple[str, bool]]]:
    """Bond, its members and whether they are up."""
    found: dict[str, list[tuple[str, bool]]] = {}
    bond, member = "", ""
    for line in until_end(output):
        key, _, value = line.strip().partition(": ")
        if key == "bond":
            bond, member = value, ""
            found[bond] = []
        elif key == "Slave Interface":
            member = value
        elif key == "MII Status" and member:
            found[bond].append((member, value == "up"))
            member = ""
    if not found:
        raise Unreadable("no bond was read", "没有读到绑定网卡")
    return found


def judge(bonds: dict[str, list[tuple[str, bool]]], limits: Limits, known: Known) -> Iterator[Row]:
    for bond, members in bonds.items():
        down = [name for name, up in members if not up]
        up = len(members) - len(down)
        if up <= 1 and (down or not members):
            yield critical(f"{bond} 只剩 {up} 个成员", f"{bond} has {up} members left, down: {listed(down)}", object=bond, value=up, unit="members")
        elif down:
            yield warning(f"{bond} 的成员 {listed(down)} 断开", f"{listed(down)} of {bond} is down", object=bond, value=up, unit="members")
        else:
            yield ok(f"{bond} 的 {up} 个成员都正常", f"all {up} members of {bond} are up", object=bond, value=up, unit="members")


CHECK = HostCheck(
    id="HW-07b",
    title=Text(zh="网卡绑定", en="Bonded network cards"),
    chapter="hardware",
    command=r"""
n=0
for f in /proc/net/bonding/*; do [ -r "$f" ] || continue; echo "bond: ${f##*/}"; cat "$f"; n=1; done
[ $n = 1 ] || na "没有绑定的网卡" "no bonded network cards"
echo end
""",
    parse=parse,
    judge=judge,
    remedy=Text(zh="检查断开成员的网线与交换机端口", en="Check cable and switch port of the member that is down"),
    source="Linux Documentation/networking/bonding.rst; node-exporter mixin NodeBondingDegraded",
)
