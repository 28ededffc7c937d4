"""H-UPD-05 Weighty changes are shown before an upgrade (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.services import has

CONTROL = HostControl(
    id="H-UPD-05",
    **has("apt-listchanges") | {"family": "updates"},
    title=Text(zh="升级前显示重要变更", en="Weighty changes are shown before an upgrade"),
    severity="low",
    clause="1.4.4 e",
    level=3,
    breaks=Text(zh="交互升级时会先显示变更说明", en="whoever upgrades by hand is shown the news first"),
)
