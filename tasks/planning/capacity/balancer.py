"""The balancer's side of an application node more: joined with little traffic first, then wholly. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from reports.records import Text
from tasks.operations import upstream
from tasks.operations.scripts import fill
from tasks.planning.capacity.expansion import Act, Expansion, Headroom, figures
from tasks.planning.capacity.node import CANARY, WHOLE
from tasks.requests import NewNode

PROOF_REQUESTS = 100

_FACTS = r"""file=@file@
[ -f "$file" ] && echo "file=yes" || echo "file=no"
systemctl is-active -q @by@ && echo "runs=yes" || echo "runs=no"
awk -v group=@group@ -v by=@by@ '
  by == "nginx" && $0 ~ "^[ \t]*upstream[ \t]+" && $2 == group { inside = 1; next }
  by == "nginx" && $0 ~ "^[ \t]*}" { inside = 0 }
  by == "haproxy" && $0 ~ "^(backend|listen)[ \t]" { inside = ($2 == group); next }
  by == "haproxy" && $0 ~ "^[a-z]" { inside = 0 }
  inside && $1 == "server" { sub(";", ""); print "server:" (by == "nginx" ? $2 : $3) "=yes" }' "$file" 2>/dev/null
for tool in curl ss; do command -v "$tool" >/dev/null || echo "missing-$tool=yes"; done
exit 0
"""


@dataclass(frozen=True)
class Facts:
    """servers: the addresses that the group has now."""

    file: bool
    runs: bool
    servers: tuple[str, ...]
    missing: tuple[str, ...]


def facts_script(part: NewNode) -> str:
    return fill(_FACTS, file=part.file, by=part.by, group=part.group)


def parse(output: str) -> Facts:
    """Raises UnreadableOutput."""
    told = figures(output, "file", "runs")
    return Facts(told["file"] == "yes", told["runs"] == "yes", tuple(name.removeprefix("server:") for name in told if name.startswith("server:")),
                 tuple(name.removeprefix("missing-") for name in told if name.startswith("missing-")))


def expand(part: NewNode, facts: Facts) -> Expansion:
    """Nothing to do where the group has the address already."""
    need = Text(zh=f"{part.group} 现有节点：{'、'.join(facts.servers) or '无'}", en=f"{part.group} has {', '.join(facts.servers) or 'no servers'} now")
    blockers = []
    if not facts.runs:
        blockers.append(Text(zh=f"{part.by} 没有运行。", en=f"{part.by} does not run."))
    if not facts.file or not facts.servers:
        blockers.append(Text(zh=f"{part.file} 中没有含节点的 {part.group}。", en=f"{part.file} has no group {part.group} with servers."))
    if facts.missing:
        blockers.append(Text(zh=f"主机上没有 {'、'.join(facts.missing)}。", en=f"{', '.join(facts.missing)} is not installed on the host."))
    if blockers:
        return Expansion(need, blockers=tuple(blockers))
    if part.address in facts.servers:
        return Expansion(need)
    of = (part.by, part.file, part.group, part.address, part.host)
    steps = (("join-canary", "canary", CANARY), ("join-whole", "whole", WHOLE))
    acts = tuple(Act(key, upstream.join(stage, *of, weight=part.weight, url=part.through, requests=PROOF_REQUESTS), turn=turn)  # type: ignore[arg-type]
                 for key, stage, turn in steps)
    return Expansion(need, acts, (
        Headroom(Text(zh=f"负载下请求全部成功{f'，每秒不少于 {part.per_s} 个' if part.per_s else ''}",
                      en=f"Under load no request fails{f', and at least {part.per_s} a second are answered' if part.per_s else ''}"),
                 upstream.headroom(*of, url=part.through, requests=part.load_requests, at_once=part.load_at_once, per_s=part.per_s),
                 upstream.headroom_reads(part.load_requests), on_copy=False),))
