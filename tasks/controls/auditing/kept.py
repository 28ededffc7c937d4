"""H-AUD-03a How much of the audit's log is kept (R008 安全加固)."""

from __future__ import annotations

import math
from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row, whole
from tasks.controls.auditing import OF_AUDIT, Audit
from tasks.controls.kinds import Bounds, HostControl, at_least, failed, so
from tasks.operations.audit_rules import configure
from tasks.operations.file_lines import setting
from tasks.operations.mend import Mend

EACH = 10  # MiB of one file


def judge(found: Audit, bounds: Bounds, known: Known) -> Iterator[Row]:
    """max_log_file is in MiB; keep_logs keeps all."""
    if not found.conf:
        yield failed("没有 auditd 的配置", "auditd has no configuration")
        return
    action = found.conf.get("max_log_file_action", "rotate").lower()
    size = whole(found.conf.get("max_log_file", "8"), "max_log_file") * (whole(found.conf.get("num_logs", "5"), "num_logs") if action == "rotate" else 1)
    good = action == "keep_logs" or action == "rotate" and bounds["size"].fits(size)
    yield so(good, "max_log_file × num_logs", f"{size} MiB ({action})", bounds["size"].wanted + " | keep_logs", value=size, unit="MiB")


def mend(row: Row, found: Audit, known: Known) -> Mend:
    values = {"max_log_file": f"{EACH}", "num_logs": f"{min(999, math.ceil(known.limits['size'].figure / EACH))}", "max_log_file_action": "ROTATE"}
    return configure(*(setting(name, f"{name} = {value}", f"{name} = {found.conf[name]}" if name in found.conf else "") for name, value in values.items()))


CONTROL = HostControl(
    id="H-AUD-03a",
    **OF_AUDIT,
    title=Text(zh="审计日志的保存量", en="How much of the audit's log is kept"),
    severity="medium",
    judge=judge,
    mend=mend,
    bounds={"size": at_least(200, "MiB", "own judgement: six months on a quiet host")},
    remedy=Text(zh="auditd.conf:max_log_file = 50,num_logs = 30,max_log_file_action = ROTATE;先确认磁盘空间",
                en="auditd.conf: max_log_file = 50, num_logs = 30, max_log_file_action = ROTATE; look at the room first"),
    clause="1.4.3 c",
    rule="auditd_data_retention_max_log_file", cis="6.2.2.1",
)
