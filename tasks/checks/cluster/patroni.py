"""CLU-06 Patroni has one leader, and its standbys follow (R130 集群检查)."""

from __future__ import annotations

import json
from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, Unreadable, critical, ok, unknown
from tasks.checks.lines import until_end


def parse(output: str) -> list[tuple[str, str, str, int | None]]:
    """Member, role, state, lag in bytes."""
    text = "\n".join(until_end(output))
    try:
        members = json.loads(text)["members"]
        return [(str(one["name"]), str(one["role"]), str(one["state"]), one["lag"] if isinstance(one.get("lag"), int) else None) for one in members]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Unreadable("Patroni's answer is not its list of members", "Patroni 的回答不是成员列表") from None


def judge(members: list[tuple[str, str, str, int | None]], limits: Limits, known: Known) -> Iterator[Row]:
    leaders = [name for name, role, state, _ in members if role in ("leader", "standby_leader", "master") and state in ("running", "streaming")]
    if len(leaders) == 1:
        yield ok(f"主节点 {leaders[0]}", f"the leader is {leaders[0]}", object="leader")
    else:
        yield critical(f"主节点有 {len(leaders)} 个", f"there are {len(leaders)} leaders", object="leader")
    for name, role, state, lag in members:
        if name in leaders:
            continue
        if state not in ("running", "streaming", "in archive recovery"):
            yield critical(f"{name} 状态 {state}", f"{name} is {state}", object=name)
        elif lag is None:
            yield unknown(f"{name} 没有给出延迟", f"{name} does not tell its lag", object=name)
        else:
            yield Row(limits["lag"].grade(lag / (1 << 20)), f"{name}({role})落后 {lag >> 20} MiB", f"{name}, {role}, lags {lag >> 20} MiB", object=name,
                      value=lag, unit="bytes")


CHECK = HostCheck(
    id="CLU-06",
    title=Text(zh="Patroni", en="Patroni"),
    chapter="cluster",
    command=r"""
[ -d /etc/patroni ] || [ -e /etc/patroni.yml ] || command -v patroni >/dev/null || na "没有安装 Patroni" "Patroni is not installed"
command -v curl >/dev/null || cannot "缺少 curl" "curl is missing"
port=$(grep -rhsE '^[[:space:]]*listen:.*:8[0-9]{3}' /etc/patroni /etc/patroni.yml | grep -oE ':8[0-9]{3}' | head -n 1)
for where in "http://127.0.0.1${port:-:8008}" "http://$(uname -n)${port:-:8008}" "https://127.0.0.1${port:-:8008}"; do
  out=$(curl -ksS --max-time 4 "$where/cluster" 2>/dev/null) && [ -n "$out" ] && break
done
[ -n "$out" ] || cannot "Patroni 的 REST 接口没有应答" "Patroni's REST interface does not answer"
echo "$out"
echo end
""",
    parse=parse,
    judge=judge,
    limits={"lag": Limit(16, 1024, "MiB", "own judgement")},
    objects={"leader": "主节点"},
    remedy=Text(zh="patronictl list;查看落后成员的日志", en="patronictl list; see the log of the member that lags"),
    source="Patroni REST API, GET /cluster",
)
