"""MY-02 How many of the connections are taken, and how many fail (R139 系统资源的使用状况)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, Unreadable, number
from tasks.checks.tables import my_settings, settings, span

NAMES = ("threads_connected", "max_used_connections", "max_connections", "connections", "aborted_connects", "uptime")


def parse(rows: list[dict[str, Any]]) -> dict[str, float]:
    values = settings(rows, *NAMES)
    figures = {name: number(values[name], name) for name in NAMES}
    if figures["max_connections"] <= 0:
        raise Unreadable(f"max_connections would be {figures['max_connections']}", f"max_connections 为 {figures['max_connections']},不合理")
    return figures


def judge(now: dict[str, float], limits: Limits, known: Known) -> Iterator[Row]:
    most, taken, peak = now["max_connections"], max(0, now["threads_connected"] - 1), now["max_used_connections"]  # one is our own
    share, high = 100 * taken / most, 100 * peak / most
    yield Row(limits["taken"].grade(share), f"{most:.0f} 个连接已用 {taken:.0f} 个({share:.0f} %)",
              f"{taken:.0f} of {most:.0f} connections are taken ({share:.0f} %)",
              object="now", value=taken, unit="connections", capacity=most)
    zh, en = span(now["uptime"])
    bad = ";执行:SET GLOBAL max_connections = <更大>;" if high >= limits["peak"].warning else ""
    yield Row(limits["peak"].grade(high), f"启动 {zh}以来最多用到 {peak:.0f} 个({high:.0f} %){bad}",
              f"at most {peak:.0f} ({high:.0f} %) since the start {en} ago" + bad.replace(";执行:", "; run: ").replace("<更大>", "<more>"), object="peak",
              value=peak,
              unit="connections")
    if now["connections"] >= 100:
        failed = 100 * now["aborted_connects"] / now["connections"]
        yield Row(limits["failed"].grade(failed), f"{failed:.1f} % 的登录失败(共 {now['aborted_connects']:.0f} 次)",
                  f"{failed:.1f} % of logins failed ({now['aborted_connects']:.0f} in all)",
                  object="failed", value=round(failed, 2), unit="%")


CHECK = DatabaseCheck(
    id="MY-02",
    title=Text(zh="连接数", en="Connections"),
    chapter="db resources",
    kinds=("mysql", "mariadb"),
    **my_settings(*NAMES),
    parse=parse,
    judge=judge,
    limits={"taken": Limit(85, 95, "%", "MySQLTuner: 85 %"), "peak": Limit(85, None, "%", "MySQLTuner: 85 %"),
            "failed": Limit(3, None, "%", "MySQLTuner: 3 %")},
    objects={"now": "当前", "peak": "峰值", "failed": "失败的连接"},
    remedy=Text(zh="使用连接池,查找不释放连接的应用;失败的登录见错误日志(log_warnings = 2)",
                en="Use a pool; find the application that keeps its connections; failed logins stand in the error log (log_warnings = 2)"),
    source="MySQL manual, server status variables",
)
