"""STO-01 All paths to the SAN work (R131 存储外设检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, critical, ok, warning
from tasks.checks.lines import until_end, words


def parse(output: str) -> dict[str, tuple[int, int]]:
    """Working and broken paths by map."""
    found: dict[str, tuple[int, int]] = {}
    for line in until_end(output):
        name, state = words(line, 2)
        good, bad = found.get(name, (0, 0))
        found[name] = (good + 1, bad) if state.startswith("active ready") or state.startswith("active,ready") else (good, bad + 1)
    if not found:
        raise Unreadable("multipathd named no path", "multipathd 没有列出路径")
    return found


def judge(found: dict[str, tuple[int, int]], limits: Limits, known: Known) -> Iterator[Row]:
    for name, (good, bad) in found.items():
        if good <= 1:
            yield critical(f"{name} 只剩 {good} 条路径,{bad} 条中断", f"{name} has {good} working paths left, {bad} are broken", object=name, value=good,
                           unit="paths")
        elif bad:
            yield warning(f"{name} 有 {bad} 条路径中断,{good} 条可用", f"{bad} paths of {name} are broken, {good} work", object=name, value=good, unit="paths")
        else:
            yield ok(f"{name} 的 {good} 条路径都可用", f"all {good} paths of {name} work", object=name, value=good, unit="paths")


CHECK = HostCheck(
    id="STO-01",
    title=Text(zh="多路径", en="Multipath"),
    chapter="storage",
    command=r"""
command -v multipathd >/dev/null || na "没有安装 multipath" "multipath is not installed"
out=$(multipathd show paths raw format '%m %t %T %o' 2>&1) || cannot "multipathd 报错" "multipathd failed" "$out"
case $out in *error*|*timeout*) cannot "multipathd 报错" "multipathd failed" "$out";; esac
# [orphan] paths belong to no map: local disks
out=$(echo "$out" | grep -vE '^\[orphan\]|^ *$')
[ -n "$out" ] || na "没有多路径设备" "no multipath maps"
echo "$out"
echo end
""",
    parse=parse,
    judge=judge,
    remedy=Text(zh="检查 HBA、光纤、交换机分区与存储控制器", en="Check HBA, fibre, zoning and controller"),
    source="multipathd(8)",
)
