"""The customer: who may approve, whom to call, in which language and time zone, under which contract."""

from __future__ import annotations

import unicodedata
from datetime import date
from functools import cache
from typing import ClassVar
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, field_validator

from blocks.baseline import Baseline
from blocks.foundation import BilingualText, Contradiction, EntryName, Form, StandfastBlock, nearest, show
from blocks.mail_address import MailAddress
from blocks.overrides import LimitOverrides
from reports.records import Approver, Contact, Language


class ApproverEntry(Form):
    """Somebody who may say yes for the customer (R104)."""

    name: str = Field(title="Name 姓名", description="As it stands in the papers", min_length=1, examples=["张伟"])
    email: MailAddress = Field(
        title="Mail address 电子邮箱", description="Where the one-time code is sent", examples=["zhang@bureau.example"]
    )
    phone: str = Field(default="", title="Phone 电话", description="Where this person is called", examples=["'010-55550100'"])
    post: str = Field(default="", title="Post 职务", description="What this person is at the customer", examples=["信息科科长"])


class ContactEntry(Form):
    """Somebody to call."""

    role: BilingualText = Field(
        title="Role 角色", description="What this person is called for", examples=["{zh: 值班员, en: Operator on duty}"]
    )
    name: str = Field(title="Name 姓名", description="As it stands in the papers", min_length=1, examples=["李娜"])
    phone: str = Field(default="", title="Phone 电话", description="Where this person is called", examples=["'010-55550100'"])
    email: MailAddress | None = Field(
        default=None, title="Mail address 电子邮箱", description="May be left empty", examples=["li@bureau.example"]
    )


class Customer(StandfastBlock):
    """A customer with its contract, its approvers and its language."""

    _kind: ClassVar[str] = "customer"
    _block_type_name = "Customer 客户"
    _block_type_slug = "standfast-customer"
    _description = (
        "A customer: names, contract, language, time zone, and who may approve a change. "
        "客户：名称、合同、语言、时区以及有权批准变更的人员。"
    )
    _code_example = '```python\nfrom blocks import Customer\n\ncustomer = Customer.load("bureau")\n```'

    name: EntryName = Field(
        title="Name 名称", description="The same as the block's own name; small letters, digits, dashes", examples=["bureau"]
    )
    full_name: BilingualText = Field(
        title="Full name 全称",
        description="As it stands in contract and papers",
        examples=["{zh: 某某市某某局, en: Some Municipal Bureau}"],
    )
    provider_name: BilingualText = Field(
        title="Service provider 服务方",
        description="We, as we stand in contract and papers",
        examples=["{zh: 某某公司, en: Some Provider}"],
    )
    language: Language = Field(
        default="zh",
        title="Language 语言",
        description="Of the papers this customer gets: zh Chinese, en English",
        examples=["zh"],
    )
    zone: str = Field(
        default="Asia/Shanghai",
        title="Time zone 时区",
        description="Times in papers and mails are given in it",
        examples=["Asia/Shanghai"],
    )
    contract: str = Field(
        default="", title="Contract number 合同编号", description="As it stands in the papers", examples=["HT-2026-017"]
    )
    approvers: list[ApproverEntry] = Field(
        title="Approvers 批准人",
        description="Who may say yes to a change; at least one",
        min_length=1,
        examples=["[{name: 张伟, email: zhang@bureau.example}]"],
    )
    contacts: list[ContactEntry] = Field(
        default_factory=list,
        title="Contacts 联系人",
        description="Who is called when something goes wrong",
        examples=["[{role: {zh: 值班员, en: Operator on duty}, name: 李娜, phone: '010-55550100'}]"],
    )
    warranty_from: date | None = Field(
        default=None, title="Warranty from 质保起始", description="First day of the warranty", examples=["2026-01-01"]
    )
    warranty_until: date | None = Field(
        default=None, title="Warranty until 质保截止", description="Last day of the warranty", examples=["2028-12-31"]
    )
    limits: LimitOverrides = Field(
        default_factory=dict,
        title="Limits 阈值",
        description="Other limits for this customer's inspections than the catalogue's, by check and name; a host's own come before them",
        examples=["{RES-01.used: {warning: 85, critical: 95}}"],
    )

    baseline: Baseline = Field(
        default_factory=Baseline,
        title="Security baseline 安全基线",
        description="By what security checks judge: level of GB/T 22239, exceptions, own limits",
        examples=["{level: 3}"],
    )

    holidays: list[date] = Field(
        default_factory=list,
        title="Holidays 节假日",
        description="Days on which the customer does not work, beside weekends; scheduled work moves to the next working day",
        examples=["[2026-10-01, 2026-10-02]"],
    )
    made_up_days: list[date] = Field(
        default_factory=list, title="Made-up working days 调休上班日", description="Weekends that are worked", examples=["[2026-10-10]"]
    )

    @field_validator("zone")
    @classmethod
    def _a_zone(cls, value: str) -> str:
        if value not in _zones():
            near = nearest(value, _zones(), limit=1) or nearest(value, [zone.rpartition("/")[2] for zone in _zones()], limit=1)
            whole = next((zone for zone in sorted(_zones()) if near and zone.endswith(near[0])), "Asia/Shanghai")
            raise ValueError(f"must be a time zone of the IANA list, not {show(value)}; write for example zone: {whole}")
        return value

    def _fits_together(self) -> None:
        seen: dict[str, str] = {}
        for approver in self.approvers:
            for key in (approver.name, approver.email):
                if _folded(key) in seen:
                    raise Contradiction(
                        "approvers",
                        f"approvers: {show(key)} stands there twice; every approver needs a name and a mail address of their own",
                    )
                seen[_folded(key)] = key
        if found := self.baseline.contradiction({_folded(key): person.name for person in self.approvers for key in (person.name, person.email)}):
            raise found
        if self.warranty_from and self.warranty_until and self.warranty_until < self.warranty_from:
            raise Contradiction(
                "warranty_until",
                f"warranty_until ({self.warranty_until}) is before warranty_from ({self.warranty_from}); exchange the two",
            )

    def may_approve(self, name: str) -> bool:
        """Whether a person, by name or mail address, is among the approvers."""
        return self.approver(name) is not None

    def approver(self, name: str) -> Approver | None:
        """The approver of that name or mail address; width, case and spaces at the ends do not matter."""
        wanted = _folded(name)
        if not wanted:
            return None
        return next(
            (person for person in self.approver_records() if wanted in (_folded(person.name), _folded(person.email))), None
        )

    def approver_records(self) -> tuple[Approver, ...]:
        return tuple(Approver(name=p.name, email=p.email, phone=p.phone, post=p.post) for p in self.approvers)

    def contact_records(self) -> tuple[Contact, ...]:
        return tuple(Contact(role=p.role, name=p.name, phone=p.phone, email=p.email or "") for p in self.contacts)

    def time_zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().casefold()
