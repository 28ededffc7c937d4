"""H-MOD-01e The kernel module jffs2 cannot be loaded (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.modules import of_module

CONTROL = HostControl(
    id="H-MOD-01e",
    **of_module("jffs2"),
    title=Text(zh="内核模块 jffs2 不可加载", en="The kernel module jffs2 cannot be loaded"),
    severity="low",
    clause="1.4.4 a",
    rule="kernel_module_jffs2_disabled", cis="1.1.1.5",
)
