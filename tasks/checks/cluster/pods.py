"""CLU-05b Pods of Kubernetes that do not run, or start again and again (R130 集群检查)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from reports.records import Outcome, Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, Unreadable, ok, whole
from tasks.checks.lines import until_end, words
from tasks.checks.tables import since

WELL = {"Running", "Completed", "Succeeded"}
GROUP = re.compile(r"(-[a-f0-9]{6,10})?-[a-z0-9]{5}$")  # of a name, what is new in every pod of a deployment


@dataclass(frozen=True)
class Pod:
    name: str
    state: str
    ready: int
    wanted: int
    restarts: int

    @property
    def group(self) -> str:
        return GROUP.sub("", self.name)


def parse(output: str) -> list[Pod]:
    """Lines `namespace/name ready/wanted state restarts`."""
    found = []
    for line in until_end(output):
        name, ready, state, restarts = words(line, 4)
        is_ready, _, wanted = ready.partition("/")
        found.append(Pod(name, state, whole(is_ready, "a count"), whole(wanted, "a count"), whole(restarts, "a count")))
    if not found:
        raise Unreadable("no pod was named; the cluster's own are always there", "没有列出 Pod,而集群自身的 Pod 总是存在的")
    return found


def judge(pods: list[Pod], limits: Limits, known: Known) -> Iterator[Row]:
    bad = False
    for pod in pods:
        gone = pod.state not in WELL or (pod.state == "Running" and pod.ready < pod.wanted)
        if gone:
            bad = True
            yield Row(Outcome.WARNING, f"Pod {pod.name} 状态 {pod.state},就绪 {pod.ready}/{pod.wanted}",
                      f"pod {pod.name} is {pod.state}, {pod.ready} of {pod.wanted} ready", object=pod.name)
    groups: dict[str, int] = {}
    for pod in pods:
        groups[pod.group] = groups.get(pod.group, 0) + pod.restarts
    for name, restarts in groups.items():
        new = since(f"restarts {name}", restarts, known)
        a_day = None if new is None or not known.days_since else new / max(1.0, known.days_since)
        if restarts or f"restarts {name}" in known.before:
            yield Row(Outcome.OK if a_day is None else limits["restarts"].grade(a_day),
                      f"{name} 的 Pod 共重启 {restarts} 次" + ("" if a_day is None else f",每天 {a_day:.1f} 次"),
                      f"pods of {name} were restarted {restarts} times" + ("" if a_day is None else f", {a_day:.1f} a day"),
                      object=f"restarts {name}", value=restarts, unit="restarts")
    if not bad:
        yield ok(f"{len(pods)} 个 Pod 都正常", f"{len(pods)} pods are well")


CHECK = HostCheck(
    id="CLU-05b",
    title=Text(zh="Kubernetes 的 Pod", en="Pods of Kubernetes"),
    chapter="cluster",
    # RESTARTS reads "5 (3d ago)" in newer versions
    command=r"""
[ -r /etc/kubernetes/admin.conf ] && command -v kubectl >/dev/null || na "本机不管理 Kubernetes" "this host does not manage Kubernetes"
out=$(timeout 20 kubectl --kubeconfig /etc/kubernetes/admin.conf --request-timeout=15s get pods -A --no-headers 2>&1) ||
  cannot "kubectl 报错" "kubectl failed" "$out"
echo "$out" | awk '{ print $1 "/" $2, $3, $4, $5 }' | head -n 5000
echo end
""",
    parse=parse,
    judge=judge,
    limits={"restarts": Limit(5, 50, "a day", "own judgement")},
    objects={"restarts": "重启"},
    remedy=Text(zh="kubectl describe pod <Pod>;kubectl logs --previous <Pod>", en="kubectl describe pod <pod>; kubectl logs --previous <pod>"),
    source="kubectl get pods; Kubernetes pod lifecycle",
    time_limit_s=40,
    byte_limit=500_000,
)
