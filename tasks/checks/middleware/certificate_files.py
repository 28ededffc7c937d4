"""MID-03a Certificates in the configuration of services run out in time to be noticed (R127 其他设备和软件)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from reports.records import Outcome, Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, Unreadable, whole
from tasks.checks.lines import until_end, words


def parse(output: str) -> list[tuple[str, datetime, int, str]]:
    """File, end, bits of an RSA key (0: another kind), algorithm of the signature."""
    found = []
    for line in until_end(output):
        path, end, bits, algorithm = words(line, 4, "\t")
        try:
            moment = datetime.strptime(" ".join(end.split()), "%b %d %H:%M:%S %Y GMT").replace(tzinfo=UTC)
        except ValueError:
            raise Unreadable(f"{end[:40]!r} is no end of a certificate", f"{end[:40]!r} 不是证书的到期时间") from None
        found.append((path, moment, whole(bits, "bits"), algorithm))
    if not found:
        raise Unreadable("no certificate was read", "没有读到证书")
    return found


def judge(found: list[tuple[str, datetime, int, str]], limits: Limits, known: Known) -> Iterator[Row]:
    for path, end, bits, algorithm in found:
        days = (end - known.now).total_seconds() / 86400
        outcome = limits["left"].grade(days)
        weak = "sha1" in algorithm.lower() or "md5" in algorithm.lower() or 0 < bits < 2048
        if weak:
            outcome = max(outcome, Outcome.WARNING, key=lambda outcome: outcome.weight)
        yield Row(outcome, f"{path} 的证书还有 {days:.0f} 天到期" + (f",算法过弱({algorithm},{bits} 位)" if weak else ""),
                  f"the certificate {path} runs out in {days:.0f} days" + (f" and is weak: {algorithm}, {bits} bits" if weak else ""), object=path,
                  value=round(days, 1), unit="days")


CHECK = HostCheck(
    id="MID-03a",
    title=Text(zh="证书到期", en="Certificates"),
    chapter="middleware",
    command=r"""
command -v openssl >/dev/null || cannot "缺少 openssl" "openssl is missing"
files=$({
  grep -rhs -v '^[[:space:]]*#' /etc/nginx /etc/apache2 /etc/httpd /etc/postgresql /etc/mysql /etc/my.cnf /etc/my.cnf.d /etc/haproxy 2>/dev/null |
    grep -oE "(^|[[:space:];{])(ssl_certificate|SSLCertificateFile|ssl_cert_file|ssl[-_]cert|certificateFile)[[:space:]=]+[^;[:space:]]+" |
    sed -E "s/^[[:space:];{]*[A-Za-z_-]+[[:space:]=]+//; s/[\"']//g"
  ls -d /etc/letsencrypt/live/*/cert.pem /etc/pki/tls/certs/localhost.crt 2>/dev/null
} | grep '^/' | sort -u | head -n 20)
[ -n "$files" ] || na "没有服务配置证书" "no service names a certificate"
for f in $files; do
  [ -r "$f" ] || continue
  openssl x509 -in "$f" -noout -enddate -text 2>/dev/null | awk -v f="$f" '
    /^notAfter=/ { end = substr($0, 10) }
    /Signature Algorithm:/ && !a { a = $3 }
    /Public Key Algorithm: rsa/ { rsa = 1 }
    /Public-Key:/ { gsub(/[^0-9]/, ""); bits = $0 }
    END { if (end) print f "\t" end "\t" (rsa ? bits : 0) "\t" a }'
done | { found=$(cat); [ -n "$found" ] || exit 9; echo "$found"; } || cannot "证书都无法读取:$files" "no certificate could be read: $files"
echo end
""",
    parse=parse,
    judge=judge,
    limits={"left": Limit(30, 7, "days", Text(zh="netdata x509check:14 天与 7 天;按季度巡检需要更早提醒",
                                              en="netdata x509check: 14 and 7 days; a quarter of inspections needs more"), over=False)},
    remedy=Text(zh="更换证书并重载服务", en="Renew it and reload the service"),
    source="x509(1); netdata health.d/x509check.conf",
)
