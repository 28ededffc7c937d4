"""RES-12b Entries of the connection tracking table (R134 系统资源使用状况检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, Unreadable, not_applicable, whole
from tasks.checks.resources import FIGURES, figures


def parse(output: str) -> tuple[int, int] | None:
    """Entries and room; None where connections are not tracked."""
    found = figures(output, "loadavg")
    if "nf_conntrack_max" not in found:
        return None
    count, most = (whole(found[f"nf_conntrack_{name}"][0], name) for name in ("count", "max"))
    if most <= 0:
        raise Unreadable(f"nf_conntrack_max would be {most}", f"nf_conntrack_max 为 {most},不合理")
    return count, most


def judge(answer: tuple[int, int] | None, limits: Limits, known: Known) -> Iterator[Row]:
    if answer is None:
        yield not_applicable("没有启用连接跟踪", "connections are not tracked here")
        return
    count, most = answer
    share = 100 * count / most
    yield Row(limits["used"].grade(share), f"连接跟踪表 {count}/{most}({share:.0f} %)", f"{count} of {most} tracked connections ({share:.0f} %)",
              value=count, unit="entries", capacity=most)


CHECK = HostCheck(
    id="RES-12b",
    title=Text(zh="连接跟踪表", en="Connection tracking"),
    chapter="resources",
    command=FIGURES,
    parse=parse,
    judge=judge,
    limits={"used": Limit(75, 90, "%", Text(zh="node-exporter mixin NodeHighNumberConntrackEntriesUsed;严重为经验值",
                                            en="node-exporter mixin NodeHighNumberConntrackEntriesUsed; critical: own judgement"))},
    remedy=Text(zh="调大 net.netfilter.nf_conntrack_max,并查明连接来源", en="Raise net.netfilter.nf_conntrack_max and find out who connects"),
    source="Linux Documentation/networking/nf_conntrack-sysctl.rst",
)
