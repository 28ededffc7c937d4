"""HW-03 Health of disks by SMART (R128 硬件)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from reports.records import Outcome, Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, Unreadable, critical, not_applicable, ok
from tasks.checks.lines import listed, until_end

IDS = {5: "reallocated", 187: "uncorrectable", 197: "pending", 198: "offline uncorrectable"}


def parse(output: str) -> list[tuple[str, dict[str, Any]]]:
    """Disk, what smartctl -j says of it. Documents begin with a line `disk NAME`."""
    found = []
    for piece in re.split(r"^disk ", "\n".join(until_end(output)), flags=re.M)[1:]:
        name, _, text = piece.partition("\n")
        try:
            told = json.loads(text)
        except (ValueError, RecursionError):
            raise Unreadable(f"smartctl's answer for {name[:20]} is no JSON", f"smartctl 对 {name[:20]} 的回答不是 JSON") from None
        if not isinstance(told, dict):
            raise Unreadable(f"smartctl's answer for {name[:20]} is no object", f"smartctl 对 {name[:20]} 的回答不是对象")
        found.append((name, told))
    if not found:
        raise Unreadable("no disk was asked", "没有询问任何磁盘")
    return found


def judge(disks: list[tuple[str, dict[str, Any]]], limits: Limits, known: Known) -> Iterator[Row]:
    for name, told in disks:
        passed = told.get("smart_status", {}).get("passed")
        if passed is None:
            if "STANDBY" in json.dumps(told.get("smartctl", {}).get("messages", [])).upper():
                yield not_applicable(f"{name} 正在休眠,不唤醒", f"{name} sleeps and is left asleep", object=name)
            else:
                yield not_applicable(f"{name} 不提供 SMART(虚拟磁盘或 RAID 之后)", f"{name} gives no SMART: a virtual disk, or behind a RAID controller",
                                     object=name)
            continue
        counters = {IDS[row["id"]]: row["raw"]["value"] for row in told.get("ata_smart_attributes", {}).get("table", []) if row["id"] in IDS}
        nvme = told.get("nvme_smart_health_information_log", {})
        if nvme:
            counters = {"media errors": nvme.get("media_errors", 0)}
        bad = sum(counters.values())
        before = known.before.get(f"{name} errors")
        grown = before is not None and before.value is not None and bad > before.value
        yield (ok(f"{name} SMART 通过", f"{name} passes SMART", object=name) if passed else
               critical(f"{name} SMART 判定即将失效", f"{name} is about to fail, says SMART", object=name))
        text = listed([f"{key} {value}" for key, value in counters.items()])
        outcome = Outcome.CRITICAL if grown else limits["errors"].grade(bad)
        yield Row(outcome, f"{name} 坏块计数 {bad}" + (",比上次多" if grown else ""), f"{name}: {bad} bad blocks" + (", more than last time" if grown else ""),
                  object=f"{name} errors", value=bad, unit="blocks", evidence=text)
        if (heat := told.get("temperature", {}).get("current")) is not None:
            yield Row(limits["heat"].grade(heat), f"{name} 温度 {heat} °C", f"{name} has {heat} °C", object=f"{name} temperature", value=heat, unit="°C")
        if "percentage_used" in nvme:
            used = nvme["percentage_used"]
            yield Row(limits["worn"].grade(used), f"{name} 寿命已用 {used} %", f"{name} has used {used} % of its life", object=f"{name} life", value=used,
                      unit="%",
                      capacity=100)


CHECK = HostCheck(
    id="HW-03",
    title=Text(zh="磁盘 SMART", en="Health of disks (SMART)"),
    chapter="hardware",
    # -n standby: a sleeping disk is not woken
    command=r"""
{ [ -e /run/systemd/container ] || [ -e /.dockerenv ]; } && na "容器没有自己的磁盘" "a container has no disks of its own"
command -v smartctl >/dev/null || cannot "没有安装 smartmontools" "smartmontools is not installed"
n=0
for d in /sys/block/sd* /sys/block/nvme*n* /sys/block/hd*; do
  [ -e "$d/device" ] || continue
  n=$((n + 1)); [ $n -le 40 ] || break
  echo "disk ${d##*/}"
  timeout 10 smartctl -n standby -H -A -j "/dev/${d##*/}" || [ $? -ne 124 ] || echo '{}'
done
[ $n -gt 0 ] || na "没有支持 SMART 的磁盘(虚拟磁盘)" "no disk that could know SMART (virtual disks)"
echo end
""",
    parse=parse,
    judge=judge,
    limits={"errors": Limit(1, None, "blocks", Text(zh="经验值,参考 Backblaze 与 Google 的磁盘研究",
                                                    en="own judgement, after Backblaze's and Google's disk studies")),
            "heat": Limit(55, 65, "°C", "own judgement"),
            "worn": Limit(80, 95, "%", "NVMe specification, Percentage Used; own judgement")},
    objects={"errors": "错误", "temperature": "温度", "life": "寿命"},
    remedy=Text(zh="先确认备份,再更换磁盘", en="Make sure of the backup, then replace the disk"),
    source="smartctl(8), --json",
    time_limit_s=60,
    byte_limit=1_000_000,
)
