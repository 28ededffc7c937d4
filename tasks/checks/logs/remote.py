"""LOG-09b Logs are also sent to another host (R129 系统日志检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, ok
from tasks.checks.lines import listed, until_end


def parse(output: str) -> list[str]:
    """Lines of configuration that send logs away."""
    return until_end(output)


def judge(targets: list[str], limits: Limits, known: Known) -> Iterator[Row]:
    if targets:
        yield ok("日志同时发往其他主机", "logs are also sent to another host", evidence=listed(targets))
    else:
        yield ok("日志只保存在本机(三级系统应另存一份)", "logs are kept on this host only; a system of level 3 needs a copy elsewhere")


CHECK = HostCheck(
    id="LOG-09b",
    title=Text(zh="日志异地保存", en="Logs sent away"),
    chapter="log",
    command=r"""
grep -rhsE '^[^#]*([[:space:]]@@?[[:alnum:][(]|omfwd|omrelp)' /etc/rsyslog.conf /etc/rsyslog.d | cut -c1-150 | head -n 20
grep -hsE '^[[:space:]]*URL=' /etc/systemd/journal-upload.conf | head -n 5
for f in /etc/filebeat/filebeat.yml /etc/fluent-bit/fluent-bit.conf /etc/promtail/config.yml /etc/vector/vector.yaml; do [ -s $f ] && echo $f; done
echo end
""",
    parse=parse,
    judge=judge,
    remedy=Text(zh="rsyslog:*.* @@日志服务器:514(或经 TLS)", en="rsyslog: *.* @@loghost:514, better by TLS"),
    source="rsyslog.conf(5); systemd-journal-upload(8)",
    clause="GB/T 22239-2019 8.1.5.4 d",
)
