"""HW-02b Memory errors the controller counted, ECC (R128 硬件)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, Unreadable, whole
from tasks.checks.lines import until_end, words


def parse(output: str) -> dict[str, int]:
    """Counters by controller and kind."""
    found = {name: whole(count, "a count") for name, count in (words(line, 2) for line in until_end(output))}
    if not found:
        raise Unreadable("no counter was read", "没有读到计数器")
    return found


def judge(found: dict[str, int], limits: Limits, known: Known) -> Iterator[Row]:
    for name, count in found.items():
        before = known.before.get(name)
        new = count - before.value if before and before.value is not None and before.value <= count else count
        limit = limits["uncorrected" if name.endswith("ue_count") else "corrected"]
        yield Row(limit.grade(new), f"{name} 新增 {new:.0f}(共 {count})", f"{name}: {new:.0f} new, {count} in all", object=name, value=count, unit="errors")


CHECK = HostCheck(
    id="HW-02b",
    title=Text(zh="内存 ECC 错误", en="Memory errors (ECC)"),
    chapter="hardware",
    command=r"""
n=0
for f in /sys/devices/system/edac/mc/mc*/ce_count /sys/devices/system/edac/mc/mc*/ue_count; do
  [ -r "$f" ] || continue
  read -r count <"$f"; name=${f#/sys/devices/system/edac/mc/}; echo "$name $count"; n=1
done
[ $n = 1 ] || na "没有内存控制器报告错误(虚拟机,或没有 ECC)" "no memory controller reports errors (a virtual machine, or no ECC)"
echo end
""",
    parse=parse,
    judge=judge,
    limits={"corrected": Limit(1, None, "new errors", "node-exporter mixin, EDAC; own judgement"), "uncorrected": Limit(1, 1, "new errors", "own judgement")},
    remedy=Text(zh="用 ras-mc-ctl --errors 定位内存条并计划更换", en="Find the module with ras-mc-ctl --errors and plan to replace it"),
    source="Linux Documentation/admin-guide/ras.rst",
)
