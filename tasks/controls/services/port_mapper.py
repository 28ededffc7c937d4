"""H-SVC-01h No rpcbind and no NFS server (R008 安全加固)."""

from __future__ import annotations

from reports.records import Text
from tasks.controls.kinds import HostControl
from tasks.controls.services import of_service

CONTROL = HostControl(
    id="H-SVC-01h",
    **of_service("rpcbind.service", "rpcbind.socket", "nfs-server.service"),
    title=Text(zh="不运行 rpcbind 与 NFS 服务", en="No rpcbind and no NFS server"),
    severity="low",
    clause="1.4.4 b",
    rule="service_rpcbind_disabled", cis="2.1.12",
    risk="medium",
    breaks=Text(zh="NFS(v3)挂载会中断", en="NFS mounts (v3) break"),
)
