"""H-MOD-01c The kernel module hfs cannot be loaded (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.modules import of_module

CONTROL = HostControl(
    id="H-MOD-01c",
    **of_module("hfs"),
    title=Text(zh="内核模块 hfs 不可加载", en="The kernel module hfs cannot be loaded"),
    severity="low",
    clause="1.4.4 a",
    rule="kernel_module_hfs_disabled", cis="1.1.1.3",
)
