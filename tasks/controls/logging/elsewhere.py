"""H-LOG-03 A copy of the log goes to another host (R008 安全加固)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.kinds import Bounds, HostControl, failed, passed
from tasks.controls.logging import OF_LOGS
from tasks.operations.file_lines import FileLines, Line
from tasks.operations.mend import Mend

# A log host that is down holds nothing up: what it has not got waits on disk, and where that room ends new messages are kept on this host only.
FORWARD = ('action(type="omfwd" target="{host}" port="{port}" protocol="tcp" queue.type="LinkedList" queue.filename="standfast" queue.maxDiskSpace="1g" '
           'queue.saveOnShutdown="on" queue.timeoutEnqueue="0" action.resumeRetryCount="-1")')
REFUSE = r"""timeout 10 bash -c 'exec 3<>/dev/tcp/{host}/{port}' 2>/dev/null || {{ echo "the log host {host} does not answer at port {port}" >&2; exit 1; }}
free=$(df -Pm /var/spool | awk 'NR == 2 {{ print $4 }}')
[ "$free" -gt 2048 ] || {{ echo "/var/spool has $free MiB left, and logs that wait may take 1024" >&2; exit 1; }}
"""
RESTART = "systemctl restart rsyslog"


def judge(found: dict[str, list[str]], bounds: Bounds, known: Known) -> Iterator[Row]:
    far = [line for line in found["conf"] if re.search(r"\s@@?[\w\[(]|\bomfwd\b|\bomrelp\b", line)]
    host = known.log_host.rpartition(":")[0].strip("[]")
    if far and found["rsyslog"] == ["active"] and not any(host in line for line in far):
        yield failed(f"日志没有送往该客户的日志服务器 {host}", f"logs go to another host than the customer's, {host}", evidence="\n".join(far))
    elif found["rsyslog"] == ["active"] and far or found["upload"] == ["active"]:
        yield passed("日志送往另一台主机", "logs go to another host", evidence="\n".join(far))
    else:
        yield failed("日志只保存在本机", "logs are kept on this host only")


def mend(row: Row, found: dict[str, list[str]], known: Known) -> Mend | Text:
    host, _, port = known.log_host.rpartition(":")
    if not host:
        return Text(zh="基线中没有写明客户的日志服务器(log_host)", en="the customer's baseline names no log host (log_host)")
    if found["rsyslog"] != ["active"]:
        return Text(zh="没有运行 rsyslog,须人工配置", en="rsyslog does not run here: set it up by hand")
    of = {"host": host.strip("[]"), "port": port}
    return FileLines(
        "/etc/rsyslog.d/zz-standfast.conf", (Line('action[(]type="omfwd"', FORWARD.format(**of)),), refuse=REFUSE.format(**of), test="rsyslogd -N1 >/dev/null",
        put_in_force=RESTART, put_back=RESTART, in_force='systemctl is-active -q rsyslog || { echo "rsyslog does not run" >&2; exit 1; }\n',
        touches=("rsyslog.service",), on_copy=False).mend()


CONTROL = HostControl(
    id="H-LOG-03",
    **OF_LOGS,
    title=Text(zh="日志另存一份到日志服务器", en="A copy of the log goes to another host"),
    severity="medium",
    judge=judge,
    mend=mend,
    remedy=Text(zh="在基线中写明 log_host,经加固以 TCP 发送并在磁盘上排队;需要 TLS 时人工配置",
                en="name log_host in the baseline: hardening sends over TCP, with a queue on disk; where TLS is wanted, by hand"),
    clause="1.4.3 c",
    level=3,
    rule="rsyslog_remote_loghost",
    risk="medium",
    breaks=Text(zh="日志服务器故障时不可阻塞本机", en="a dead log host must not block this one"),
)
