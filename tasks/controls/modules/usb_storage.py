"""H-MOD-02 No storage over USB (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.modules import of_module

CONTROL = HostControl(
    id="H-MOD-02",
    **of_module("usb_storage"),
    title=Text(zh="不使用 USB 存储", en="No storage over USB"),
    severity="medium",
    clause="1.4.4 b",
    level=3,
    rule="kernel_module_usb-storage_disabled", cis="1.1.1.9",
    risk="medium",
    breaks=Text(zh="备份到 USB 介质、KVM 虚拟光驱将不可用", en="backups to USB media and virtual drives of a KVM no longer work"),
)
