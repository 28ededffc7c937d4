"""CLU-04 keepalived runs, and says whether this host holds the virtual addresses (R130 集群检查). Inventory: `role` ("master" or "backup")."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Outcome, Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, critical, ok
from tasks.checks.lines import until_end, words


def parse(output: str) -> tuple[bool, dict[str, bool]]:
    """Whether it runs; virtual addresses of its configuration and whether they are here."""
    lines = until_end(output)
    if not lines or lines[0] not in ("running", "stopped"):
        raise Unreadable("whether keepalived runs was not told", "没有说明 keepalived 是否运行")
    return lines[0] == "running", {address: state == "here" for state, address in (words(line, 2) for line in lines[1:])}


def judge(answer: tuple[bool, dict[str, bool]], limits: Limits, known: Known) -> Iterator[Row]:
    running, addresses = answer
    if not running:
        yield critical("keepalived 没有运行", "keepalived does not run")
        return
    yield ok(f"keepalived 正在运行,{len(addresses)} 个虚拟地址", f"keepalived runs, {len(addresses)} virtual addresses")
    role = known.expected.get("role")
    for address, here in addresses.items():
        before = known.before.get(address)
        moved = before is not None and before.value is not None and bool(before.value) != here
        wrong = role in ("master", "backup") and (role == "master") != here
        other = moved or wrong
        yield Row(Outcome.WARNING if other else Outcome.OK,
                  f"虚拟地址 {address} {'在' if here else '不在'}本机" + (",与上次或台账不同" if other else ""),
                  f"virtual address {address} is {'here' if here else 'elsewhere'}" + (", not as last time or as the inventory says" if other else ""),
                  object=address, value=int(here))


CHECK = HostCheck(
    id="CLU-04",
    title=Text(zh="keepalived 虚拟地址", en="keepalived"),
    chapter="cluster",
    command=r"""
[ -r /etc/keepalived/keepalived.conf ] || na "没有配置 keepalived" "keepalived is not set up"
systemctl is-active --quiet keepalived && echo running || echo stopped
here=" $(ip -o addr show | awk '{ sub(/\/.*/, "", $4); print $4 }' | tr '\n' ' ')"
awk '/virtual_ipaddress/ { on = 1; next } on && /}/ { on = 0 } on && /^[[:space:]]*[0-9a-f.:]+/ { sub(/\/.*/, "", $1); print $1 }' \
  /etc/keepalived/keepalived.conf | sort -u |
  while read -r address; do case $here in *" $address "*) echo "here $address";; *) echo "elsewhere $address";; esac; done
echo end
""",
    parse=parse,
    judge=judge,
    remedy=Text(zh="查明切换原因;确认只有一台持有地址", en="Find out why it moved; make sure one host only holds it"),
    source="keepalived.conf(5)",
)
