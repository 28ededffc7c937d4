"""H-MOD-01j The kernel module sctp cannot be loaded (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.modules import of_module

CONTROL = HostControl(
    id="H-MOD-01j",
    **of_module("sctp"),
    title=Text(zh="内核模块 sctp 不可加载", en="The kernel module sctp cannot be loaded"),
    severity="medium",
    clause="1.4.4 a",
    level=3,
    rule="kernel_module_sctp_disabled", cis="3.2.4",
    breaks=Text(zh="电信软件使用", en="telecommunication software uses it"),
)
