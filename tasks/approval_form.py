"""The form that the Prefect UI shows while a run waits for the customer's approval."""

from __future__ import annotations

from typing import Literal

from prefect.input import RunInput
from pydantic import Field

from tasks.gates import Entry


class ApprovalForm(RunInput):
    """批准 / Approval. Name and code are required, so that no run is ever resumed by a form that nobody filled in."""

    decision: Literal["reject", "approve"] = Field(default="reject", title="决定 Decision", description="approve 批准；reject 拒绝")
    name: str = Field(title="批准人 Approver", description="客户指定的批准人姓名 / name of the customer's approver", min_length=1, max_length=100)
    code: str = Field(title="一次性验证码 One-time code", min_length=1, max_length=40,
                      description="发送给批准人的邮件中的 8 位数字；应急电话批准填 - / the 8 digits mailed to the approver; - in an emergency by phone")
    channel: Literal["form", "phone", "paper", "link"] = Field(
        default="form", title="方式 Channel", description="form 本人填写；phone 电话；paper 纸质；link 链接")
    taken_by: str = Field(default="", title="记录人 Taken down by", max_length=100,
                          description="电话或纸质答复时填写 / the operator who took down a phone call or a paper")
    reason: str = Field(default="", title="理由 Reason", max_length=2000, description="拒绝时必填 / needed for a refusal")

    def entry(self) -> Entry:
        return Entry(decision=self.decision, name=self.name, channel=self.channel, taken_by=self.taken_by, reason=self.reason, code=self.code)


WAKE_UP = {"decision": "reject", "name": "-", "code": "-", "channel": "form", "taken_by": "", "reason": "wake-up, no answer"}
"""Resumes a waiting run without answering: the flow asks the archive what was decided, or whether the time is over."""


def is_wake_up(form: ApprovalForm) -> bool:
    return form.name == "-" and form.code == "-"
