"""MID-06a Redis has memory left and saves its data (R127 其他设备和软件)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, critical, ok, whole
from tasks.checks.lines import pairs

# The password stays on the host: it is read from the configuration and handed over in the environment.
REDIS = r"""
cli=$(command -v redis-cli || command -v valkey-cli) || na "没有安装 Redis" "redis is not installed"
conf=$(ls /etc/redis/redis.conf /etc/redis.conf /etc/valkey/valkey.conf 2>/dev/null | head -n 1)
port=6379
if [ -n "$conf" ]; then
  port=$(awk '$1 == "port" { p = $2 } END { print p ? p : 6379 }' "$conf")
  REDISCLI_AUTH=$(awk '$1 == "requirepass" { gsub(/"/, "", $2); p = $2 } END { print p }' "$conf")
  [ -n "$REDISCLI_AUTH" ] && export REDISCLI_AUTH || unset REDISCLI_AUTH
fi
out=$(timeout 5 "$cli" -h 127.0.0.1 -p "$port" INFO 2>&1) || cannot "redis 报错" "redis failed" "$out"
case $out in NOAUTH*|*"onnection refused"*|*WRONGPASS*) cannot "redis 报错" "redis failed" "$out";; esac
echo "$out" | tr -d '\r' | tr : ' ' |
  grep -E '^(used_memory|maxmemory|evicted_keys|rdb_last_bgsave_status|aof_last_write_status|master_link_status|role|redis_version) '
timeout 5 "$cli" -h 127.0.0.1 -p "$port" CONFIG GET bind 2>/dev/null | sed -n '2s/^/bind /p'
timeout 5 "$cli" -h 127.0.0.1 -p "$port" CONFIG GET protected-mode 2>/dev/null | sed -n '2s/^/protected /p'
echo "password ${REDISCLI_AUTH:+set}"
echo end
"""


def parse(output: str) -> dict[str, str]:
    return pairs(output, "used_memory", "rdb_last_bgsave_status")


def judge(found: dict[str, str], limits: Limits, known: Known) -> Iterator[Row]:
    used, most = whole(found["used_memory"], "used_memory"), whole(found.get("maxmemory", "0"), "maxmemory")
    if most:
        share = 100 * used / most
        yield Row(limits["memory"].grade(share), f"Redis 内存已用 {share:.0f} %", f"{share:.0f} % of Redis' memory are used", object="memory", value=used,
                  unit="bytes",
                  capacity=most)
    else:
        yield ok(f"Redis 已用内存 {used >> 20} MiB,没有上限", f"Redis uses {used >> 20} MiB of memory, without a limit", object="memory", value=used,
                 unit="bytes")
    for key, zh, en in (("rdb_last_bgsave_status", "RDB 保存", "saving RDB"), ("aof_last_write_status", "AOF 写入", "writing AOF"),
                        ("master_link_status", "与主节点的连接", "the link to its master")):
        if key in found and found[key] not in ("ok", "up"):
            yield critical(f"Redis {zh}状态为 {found[key]}", f"Redis: {en} is {found[key]}", object=key)


CHECK = HostCheck(
    id="MID-06a",
    title=Text(zh="Redis", en="Redis"),
    chapter="middleware",
    command=REDIS,
    parse=parse,
    judge=judge,
    limits={"memory": Limit(90, 98, "% of maxmemory", Text(zh="awesome-prometheus-alerts RedisOutOfConfiguredMaxmemory;严重为经验值",
                                                           en="awesome-prometheus-alerts RedisOutOfConfiguredMaxmemory; critical: own judgement"))},
    objects={"memory": "内存"},
    remedy=Text(zh="调整 maxmemory 与淘汰策略;检查数据目录的空间与权限", en="Mend maxmemory and eviction; check room and owner of its folder"),
    source="Redis INFO",
)
