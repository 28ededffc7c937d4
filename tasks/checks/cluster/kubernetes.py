"""CLU-05a Nodes of Kubernetes or Docker Swarm are ready (R130 集群检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, critical, ok, warning
from tasks.checks.lines import until_end, words


def parse(output: str) -> list[tuple[str, str]]:
    """Node and its state."""
    found = [(name, state) for name, state in (words(line, 2) for line in until_end(output))]
    if not found:
        raise Unreadable("no node was named", "没有列出节点")
    return found


def judge(nodes: list[tuple[str, str]], limits: Limits, known: Known) -> Iterator[Row]:
    for name, state in nodes:
        if state in ("Ready", "Ready Active"):
            yield ok(f"节点 {name} 就绪", f"node {name} is ready", object=name)
        elif state.startswith("Ready"):
            yield warning(f"节点 {name}:{state}", f"node {name}: {state}", object=name)
        else:
            yield critical(f"节点 {name}:{state}", f"node {name}: {state}", object=name)


CHECK = HostCheck(
    id="CLU-05a",
    title=Text(zh="容器集群节点", en="Nodes of a container cluster"),
    chapter="cluster",
    command=r"""
if [ -r /etc/kubernetes/admin.conf ] && command -v kubectl >/dev/null; then
  out=$(timeout 15 kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout=10s get nodes --no-headers 2>&1) ||
    cannot "kubectl 报错" "kubectl failed" "$out"
  echo "$out" | awk '{ print $1, $2 }'
elif command -v docker >/dev/null && [ "$(timeout 5 docker info --format '{{.Swarm.ControlAvailable}}' 2>/dev/null)" = true ]; then
  timeout 10 docker node ls --format '{{.Hostname}} {{.Status}} {{.Availability}}' || cannot "docker node ls 失败" "docker node ls failed"
else
  na "本机不管理 Kubernetes 或 Swarm" "this host manages neither Kubernetes nor Swarm"
fi
echo end
""",
    parse=parse,
    judge=judge,
    remedy=Text(zh="kubectl describe node <节点>;检查 kubelet", en="kubectl describe node <node>; check kubelet"),
    source="kubectl get nodes; docker-node-ls(1)",
    time_limit_s=30,
)
