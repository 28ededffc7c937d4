"""NET-01a The gateway answers (R127 网络设备)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, Unreadable, number, warning
from tasks.checks.lines import until_end


def parse(output: str) -> tuple[str, float, float | None]:
    """Gateway, lost packets in percent, round trip in ms."""
    lines = until_end(output)
    gateway = next((line.split()[1] for line in lines if line.startswith("gateway ")), "")
    loss = re.search(r"([\d.]+)% packet loss", output)
    times = re.search(r"= [\d.]+/([\d.]+)/", output)
    if not gateway or not loss:
        raise Unreadable("ping printed no loss", "ping 没有输出丢包率")
    return gateway, number(loss[1], "loss"), number(times[1], "time") if times else None


def judge(answer: tuple[str, float, float | None], limits: Limits, known: Known) -> Iterator[Row]:
    gateway, loss, times = answer
    if loss >= 100:
        # Many gateways answer no ping; that packets get out is shown by the address found for it.
        yield warning(f"网关 {gateway} 不回应 ping", f"gateway {gateway} answers no ping", object=gateway)
        return
    outcome = max(limits["loss"].grade(loss), limits["time"].grade(times or 0), key=lambda outcome: outcome.weight)
    yield Row(outcome, f"网关 {gateway} 丢包 {loss:g} %,往返 {times} 毫秒", f"gateway {gateway}: {loss:g} % lost, {times} ms", object=gateway, value=times,
              unit="ms")


CHECK = HostCheck(
    id="NET-01a",
    title=Text(zh="网关连通", en="Gateway"),
    chapter="network",
    command=r"""
command -v ping >/dev/null || cannot "缺少 ping" "ping is missing"
gateway=$(ip -4 route show default 2>/dev/null | sed -n 's/.* via \([^ ]*\).*/\1/p' | head -n 1)
[ -n "$gateway" ] || na "没有网关" "no gateway"
echo "gateway $gateway"
ping -n -q -c 5 -i 0.2 -W 1 "$gateway" || [ $? -eq 1 ] || cannot "ping 失败" "ping failed"
echo end
""",
    parse=parse,
    judge=judge,
    limits={"loss": Limit(5, 50, "%", Text(zh="netdata ping_packet_loss;严重按五个包计,为经验值",
                                           en="netdata ping_packet_loss; critical, of five packets: own judgement")),
            "time": Limit(500, 1000, "ms", "netdata ping_host_latency")},
    remedy=Text(zh="检查网线、交换机端口与网关", en="Check cable, switch port and gateway"),
    source="ping(8); netdata health.d/ping.conf",
)
