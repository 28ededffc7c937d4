"""A tablespace of PostgreSQL on another file system, and tables that move into it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from reports.records import NOTHING, Text
from tasks.operations import file_system, tablespace
from tasks.operations.postgresql import identifier, literal, talking
from tasks.operations.scripts import fill
from tasks.planning.capacity.expansion import Act, Expansion, Headroom, figures, size
from tasks.requests import Tablespace

MARGIN_PCT = 10  # what a table takes more while it is copied, and grows meanwhile

_FACTS = """PORT=@port@
@talk_script@
cluster=$(pg_lsclusters -h 2>/dev/null | awk -v port="$PORT" '$3 == port { print $6 }' | head -n 1)
echo "data=$cluster"
place=@path@
folder=$place; while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
df -P -k "$folder" | awk 'NR == 2 { print "free_kib=" $4; print "mount=" $6 }'
df -P -k "$cluster" | awk 'NR == 2 { print "data_free_kib=" $4; print "data_mount=" $6 }'
ask @there@
@tables_script@
"""


@dataclass(frozen=True)
class Facts:
    """lies: where a tablespace of this name lies already; empty: there is none. tables: KiB of each with its indexes; -1: there is none of this name."""

    data: str
    free_kib: int
    mount: str
    data_free_kib: int
    data_mount: str
    lies: str
    tables: dict[str, int]


def _words(name: str) -> tuple[str, str]:
    schema, _, table = name.rpartition(".")
    return schema or "public", table


def facts_script(part: Tablespace) -> str:
    there = f"select 'lies=' || coalesce((select pg_tablespace_location(oid) from pg_tablespace where spcname = {literal(part.name)}), '')"
    asked = ""
    for name in part.tables:
        this = literal(identifier(*_words(name)))
        asked += fill("ask @asks@\n", asks=f"select {literal('table:' + name + '=')} || coalesce(pg_total_relation_size(to_regclass({this})) / 1024, -1)")
    return fill(_FACTS, port=part.port, path=part.path, there=there, talk_script=talking(part.database or "postgres"), tables_script=asked)


def parse(output: str) -> Facts:
    """Raises UnreadableOutput."""
    told = figures(output, "data", "free_kib", "mount", "data_free_kib", "data_mount", "lies")
    return Facts(told["data"], int(told["free_kib"]), told["mount"], int(told["data_free_kib"]), told["data_mount"], told["lies"],
                 {name.removeprefix("table:"): int(value) for name, value in told.items() if name.startswith("table:")})


def expand(part: Tablespace, facts: Facts) -> Expansion:
    """The tablespace first, then one step a table. Blocked where the new place has not the room, or is none."""
    moved_kib = sum(max(0, kib) for kib in facts.tables.values())
    goal_kib, source_kib = part.free_mib * 1024, part.data_free_mib * 1024
    need = Text(zh=f"{facts.data_mount} 剩余 {size(facts.data_free_kib / 1024)}，{facts.mount} 剩余 {size(facts.free_kib / 1024)}；"
                   f"表空间 {part.name} 建于 {part.path}，移入 {size(moved_kib / 1024)}",
                en=f"{facts.data_mount} has {size(facts.data_free_kib / 1024)} free, {facts.mount} {size(facts.free_kib / 1024)}; tablespace {part.name} "
                   f"in {part.path}, {size(moved_kib / 1024)} are moved into it")
    blockers = [Text(zh=f"数据库 {part.database} 中没有表 {name}。", en=f"There is no table {name} in database {part.database}.")
                for name, kib in facts.tables.items() if kib < 0]
    if facts.lies and facts.lies != part.path:
        blockers.append(Text(zh=f"表空间 {part.name} 已位于 {facts.lies}。", en=f"A tablespace {part.name} lies in {facts.lies} already."))
    if facts.mount == facts.data_mount:
        blockers.append(Text(zh=f"{part.path} 与数据目录同在 {facts.mount}，移动不会腾出空间。",
                             en=f"{part.path} lies on {facts.mount} as the data folder does; nothing is gained there."))
    if facts.free_kib - moved_kib * (100 + MARGIN_PCT) // 100 < goal_kib:
        blockers.append(Text(zh=f"目标空间不足：{facts.mount} 移入后剩余不到 {part.free_mib} MiB。",
                             en=f"The target is too small: less than {part.free_mib} MiB would be left on {facts.mount}."))
    if source_kib and facts.data_free_kib + moved_kib < source_kib:
        blockers.append(Text(zh=f"移出后 {facts.data_mount} 的剩余仍达不到 {part.data_free_mib} MiB；请移出更多的表。",
                             en=f"{facts.data_mount} would still have less than {part.data_free_mib} MiB free; move more tables."))
    if blockers:
        return Expansion(need, blockers=tuple(blockers))
    mends = {"create-tablespace": tablespace.create(part.name, part.path)}
    mends |= {f"move-table-{count}": tablespace.move(part.database, *_words(name), part.name) for count, name in enumerate(part.tables, 1)}
    acts = [Act(key, replace(mend, port=part.port)) for key, mend in mends.items()]
    proofs = [(facts.mount, goal_kib), *([(facts.data_mount, source_kib)] if source_kib else [])]
    return Expansion(
        need, tuple(acts),
        tuple(Headroom(Text(zh=f"{mount} 剩余空间不少于 {kib >> 10} MiB（df）", en=f"{mount} has at least {kib >> 10} MiB free, by df"),
                       file_system.headroom(mount, kib), file_system.headroom_reads(mount, kib), on_copy=False) for mount, kib in proofs),
        noticed=Text(zh=f"移动期间锁定表 {'、'.join(part.tables)}", en=f"{', '.join(part.tables)} locked while they move") if part.tables else NOTHING)
