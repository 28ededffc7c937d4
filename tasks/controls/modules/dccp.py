"""H-MOD-01g The kernel module dccp cannot be loaded (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.modules import of_module

CONTROL = HostControl(
    id="H-MOD-01g",
    **of_module("dccp"),
    title=Text(zh="内核模块 dccp 不可加载", en="The kernel module dccp cannot be loaded"),
    severity="medium",
    clause="1.4.4 a",
    rule="kernel_module_dccp_disabled", cis="3.2.1",
)
