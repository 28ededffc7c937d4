"""STO-04a Room in thin pools and snapshots of LVM (R131 存储外设检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, Unreadable, not_applicable, number, whole
from tasks.checks.lines import until_end

LVM = r"""
command -v lvs >/dev/null || na "没有安装 LVM" "LVM is not installed"
columns=vg_name,lv_name,lv_attr,data_percent,metadata_percent,lv_health_status
out=$(lvs --readonly --noheadings --nosuffix --separator '|' -o $columns 2>/dev/null) || cannot "lvs 失败" "lvs failed"
[ -n "$out" ] || na "没有 LVM 卷" "no LVM volumes here"
echo "$out"
vgs --readonly --noheadings --separator '|' -o vg_name,vg_missing_pv_count 2>/dev/null | sed 's/^ */vg|/'
echo end
"""


def parse(output: str) -> tuple[list[tuple[str, str, float | None, float | None, str]], dict[str, int]]:
    """Volumes: name, attributes, data and metadata in percent, health; volume groups: missing disks."""
    volumes, groups = [], {}
    for line in until_end(output):
        parts = [part.strip() for part in line.split("|")]
        if parts[0] == "vg" and len(parts) == 3:
            groups[parts[1]] = whole(parts[2], "a count")
        elif len(parts) == 6:
            data, metadata = (number(part, "a share") if part else None for part in parts[3:5])
            volumes.append((f"{parts[0]}/{parts[1]}", parts[2], data, metadata, parts[5]))
        else:
            raise Unreadable(f"lvs printed {line[:60]!r}", f"lvs 输出了 {line[:60]!r}")
    if not volumes:
        raise Unreadable("lvs named no volume", "lvs 没有列出卷")
    return volumes, groups


def judge(answer: tuple[list[tuple[str, str, float | None, float | None, str]], dict[str, int]], limits: Limits, known: Known) -> Iterator[Row]:
    rows = False
    for name, attributes, data, metadata, _ in answer[0]:
        # t: thin pool, s: snapshot; a thin volume's own share says nothing.
        if attributes[:1] not in "tsS" or data is None:
            continue
        rows = True
        share = max(data, metadata or 0)
        yield Row(limits["used"].grade(share), f"{name} 数据 {data:g} %,元数据 {metadata or 0:g} %", f"{name}: data {data:g} %, metadata {metadata or 0:g} %",
                  object=name, value=share, unit="%", capacity=100)
    if not rows:
        yield not_applicable("没有精简池和快照", "no thin pools and no snapshots")


CHECK = HostCheck(
    id="STO-04a",
    title=Text(zh="LVM 精简池与快照", en="Thin pools and snapshots"),
    chapter="storage",
    command=LVM,
    parse=parse,
    judge=judge,
    limits={"used": Limit(80, 90, "%", Text(zh="经验值,参考 lvmthin(7)", en="own judgement, after lvmthin(7)"))},
    remedy=Text(zh="lvextend 数据或元数据;删除不用的快照", en="lvextend data or metadata; remove snapshots nobody needs"),
    source="lvs(8), lvmthin(7)",
)
