"""RES-12c Connections lost because nobody took them in time (R134 系统资源使用状况检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, whole
from tasks.checks.lines import pairs


def parse(output: str) -> int:
    """Overflows of listen queues since the start."""
    return whole(pairs(output, "ListenOverflows")["ListenOverflows"], "ListenOverflows")


def judge(count: int, limits: Limits, known: Known) -> Iterator[Row]:
    before = known.before.get("")
    new = count - before.value if before and before.value is not None and before.value <= count else count
    yield Row(limits["new"].grade(new), f"监听队列新溢出 {new:.0f} 次(自启动共 {count} 次)",
              f"{new:.0f} new overflows of listen queues, {count} since the start",
              value=count, unit="connections")


CHECK = HostCheck(
    id="RES-12c",
    title=Text(zh="监听队列溢出", en="Listen queues"),
    chapter="resources",
    command=r"""
awk '$1 == "TcpExt:" { for (i = 2; i <= NF; i++) if (!seen) name[i] = $i; else if (name[i] == "ListenOverflows") print name[i], $i; seen = 1 }
  END { print "end" }' /proc/net/netstat
""",
    parse=parse,
    judge=judge,
    limits={"new": Limit(100, None, "connections", Text(zh="netdata 1m_tcp_accept_queue_overflows,折算到一个季度为经验值",
                                                        en="netdata 1m_tcp_accept_queue_overflows, for a quarter: own judgement"))},
    remedy=Text(zh="调大应用的 backlog 与 net.core.somaxconn;查看应用为何来不及接受连接",
                en="Raise the backlog and net.core.somaxconn; find why the application is slow to accept"),
    source="Linux Documentation/networking/snmp_counter.rst; netdata health.d/tcp_listen.conf",
)
