"""H-INT-02 Files of packages can be proved (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.services import has

CONTROL = HostControl(
    id="H-INT-02",
    **has("debsums") | {"family": "updates"},
    title=Text(zh="软件包文件可核对", en="Files of packages can be proved"),
    severity="low",
    clause="1.4.7 a",
    level=3,
    breaks=Text(zh="无;只在调用时运行", en="nothing: it runs when it is called"),
)
