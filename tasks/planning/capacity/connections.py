"""Connections of a PostgreSQL server: how many are taken, how many there should be. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from reports.records import NOTHING, Text
from tasks.operations.postgresql import talking
from tasks.operations.postgresql_tuning import tune
from tasks.operations.scripts import fill
from tasks.planning.capacity.expansion import Act, Expansion, Headroom, figures, size
from tasks.requests import ConnectionLimit

NAME = "max_connections"
ROUNDED_TO = 10
TRIED_AT_MOST = 100  # sessions opened at once to prove it
SESSION_MIB = 10     # of memory, beside what its statements take

_FACTS = """PORT=@port@
@talk_script@
echo "cluster=$(pg_lsclusters -h 2>/dev/null | awk -v port="$PORT" '$3 == port { print $1 "/" $2 }' | head -n 1)"
awk '/^MemAvailable:/ { print "available_kib=" $2 }' /proc/meminfo
ask "select 'most=' || current_setting('max_connections') union all
  select 'kept=' || current_setting('superuser_reserved_connections')::int + coalesce(current_setting('reserved_connections', true)::int, 0) union all
  select 'taken=' || count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid() union all
  select 'standby=' || pg_is_in_recovery() union all select 'standbys=' || count(*) from pg_stat_replication"
"""
# Opened all at once, as the owner of the server, and counted as it sees them; what is kept for superusers stays free.
_TRY = """PORT=@port@
@talk_script@
runuser -u postgres -- env PGAPPNAME=standfast-load PGCONNECT_TIMEOUT=10 sh -c 'n=0
  while [ "$n" -lt @tried_script@ ]; do
    /usr/lib/postgresql/@version_script@/bin/psql -X -w -q -p "$0" -d postgres -c "select pg_sleep(25)" &
    n=$((n + 1))
  done
  wait' "$PORT" >/dev/null 2>&1 </dev/null &
there=0; second=0
while [ "$second" -lt 20 ] && [ "$there" -lt @tried@ ]; do
  sleep 1; second=$((second + 1))
  there=$(ask "select count(*) from pg_stat_activity where application_name = 'standfast-load'")
done
told=$(ask "select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
  - coalesce(current_setting('reserved_connections', true)::int, 0) - count(*) + @tried@ from pg_stat_activity
  where backend_type = 'client backend' and pid <> pg_backend_pid()")
ask "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'standfast-load'" >/dev/null
wait
echo "figures: $there $told"
[ "$there" -ge @tried@ ] && [ "$told" -ge @free@ ]
"""


@dataclass(frozen=True)
class Facts:
    """cluster: Debian's, "15/main"; empty: none listens there. most: max_connections; kept: of these for superusers; taken: by clients."""

    cluster: str
    most: int
    kept: int
    taken: int
    standby: bool
    standbys: int
    available_kib: int


def facts_script(part: ConnectionLimit) -> str:
    return fill(_FACTS, port=part.port, talk_script=talking("postgres"))


def parse(output: str) -> Facts:
    """Raises UnreadableOutput."""
    told = figures(output, "cluster", "most", "kept", "taken", "standby", "standbys", "available_kib")
    return Facts(told["cluster"], int(told["most"]), int(told["kept"]), int(told["taken"]), told["standby"] in ("t", "true"), int(told["standbys"]),
                 int(told["available_kib"]))


def expand(part: ConnectionLimit, facts: Facts) -> Expansion:
    """Nothing to do where so many are free."""
    free = facts.most - facts.kept - facts.taken
    need = Text(zh=f"PostgreSQL {facts.cluster} 共 {facts.most} 个连接，已用 {facts.taken}，空闲 {free}；目标空闲不少于 {part.free}",
                en=f"PostgreSQL {facts.cluster} has {facts.most} connections, {facts.taken} taken, {free} free; at least {part.free} free are wanted")
    if free >= part.free:
        return Expansion(need)
    wanted = part.to or -(-(facts.taken + facts.kept + part.free) // ROUNDED_TO) * ROUNDED_TO
    memory_mib = (wanted - facts.most) * SESSION_MIB
    blockers = []
    if not facts.cluster:
        blockers.append(Text(zh=f"端口 {part.port} 上没有 Debian 管理的 PostgreSQL 实例。",
                             en=f"No PostgreSQL cluster of Debian's listens on port {part.port}."))
    if wanted - facts.kept - facts.taken < part.free:
        blockers.append(Text(zh=f"{NAME} = {wanted} 达不到目标；请加大该值或降低目标。",
                             en=f"{NAME} = {wanted} misses the goal; make it larger, or the goal smaller."))
    if facts.standby or facts.standbys:
        blockers.append(Text(zh="该实例有备库或本身是备库；须先在备库上提高，否则备库会停止。",
                             en="The server has standbys or is one; raise it on the standbys first, or they stop."))
    if memory_mib * 1024 > facts.available_kib:
        blockers.append(Text(zh=f"新增连接约需 {size(memory_mib)} 内存，可用仅 {size(facts.available_kib / 1024)}；请改用连接池。",
                             en=f"So many more sessions take about {size(memory_mib)} of memory, and {size(facts.available_kib / 1024)} are available; "
                                "use a pool."))
    if blockers:
        return Expansion(need, blockers=tuple(blockers))
    version, _, cluster = facts.cluster.partition("/")
    mend = tune({NAME: (str(wanted), str(wanted))}, {NAME: f"{NAME} = {facts.most}  # in force"}, port=part.port,
                unit=f"postgresql@{version}-{cluster}.service", restart=True)
    tried = min(part.free, TRIED_AT_MOST)
    prove = fill(_TRY, port=part.port, talk_script=talking("postgres"), tried=tried, free=part.free, tried_script=tried,
                 version_script=version)
    return Expansion(need, (Act("set-max-connections", mend),), (
        Headroom(Text(zh=f"同时新建 {tried} 个连接成功，空闲不少于 {part.free}", en=f"{tried} more sessions open at once, and at least {part.free} are free"),
                 prove, Text(zh=f"同时新建 {{1}} 个连接（共 {tried} 个），此前空闲 {{2}} 个；目标空闲不少于 {part.free} 个",
                             en=f"{{1}} of {tried} more sessions opened at once, {{2}} were free before them; at least {part.free} free are wanted"),
                 within_s=20),), noticed=mend.breaks or NOTHING)
