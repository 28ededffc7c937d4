"""H-MOD-01f The kernel module udf cannot be loaded (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.modules import of_module

CONTROL = HostControl(
    id="H-MOD-01f",
    **of_module("udf"),
    title=Text(zh="内核模块 udf 不可加载", en="The kernel module udf cannot be loaded"),
    severity="low",
    clause="1.4.4 a",
    level=3,
    rule="kernel_module_udf_disabled", cis="1.1.1.8",
    breaks=Text(zh="云主机(Azure)与光盘镜像可能用到", en="cloud hosts (Azure) and images of discs may need it"),
)
