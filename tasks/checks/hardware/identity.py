"""HW-01a What machine this is, and that it is still the same (R128 硬件)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, ok, warning
from tasks.checks.lines import pairs


def parse(output: str) -> dict[str, str]:
    """Maker, model, serial number, firmware, as DMI tells them."""
    found = pairs(output)
    if not found.get("product_name"):
        raise Unreadable("DMI names no product", "DMI 没有给出产品名称")
    return found


def judge(found: dict[str, str], limits: Limits, known: Known) -> Iterator[Row]:
    for key, zh, en in (("product_serial", "序列号", "serial number"), ("product_name", "型号", "model"), ("bios_version", "固件", "firmware")):
        if not (value := found.get(key)):
            continue
        name = f"{en} {value}"
        if name not in known.before and any(other.startswith(en) for other in known.before):
            yield warning(f"{zh}与上次不同,现为 {value}", f"the {en} is not that of last time, it is {value}", object=name)
        else:
            yield ok(f"{zh} {value}({found.get('sys_vendor', '')})", f"{en} {value}, {found.get('sys_vendor', '')}", object=name)


CHECK = HostCheck(
    id="HW-01a",
    title=Text(zh="设备身份", en="Identity of the machine"),
    chapter="hardware",
    command=r"""
[ -r /sys/class/dmi/id/product_name ] || na "没有 DMI(容器,或不是 PC 架构)" "no DMI here (a container, or not a PC)"
for f in sys_vendor product_name product_serial bios_version; do
  value=$(cat /sys/class/dmi/id/$f 2>/dev/null) && [ -n "$value" ] && echo "$f $value"
done
echo end
""",
    parse=parse,
    about=lambda found: {"model": " ".join(filter(None, (found.get("sys_vendor"), found["product_name"])))},
    judge=judge,
    objects={"model": "型号", "firmware": "固件", "serial number": "序列号"},
    remedy=Text(zh="更新资产台账,核对变更记录", en="Update the asset list; compare with the change records"),
    source="Linux Documentation/ABI/testing/sysfs-class-dmi",
    clause="GB/T 22239-2019 8.1.10.2",
)
