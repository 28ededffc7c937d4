"""H-MOD-01h The kernel module tipc cannot be loaded (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.modules import of_module

CONTROL = HostControl(
    id="H-MOD-01h",
    **of_module("tipc"),
    title=Text(zh="内核模块 tipc 不可加载", en="The kernel module tipc cannot be loaded"),
    severity="low",
    clause="1.4.4 a",
    rule="kernel_module_tipc_disabled", cis="3.2.2",
    breaks=Text(zh="少数集群软件使用", en="a few cluster products use it"),
)
