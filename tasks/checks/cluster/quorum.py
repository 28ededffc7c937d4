"""CLU-02 Corosync has quorum and all its links (R130 集群检查)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, critical, ok, warning
from tasks.checks.lines import until_end


def parse(output: str) -> tuple[bool, list[tuple[str, bool]]]:
    """Whether there is a quorum; links and whether they are well."""
    text = "\n".join(until_end(output))
    quorate = re.search(r"^Quorate:\s+(Yes|No)", text, re.M)
    if not quorate:
        raise Unreadable("corosync-quorumtool does not tell of a quorum", "corosync-quorumtool 没有说明票数")
    links = []
    link = ""
    for line in text.splitlines():
        if found := re.match(r"(?:LINK|RING) ID (\d+)", line.strip()):
            link = found[1]
        elif link and (found := re.search(r"nodeid:?\s+(\d+):\s+(localhost|connected|disconnected)", line)):
            links.append((f"link {link} node {found[1]}", found[2] != "disconnected"))
        elif link and (found := re.search(r"status\s*=\s*(.*)", line)):
            links.append((f"link {link}", "FAULTY" not in found[1]))
    return quorate[1] == "Yes", links


def judge(answer: tuple[bool, list[tuple[str, bool]]], limits: Limits, known: Known) -> Iterator[Row]:
    quorate, links = answer
    yield ok("集群有法定票数", "the cluster has quorum",
             object="quorum") if quorate else critical("集群没有法定票数", "the cluster has no quorum", object="quorum")
    for name, good in links:
        yield ok(f"{name} 正常", f"{name} is well", object=name) if good else warning(f"{name} 中断", f"{name} is down", object=name)


CHECK = HostCheck(
    id="CLU-02",
    title=Text(zh="Corosync 票数与链路", en="Quorum and links"),
    chapter="cluster",
    command=r"""
command -v corosync-quorumtool >/dev/null || na "没有安装 Corosync" "corosync is not installed"
out=$(timeout 10 corosync-quorumtool -s 2>&1); case $out in *Quorate:*) ;; *) cannot "corosync 报错" "corosync failed" "$out";; esac
echo "$out"
timeout 10 corosync-cfgtool -s 2>&1
echo end
""",
    parse=parse,
    judge=judge,
    objects={"quorum": "票数", "link": "链路"},
    remedy=Text(zh="检查心跳网络", en="Check the network of the heartbeat"),
    source="corosync-quorumtool(8), corosync-cfgtool(8)",
    time_limit_s=30,
)
