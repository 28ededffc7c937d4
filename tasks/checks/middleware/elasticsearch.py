"""MID-07b Elasticsearch and OpenSearch: health of the cluster (R127 其他设备和软件)."""

from __future__ import annotations

import json
from collections.abc import Iterator

from reports.records import Outcome, Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, whole
from tasks.checks.lines import until_end

STATES = {"green": (Outcome.OK, "正常", "well"), "yellow": (Outcome.WARNING, "副本不全", "copies are missing"),
          "red": (Outcome.CRITICAL, "数据不全", "data are missing")}


def parse(output: str) -> tuple[str, int, int]:
    """State, nodes, shards without a place."""
    found = json.loads("\n".join(until_end(output)) or "null")
    if not isinstance(found, dict) or found.get("status") not in STATES:
        raise Unreadable("it is no health of a cluster", "不是集群健康状态")
    return found["status"], whole(found.get("number_of_nodes"), "nodes"), whole(found.get("unassigned_shards"), "shards")


def judge(answer: tuple[str, int, int], limits: Limits, known: Known) -> Iterator[Row]:
    state, nodes, shards = answer
    outcome, zh, en = STATES[state]
    yield Row(outcome, f"集群 {state}({zh}),{nodes} 个节点,{shards} 个分片未分配",
              f"the cluster is {state}: {en}; {nodes} nodes, {shards} shards without a place",
              value=shards, unit="shards")


CHECK = HostCheck(
    id="MID-07b",
    title=Text(zh="Elasticsearch、OpenSearch", en="Elasticsearch, OpenSearch"),
    chapter="middleware",
    # a port that answers 401 wants an account, which an inspection has not
    command=r"""
pgrep -f 'org\.(elasticsearch|opensearch)\.' >/dev/null || na "没有运行 Elasticsearch 或 OpenSearch" "neither Elasticsearch nor OpenSearch runs here"
command -v curl >/dev/null || cannot "缺少 curl" "curl is missing"
for address in http://127.0.0.1:9200 https://127.0.0.1:9200; do
  out=$(curl -sSk --noproxy '*' --max-time 8 "$address/_cluster/health" 2>&1)
  case $out in *'"status":"'*'"number_of_nodes"'*) break;; esac
done
case $out in *'"number_of_nodes"'*) ;; *) cannot "端口 9200 没有给出健康状态" "port 9200 tells no health" "$(printf '%s' "$out" | cut -c 1-120)";; esac
echo "$out"
echo end
""",
    parse=parse,
    judge=judge,
    remedy=Text(zh="GET _cluster/allocation/explain 查看原因;检查节点与磁盘水位",
                en="See why: GET _cluster/allocation/explain; look at nodes and disk watermarks"),
    source="Elasticsearch cluster health API",
    time_limit_s=30,
)
