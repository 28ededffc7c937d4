"""The customer: who may approve (R104), in which language and zone."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from blocks import Customer, sentences
from reports.records import Approver, Contact, Text
from tests.blocks.samples import customer


def test_only_approvers_may_approve() -> None:
    block = Customer(
        **customer(approvers=[{"name": "张伟", "email": "zhang@bureau.example"}, {"name": "Li Na", "email": "li@bureau.example"}])
    )
    for name in ("张伟", " 张伟 ", "li na", "Ｌｉ Ｎａ", "LI@bureau.example"):
        assert block.may_approve(name), name
    for name in ("", " ", "张", "张伟伟", "Li", "bureau.example"):
        assert not block.may_approve(name), name
    assert block.approver("li na") == Approver(name="Li Na", email="li@bureau.example")


def test_records_are_what_the_lower_layer_speaks() -> None:
    block = Customer(
        **customer(contacts=[{"role": {"zh": "值班员", "en": "Operator on duty"}, "name": "李娜", "phone": "010-55550100"}])
    )
    assert block.approver_records() == (Approver(name="张伟", email="zhang@bureau.example", post="信息科科长"),)
    assert block.contact_records() == (Contact(role=Text(zh="值班员", en="Operator on duty"), name="李娜", phone="010-55550100"),)
    assert block.full_name == Text(zh="某某市某某局", en="Some Municipal Bureau") and type(block.full_name) is Text
    assert block.time_zone().key == "Asia/Shanghai" and block.language == "zh"


@pytest.mark.parametrize(
    ("other", "text"),
    [
        (
            {"approvers": []},
            "approvers must be a list with at least one entry, not an empty list; write for example approvers: "
            "[{name: 张伟, email: zhang@bureau.example}]",
        ),
        (
            {"approvers": [{"name": "张伟", "email": "zhang"}]},
            "approvers 1: email must be a mail address, not 'zhang'; write for example email: zhang@bureau.example",
        ),
        (
            {"approvers": [{"name": "张伟", "email": "a@b.cn\nBcc: x@y.cn"}]},
            "approvers 1: email must be a mail address, not 'a@b.cn\\nBcc: x@y.cn'; "
            "write for example email: zhang@bureau.example",
        ),
        (
            {"approvers": [{"name": "张伟", "email": "a@b.cn"}, {"name": "张伟", "email": "c@b.cn"}]},
            "approvers: '张伟' stands there twice; every approver needs a name and a mail address of their own",
        ),
        (
            {"approvers": [{"name": "a", "email": "a@b.cn"}, {"name": "b", "email": "A@b.cn"}]},
            "approvers: 'A@b.cn' stands there twice; every approver needs a name and a mail address of their own",
        ),
        (
            {"approvers": [{"name": "a", "email": "a@b.cn", "phone": 13800000000}]},
            "approvers 1: phone must be text (in quotes, if it looks like a number, a date or yes/no), not 13800000000; "
            "write for example phone: '010-55550100'",
        ),
        (
            {"zone": "Shanghai"},
            "zone must be a time zone of the IANA list, not 'Shanghai'; write for example zone: Asia/Shanghai",
        ),
        (
            {"zone": "Asia/Shangai"},
            "zone must be a time zone of the IANA list, not 'Asia/Shangai'; write for example zone: Asia/Shanghai",
        ),
        ({"language": "cn"}, "language must be zh or en, not 'cn'; write for example language: zh"),
        (
            {"warranty_from": "2027-01-01", "warranty_until": "2026-01-01"},
            "warranty_until (2026-01-01) is before warranty_from (2027-01-01); exchange the two",
        ),
        ({"warranty_from": "soon"}, "warranty_from must be a date, not 'soon'; write for example warranty_from: 2026-01-01"),
        (
            {"full_name": {"zh": " ", "en": "x"}},
            "full_name needs a text in Chinese (zh) and in English (en); write the same one twice if there is only one",
        ),
    ],
)
def test_each_mistake_is_one_sentence(other: dict, text: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Customer(**customer(**other))
    assert [said for _, said in sentences(caught.value)] == [text]
