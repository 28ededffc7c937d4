"""H-AUD-04 The audit's rules cannot be changed (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row, Unreadable
from tasks.controls.auditing import OF_AUDIT, Audit
from tasks.controls.kinds import Bounds, HostControl, failed, so


def judge(found: Audit, bounds: Bounds, known: Known) -> Iterator[Row]:
    if not found.here:
        yield failed("没有安装 auditd", "auditd is not installed")
    elif not found.state:
        raise Unreadable("auditctl -s told nothing", "auditctl -s 没有输出")
    else:
        yield so(found.state == "2", "auditctl enabled", found.state, "2")


CONTROL = HostControl(
    id="H-AUD-04",
    **OF_AUDIT,
    title=Text(zh="审计规则不可更改", en="The audit's rules cannot be changed"),
    severity="medium",
    judge=judge,
    remedy=Text(zh="规则最后一行:-e 2(此后修改规则需要重启)", en="the last line of the rules: -e 2 (changing rules then needs a restart)"),
    clause="1.4.3 d",
    level=3,
    rule="audit_rules_immutable", cis="6.2.3.20",
    risk="medium",
    breaks=Text(zh="修改审计规则需要重启主机", en="changing a rule needs a restart of the host"),
)
