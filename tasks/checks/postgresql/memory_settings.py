"""PG-41 Memory settings against the memory there is (R139 系统资源的使用状况; tuning)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import TUNING, DatabaseCheck, Known, Limit, Limits, Row, advice, number, ok, warning
from tasks.checks.tables import pg_settings, settings, size

KIB = 1024


def parse(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Bytes, and max_connections."""
    values = settings(rows, "shared_buffers", "effective_cache_size", "work_mem", "maintenance_work_mem", "max_connections", "block_size")
    block = number(values["block_size"])
    return {"shared_buffers": number(values["shared_buffers"]) * block, "effective_cache_size": number(values["effective_cache_size"]) * block,
            "work_mem": number(values["work_mem"]) * KIB, "maintenance_work_mem": number(values["maintenance_work_mem"]) * KIB,
            "max_connections": number(values["max_connections"])}


def judge(values: dict[str, float], limits: Limits, known: Known) -> Iterator[Row]:
    shared, cache = values["shared_buffers"], values["effective_cache_size"]
    most = values["work_mem"] * values["max_connections"]
    memory = known.expected.get("memory_gib")
    if memory:
        total = float(memory) * 2**30
        share = 100 * shared / total
        right = f"{total / 4 / 2**20:.0f}MB"
        bad = share < 10 or share > 45
        yield (warning if bad else ok)(f"shared_buffers = {size(shared)},为内存的 {share:.0f} %"
                                       + (f";执行并重启:ALTER SYSTEM SET shared_buffers = '{right}';" if bad else ""),
                                       f"shared_buffers is {size(shared)}, {share:.0f} % of the memory"
                                       + (f"; run and restart: ALTER SYSTEM SET shared_buffers = '{right}';" if bad else ""),
                                       object="shared_buffers", value=shared, unit="bytes")
        worst = 100 * (shared + most) / total
        yield Row(limits["worst"].grade(worst), f"shared_buffers 加每连接一份 work_mem 共 {size(shared + most)},为内存的 {worst:.0f} %",
                  f"shared_buffers and one work_mem for each connection come to {size(shared + most)}, {worst:.0f} % of the memory", object="work_mem",
                  value=shared + most, unit="bytes")
    else:
        small = shared <= 128 << 20
        zh, en = f"shared_buffers = {size(shared)}(内存大小未登记,见 expected.memory_gib;一般取内存的四分之一)", \
            f"shared_buffers is {size(shared)} (the memory is not known, see expected.memory_gib; a quarter of it is usual)"
        more = {"object": "shared_buffers", "value": shared, "unit": "bytes"}
        yield advice(zh, en, "ALTER SYSTEM SET shared_buffers = '...';", **more) if small else ok(zh, en, **more)
    low = cache < shared
    yield (warning if low else ok)(f"effective_cache_size = {size(cache)}" + (";应大于 shared_buffers,取内存的一半到四分之三" if low else ""),
                                   f"effective_cache_size is {size(cache)}"
                                   + ("; it should be above shared_buffers, half to three quarters of the memory" if low else ""),
                                   object="effective_cache_size", value=cache, unit="bytes")


CHECK = DatabaseCheck(
    id="PG-41",
    title=Text(zh="内存参数", en="Memory settings"),
    chapter="tuning",
    kinds=("postgresql",),
    queries={(12, 0): pg_settings("shared_buffers", "effective_cache_size", "work_mem", "maintenance_work_mem", "max_connections", "block_size")},
    parse=parse,
    judge=judge,
    limits={"worst": Limit(100, 200, "%", Text(zh="经验值;一个查询可用多份 work_mem,而用到的会话很少",
                                               en="own judgement; a query may take several work_mem, few sessions take one"))},
    remedy=Text(zh="按各行建议调整;修改前与应用方商定", en="Adjust as the rows propose, after talking with the application's people"),
    remedy_operation=TUNING,
    source="PostgreSQL manual, resource consumption; PostgreSQL wiki, tuning your server",
)
