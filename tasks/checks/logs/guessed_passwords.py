"""LOG-06b Addresses that were let in after many failures (R129 系统日志检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, critical, ok
from tasks.checks.logs import LOGINS, logins


def judge(answer: tuple[list[tuple[int, str, str]], list[tuple[int, str]], int], limits: Limits, known: Known) -> Iterator[Row]:
    _, broken, read = answer
    for count, address in broken:
        yield critical(f"{address} 失败 {count} 次后登录成功", f"{address} was let in after {count} failures", object=address, value=count, unit="failures")
    if not broken:
        yield ok(f"没有多次失败之后的成功登录(共 {read} 行日志)", f"nobody was let in after many failures, in {read} lines of log")


CHECK = HostCheck(
    id="LOG-06b",
    title=Text(zh="多次失败后的成功登录", en="Log-ins after many failures"),
    chapter="log",
    command=LOGINS,
    parse=logins,
    judge=judge,
    remedy=Text(zh="按入侵处置:核实登录者,更换口令与密钥,检查新增账户与任务",
                en="Treat it as an intrusion: ask who it was, change passwords and keys, look for new accounts and jobs"),
    source=Text(zh="sshd(8) 的日志;20 次失败的界限为经验值", en="sshd(8) log messages; the bound of 20 failures is own judgement"),
    clause="GB/T 22239-2019 8.1.5.4 f",
)
