"""CFG-04a Names are found: the own one, and those the inventory names (R132 系统配置检查). Inventory: `dns_names`."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, Unreadable, critical, number, warning
from tasks.checks.lines import until_end, words


def parse(output: str) -> list[tuple[str, bool, float]]:
    """Name, found or not, seconds it took."""
    found = []
    for line in until_end(output):
        result, span, name = words(line, 3)
        if result not in ("yes", "no"):
            raise Unreadable(f"{line[:60]!r} is no answer", f"{line[:60]!r} 不是回答")
        found.append((name, result == "yes", number(span, "seconds")))
    if not found:
        raise Unreadable("no name was asked for", "没有查询名称")
    return found


def judge(found: list[tuple[str, bool, float]], limits: Limits, known: Known) -> Iterator[Row]:
    for i, (name, good, span) in enumerate(found):
        # The first is the host's own name, which some leave to nobody: a nuisance, no outage.
        if good:
            yield Row(limits["time"].grade(span), f"{name} 能解析,用时 {span:.1f} 秒", f"{name} is found in {span:.1f} s", object=name, value=span, unit="s")
        elif i:
            yield critical(f"{name} 不能解析", f"{name} is not found", object=name)
        else:
            yield warning(f"本机名 {name} 不能解析", f"the host's own name {name} is not found", object=name)


CHECK = HostCheck(
    id="CFG-04a",
    title=Text(zh="名称解析", en="Name service"),
    chapter="configuration",
    command=r"""
ask() {
  read -r before _ </proc/uptime
  timeout 4 getent ahosts "$1" >/dev/null && found=yes || found=no
  read -r after _ </proc/uptime
  # hundredths, without a program
  a=${after%.*}${after#*.} b=${before%.*}${before#*.}; span=$((a - b))
  echo "$found $((span / 100)).$((span % 100 / 10)) $1"
}
ask "$(uname -n)"
# One name that every host needs and no file answers: where its packages come from; unless a proxy looks it up.
grep -qrsiE '^[^#]*proxy' /etc/apt/apt.conf /etc/apt/apt.conf.d /etc/dnf/dnf.conf /etc/yum.conf ||
  sed -nE 's#^[^\#]*[a-z]+://([^/@ ]*@)?([A-Za-z][A-Za-z0-9.-]*\.[A-Za-z]{2,})[:/].*#\2#p' \
    /etc/apt/sources.list /etc/apt/sources.list.d/* /etc/yum.repos.d/* 2>/dev/null |
  head -n 1 | while read -r name; do ask "$name"; done
echo "${DNS_NAMES-}" | head -n 5 | while read -r name; do [ -n "$name" ] && ask "$name"; done
echo end
""",
    parse=parse,
    judge=judge,
    limits={"time": Limit(1, 3, "s", "own judgement")},
    remedy=Text(zh="检查 /etc/resolv.conf、/etc/hosts 与 DNS 服务器", en="Check /etc/resolv.conf, /etc/hosts and the name servers"),
    source="getent(1), resolv.conf(5)",
    time_limit_s=30,
)
