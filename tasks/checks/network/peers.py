"""NET-01b Hosts this one depends on can be reached (R127 网络设备). Inventory: `peers`, a list of host:port."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, critical, ok
from tasks.checks.lines import until_end, words


def parse(output: str) -> list[tuple[str, bool]]:
    """Peer, reached or not."""
    found = []
    for line in until_end(output):
        result, name = words(line, 2)
        if result not in ("open", "closed"):
            raise Unreadable(f"{line[:60]!r} is no answer", f"{line[:60]!r} 不是回答")
        found.append((name, result == "open"))
    if not found:
        raise Unreadable("no peer was asked", "没有询问任何主机")
    return found


def judge(found: list[tuple[str, bool]], limits: Limits, known: Known) -> Iterator[Row]:
    for name, good in found:
        if good:
            yield ok(f"{name} 可以连通", f"{name} can be reached", object=name)
        else:
            yield critical(f"{name} 连不上", f"{name} cannot be reached", object=name)


CHECK = HostCheck(
    id="NET-01b",
    title=Text(zh="依赖的主机", en="Hosts it depends on"),
    chapter="network",
    command=r"""
[ -n "${PEERS-}" ] || na "台账没有写明依赖的主机" "the inventory names no peers"
command -v bash >/dev/null || cannot "缺少 bash" "bash is missing"
echo "$PEERS" | head -n 10 | while read -r peer; do
  case $peer in *:*[!0-9]*|*[!A-Za-z0-9.:-]*|'') continue;; esac
  if timeout 3 bash -c ": </dev/tcp/${peer%:*}/${peer##*:}" 2>/dev/null; then echo "open $peer"; else echo "closed $peer"; fi
done
echo end
""",
    parse=parse,
    judge=judge,
    remedy=Text(zh="检查对端服务、防火墙与路由", en="Check the peer's service, firewalls and routes"),
    source="bash(1), /dev/tcp",
    time_limit_s=40,
)
