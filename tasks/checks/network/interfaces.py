"""NET-04 Largest packets and addresses of the interfaces are those of last time (R127 网络设备). Inventory: `addresses`, those the host must have."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, critical, ok, warning, whole
from tasks.checks.lines import listed, until_end


def parse(output: str) -> list[tuple[str, int, str, list[str]]]:
    """Interface, MTU, state, addresses. Short-lived ones of containers are left out by the command."""
    found = []
    for line in until_end(output):
        name, mtu, state, *rest = line.split()
        found.append((name, whole(mtu, "the MTU"), state, rest))
    if not found:
        raise Unreadable("no interface was found", "没有找到接口")
    return found


def judge(found: list[tuple[str, int, str, list[str]]], limits: Limits, known: Known) -> Iterator[Row]:
    for name, mtu, state, addresses in found:
        before = known.before.get(name)
        if before and before.value is not None and before.value != mtu:
            yield warning(f"{name} 的 MTU 由 {before.value:.0f} 变为 {mtu}", f"the MTU of {name} was {before.value:.0f} and is {mtu}", object=name, value=mtu,
                          unit="bytes")
        else:
            yield ok(f"{name} {state},MTU {mtu},{listed(addresses)}", f"{name} {state}, MTU {mtu}, {listed(addresses)}", object=name, value=mtu, unit="bytes")
    here = {address.partition("/")[0] for _, _, _, addresses in found for address in addresses}
    for address in known.expected.get("addresses", []):
        if address not in here:
            yield critical(f"本机没有地址 {address}", f"the host does not have address {address}", object=str(address))


CHECK = HostCheck(
    id="NET-04",
    title=Text(zh="接口地址与 MTU", en="Interfaces"),
    chapter="network",
    command=r"""
command -v ip >/dev/null || cannot "缺少 ip" "ip is missing"
ip -o addr show | awk '$3 ~ /^inet6?$/ && $2 !~ /^(lo|veth|docker0|br-|cali|cni|flannel|virbr)/ { sub(/@.*/, "", $2); address[$2] = address[$2] " " $4 }
  END { for (name in address) print name, address[name] }' | while read -r name rest; do
  read -r mtu <"/sys/class/net/$name/mtu" 2>/dev/null || mtu=?
  read -r state <"/sys/class/net/$name/operstate" 2>/dev/null || state=?
  echo "$name $mtu $state $rest"
done
echo end
""",
    parse=parse,
    judge=judge,
    remedy=Text(zh="与网络变更记录核对", en="Compare with the change records of the network"),
    source="ip-address(8)",
)
