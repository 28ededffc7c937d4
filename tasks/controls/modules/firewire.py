"""H-MOD-03 No FireWire (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.modules import of_module

CONTROL = HostControl(
    id="H-MOD-03",
    **of_module("firewire_ohci"),
    title=Text(zh="不使用 FireWire(可直接读写内存)", en="No FireWire, which reads and writes memory past the processor"),
    severity="low",
    clause="1.4.4 b",
    level=3,
    rule="kernel_module_firewire-core_disabled",
    breaks=Text(zh="FireWire 磁盘与采集设备将不可用", en="disks and recorders on FireWire no longer work"),
)
