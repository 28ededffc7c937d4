"""PG-40 How much is found in the cache (R139 系统资源的使用状况; tuning)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, Unreadable, ok
from tasks.checks.tables import figure, word


def parse(rows: list[dict[str, Any]]) -> list[tuple[str, float, float]]:
    if not rows:
        raise Unreadable("no database at all", "没有任何数据库")
    return [(word(row, "datname"), figure(row, "hit"), figure(row, "fetched")) for row in rows]


def judge(found: list[tuple[str, float, float]], limits: Limits, known: Known) -> Iterator[Row]:
    for name, hit, fetched in found:
        asked = hit + fetched
        if asked < 100_000:
            yield ok(f"{name} 读取很少,命中率没有意义", f"{name} is hardly read; a hit rate would mean nothing", object=name)
            continue
        share = 100 * hit / asked
        yield Row(limits["hit"].grade(share), f"{name} 缓存命中率 {share:.1f} %", f"{share:.1f} % of {name}'s reads are found in the cache", object=name,
                  value=round(share, 2), unit="%")


CHECK = DatabaseCheck(
    id="PG-40",
    title=Text(zh="缓存命中率", en="Cache hits"),
    chapter="tuning",
    kinds=("postgresql",),
    queries={(12, 0): """
        SELECT datname, blks_hit AS hit, blks_read AS fetched FROM pg_stat_database
        WHERE datname IS NOT NULL AND datname NOT IN ('template0', 'template1') ORDER BY datname
    """},
    parse=parse,
    judge=judge,
    limits={"hit": Limit(90, None, "%", Text(zh="check_pgactivity hit_ratio;PgHero 要求 99 %,报表类系统达不到",
                                             en="check_pgactivity hit_ratio; PgHero wants 99 %, which reports never reach"), over=False)},
    remedy=Text(zh="调大 shared_buffers(内存的四分之一):ALTER SYSTEM SET shared_buffers = '<大小>';(需重启),补索引(PG-25)",
                en="Raise shared_buffers to a quarter of the memory: ALTER SYSTEM SET shared_buffers = '<size>'; (restart), add indexes (PG-25)"),
    source="PostgreSQL manual, pg_stat_database",
)
