"""CFG-06c Services that send passwords in clear text, and databases open to every address (R132 系统配置检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.configuration import LISTENERS, Listener, listeners
from tasks.checks.kinds import HostCheck, Known, Limits, Row, critical, ok, warning

CLEAR = {("tcp", 21): "ftp", ("tcp", 23): "telnet", ("tcp", 512): "rexec", ("tcp", 513): "rlogin", ("tcp", 514): "rsh", ("udp", 69): "tftp"}
DATA = {1433: "SQL Server", 1521: "Oracle", 2379: "etcd", 3306: "MySQL", 5236: "DM", 5432: "PostgreSQL", 6379: "Redis", 9200: "Elasticsearch",
        11211: "memcached", 27017: "MongoDB", 54321: "KingbaseES"}


def judge(found: list[Listener], limits: Limits, known: Known) -> Iterator[Row]:
    bad = {}
    for listener in found:
        name = f"{listener.protocol}/{listener.port}"
        # rsyslog takes logs on tcp/514, where rsh once was.
        if (service := CLEAR.get((listener.protocol, listener.port))) and listener.public and "syslog" not in listener.process:
            bad[name] = critical(f"{service} 在监听({name}),口令明文传输", f"{service} listens on {name}: passwords in clear text", object=name)
        # `ports` is what others may reach: a database that is in the list was wanted there.
        elif listener.port in DATA and listener.address in ("0.0.0.0", "*", "[::]") and listener.port not in known.expected.get("ports", []):
            bad[name] = warning(f"{DATA[listener.port]} 监听所有地址({name}),清单没有允许",
                                f"{DATA[listener.port]} listens on every address ({name}), not in the list",
                                object=name)
    yield from bad.values()
    if not bad:
        yield ok("没有明文服务,数据库没有意外对外开放", "no clear-text services, no database open by accident")


CHECK = HostCheck(
    id="CFG-06c",
    title=Text(zh="明文服务与对外开放的数据库", en="Clear-text services, open databases"),
    chapter="configuration",
    command=LISTENERS,
    parse=listeners,
    judge=judge,
    remedy=Text(zh="停用明文服务;数据库只监听业务地址,并用防火墙限制来源",
                en="Stop clear-text services; bind databases to the address needed and restrict who connects"),
    source=Text(zh="ss(8);端口号取自 IANA 与厂商手册", en="ss(8); port numbers by IANA and vendors' manuals"),
    clause="GB/T 22239-2019 8.1.4.1 c",
)
