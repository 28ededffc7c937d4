"""H-MOD-01a The kernel module cramfs cannot be loaded (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.modules import of_module

CONTROL = HostControl(
    id="H-MOD-01a",
    **of_module("cramfs"),
    title=Text(zh="内核模块 cramfs 不可加载", en="The kernel module cramfs cannot be loaded"),
    severity="low",
    clause="1.4.4 a",
    rule="kernel_module_cramfs_disabled", cis="1.1.1.1",
)
