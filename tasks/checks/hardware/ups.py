"""HW-10 The uninterruptible power supply (R128 硬件)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, critical, number, ok
from tasks.checks.lines import pairs


def parse(output: str) -> dict[str, str]:
    """Values as NUT names them."""
    return pairs(output, "ups.status")


def judge(found: dict[str, str], limits: Limits, known: Known) -> Iterator[Row]:
    status = found["ups.status"]
    if not status.startswith("OL") or "LB" in status.split() or "RB" in status.split():
        yield critical(f"UPS 状态 {status}", f"the UPS is {status}", object="status")
    else:
        yield ok(f"UPS 状态 {status}", f"the UPS is {status}", object="status")
    for key, name in (("battery.charge", "charge"), ("ups.load", "load")):
        if key in found:
            value = number(found[key], key)
            yield Row(limits[name].grade(value), f"UPS {'电量' if name == 'charge' else '负载'} {value:g} %", f"{name} of the UPS: {value:g} %", object=name,
                      value=value,
                      unit="%")


CHECK = HostCheck(
    id="HW-10",
    title=Text(zh="UPS", en="UPS"),
    chapter="hardware",
    command=r"""
if command -v upsc >/dev/null; then
  ups=$(timeout 5 upsc -l 2>/dev/null | head -n 1); [ -n "$ups" ] || cannot "NUT 没有找到 UPS" "NUT knows no UPS"
  timeout 5 upsc "$ups" 2>/dev/null | sed -nE 's/^(battery\.charge|ups\.load|ups\.status): /\1 /p'
elif command -v apcaccess >/dev/null; then
  timeout 5 apcaccess -u 2>/dev/null |
    sed -nE 's/^BCHARGE *: */battery.charge /p; s/^LOADPCT *: */ups.load /p; s/^STATUS *: *ONLINE */ups.status OL /p; s/^STATUS *: */ups.status /p'
else
  na "没有连接 UPS" "no UPS is attached"
fi
echo end
""",
    parse=parse,
    judge=judge,
    limits={"charge": Limit(25, 10, "%", "netdata upsd_battery_charge", over=False), "load": Limit(80, 90, "%", "netdata upsd_10min_ups_load")},
    objects={"status": "状态", "charge": "电量", "load": "负载"},
    remedy=Text(zh="检查市电输入,更换电池", en="Check the feed, replace the battery"),
    source="upsc(8); apcaccess(8)",
)
