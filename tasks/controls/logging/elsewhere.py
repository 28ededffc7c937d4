"""H-LOG-03 A copy of the log goes to another host (R008 安全加固)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.kinds import Bounds, HostControl, failed, passed
from tasks.controls.logging import OF_LOGS


def judge(found: dict[str, list[str]], bounds: Bounds, known: Known) -> Iterator[Row]:
    far = [line for line in found["conf"] if re.search(r"\s@@?[\w\[(]|\bomfwd\b|\bomrelp\b", line)]
    if found["rsyslog"] == ["active"] and far or found["upload"] == ["active"]:
        yield passed("日志送往另一台主机", "logs go to another host", evidence="\n".join(far))
    else:
        yield failed("日志只保存在本机", "logs are kept on this host only")


CONTROL = HostControl(
    id="H-LOG-03",
    **OF_LOGS,
    title=Text(zh="日志另存一份到日志服务器", en="A copy of the log goes to another host"),
    severity="medium",
    judge=judge,
    remedy=Text(zh="rsyslog 以 TLS 发往客户的日志服务器,并在磁盘上排队", en="rsyslog over TLS to the customer's log host, with a queue on disk"),
    clause="1.4.3 c",
    level=3,
    rule="rsyslog_remote_loghost",
    risk="medium",
    breaks=Text(zh="日志服务器故障时不可阻塞本机", en="a dead log host must not block this one"),
)
