"""H-MOD-01i The kernel module rds cannot be loaded (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.modules import of_module

CONTROL = HostControl(
    id="H-MOD-01i",
    **of_module("rds"),
    title=Text(zh="内核模块 rds 不可加载", en="The kernel module rds cannot be loaded"),
    severity="low",
    clause="1.4.4 a",
    rule="kernel_module_rds_disabled", cis="3.2.3",
    breaks=Text(zh="Oracle RAC 可能使用", en="Oracle RAC may use it"),
)
