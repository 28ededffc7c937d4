"""NET-03 The gateway still has the same hardware address (R127 网络设备)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, ok, warning
from tasks.checks.lines import until_end, words


def parse(output: str) -> list[tuple[str, str]]:
    """Gateway, its hardware address."""
    found = []
    for line in until_end(output):
        gateway, address = words(line, 2)
        if not re.fullmatch(r"([0-9a-f]{2}:){5}[0-9a-f]{2}", address):
            raise Unreadable(f"{address[:40]!r} is no hardware address", f"{address[:40]!r} 不是硬件地址")
        found.append((gateway, address))
    if not found:
        raise Unreadable("no neighbour was found", "没有找到邻居")
    return found


def judge(found: list[tuple[str, str]], limits: Limits, known: Known) -> Iterator[Row]:
    for gateway, address in found:
        name = f"{gateway} {address}"
        if name not in known.before and any(other.startswith(gateway + " ") for other in known.before):
            yield warning(f"网关 {gateway} 的硬件地址变为 {address}", f"gateway {gateway} has another hardware address now: {address}", object=name)
        else:
            yield ok(f"网关 {gateway} 的硬件地址为 {address}", f"gateway {gateway} has hardware address {address}", object=name)


CHECK = HostCheck(
    id="NET-03",
    title=Text(zh="网关硬件地址", en="Gateway's hardware address"),
    chapter="network",
    command=r"""
gateways=$(ip -4 route show default 2>/dev/null | sed -n 's/.* via \([^ ]*\).*/\1/p' | sort -u)
[ -n "$gateways" ] || na "没有网关" "no gateway"
for g in $gateways; do
  mac=$(ip neigh show "$g" 2>/dev/null | sed -n 's/.* lladdr \([^ ]*\).*/\1/p' | head -n 1)
  [ -n "$mac" ] && echo "$g $mac"
done | { found=$(cat); [ -n "$found" ] || exit 9; echo "$found"; } || cannot "不知道 $gateways 的硬件地址" "no hardware address is known for $gateways"
echo end
""",
    parse=parse,
    judge=judge,
    remedy=Text(zh="确认网关是否更换;否则可能是 ARP 欺骗或双主", en="Was the gateway replaced? If not, ARP spoofing or two masters"),
    source="ip-neighbour(8)",
)
