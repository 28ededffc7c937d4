"""MID-06b Redis is not open to everybody (R127 其他设备和软件)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, critical, ok, unknown, warning
from tasks.checks.middleware.redis import REDIS, parse


def judge(found: dict[str, str], limits: Limits, known: Known) -> Iterator[Row]:
    public = [address for address in found.get("bind", "*").split() if not address.lstrip("-").startswith(("127.", "::1", "localhost"))]
    if "password" not in found:
        yield unknown("没有得到口令设置", "nothing was said of a password")
    elif found["password"] == "set" or not public:
        yield ok("Redis 有口令或只监听本机", "Redis has a password, or listens to this host only")
    elif found.get("protected") == "yes":
        yield warning("Redis 没有口令,仅由 protected-mode 保护", "Redis has no password, only protected-mode guards it")
    else:
        yield critical("Redis 没有口令且对外监听", "Redis has no password and listens to others")


CHECK = HostCheck(
    id="MID-06b",
    title=Text(zh="Redis 访问控制", en="Access to Redis"),
    chapter="middleware",
    command=REDIS,
    parse=parse,
    judge=judge,
    remedy=Text(zh="设置 requirepass 或 ACL,bind 只留业务地址", en="Set requirepass or ACLs; bind to the address needed"),
    source="Redis security manual",
    clause="GB/T 22239-2019 8.1.4.1 a",
)
