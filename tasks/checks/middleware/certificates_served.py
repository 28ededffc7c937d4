"""MID-03b Certificates that are really served on this host's TLS ports (R127 其他设备和软件)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row
from tasks.checks.middleware.certificate_files import parse


def judge(found: list[tuple[str, datetime, int, str]], limits: Limits, known: Known) -> Iterator[Row]:
    for port, end, _, _ in found:
        days = (end - known.now).total_seconds() / 86400
        yield Row(limits["left"].grade(days), f"端口 {port} 提供的证书还有 {days:.0f} 天到期",
                  f"the certificate served on port {port} runs out in {days:.0f} days",
                  object=port, value=round(days, 1), unit="days")


CHECK = HostCheck(
    id="MID-03b",
    title=Text(zh="正在提供的证书", en="Certificates served"),
    chapter="middleware",
    # a file that was renewed without a reload is still served old: so the port is asked as well
    command=r"""
command -v openssl >/dev/null || cannot "缺少 openssl" "openssl is missing"
command -v ss >/dev/null || cannot "缺少 ss" "ss is missing"
ports=$(ss -Hltn | awk '{ n = split($4, a, ":"); if (a[n] ~ /^(443|465|636|853|989|990|993|995|5671|6443|8443|9443)$/) print a[n] }' | sort -un | head -n 5)
[ -n "$ports" ] || na "没有程序监听 TLS 端口" "nothing listens on a TLS port"
for port in $ports; do
  timeout 4 openssl s_client -connect "127.0.0.1:$port" -servername "$(uname -n)" </dev/null 2>/dev/null | openssl x509 -noout -enddate 2>/dev/null |
    sed -n "s/^notAfter=\(.*\)/$port\t\1\t0\t-/p"
done | { found=$(cat); [ -n "$found" ] || exit 9; echo "$found"; } || cannot "端口 $(echo $ports) 没有给出证书" "no certificate was served on $(echo $ports)"
echo end
""",
    parse=parse,
    judge=judge,
    limits={"left": Limit(30, 7, "days", Text(zh="netdata x509check:14 天与 7 天;按季度巡检需要更早提醒",
                                              en="netdata x509check: 14 and 7 days; a quarter of inspections needs more"), over=False)},
    remedy=Text(zh="更换证书并重载服务", en="Renew it and reload the service"),
    source="s_client(1)",
    time_limit_s=30,
)
