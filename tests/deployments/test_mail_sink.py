"""The mail sink is a real SMTP server in a process of its own: what is sent to it lies in a file, byte for byte."""

from __future__ import annotations

import email
import email.policy
import smtplib
from email.message import EmailMessage

import pytest

from deployments.lab import mail_sink
from deployments.lab.place import folder


@pytest.fixture
def sink(tmp_path, monkeypatch):
    monkeypatch.setenv("STANDFAST_LAB", str(tmp_path / "lab"))
    port = mail_sink.ensure(port_from=26525)
    yield port
    mail_sink.stop()


def test_a_message_to_two_people_lies_there_twice_and_the_sink_is_started_once(sink):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = (
        "us@provider.example",
        "wang@bureau.example, li@bureau.example",
        "变更审批 CHG-1",
    )
    message.set_content("一次性代码 123456")
    assert mail_sink.ensure(port_from=26525) == sink
    for _ in range(2):
        with smtplib.SMTP("127.0.0.1", sink, timeout=10) as connection:
            connection.send_message(message)
    names = sorted(path.name for path in (folder() / "mail").iterdir())
    assert names == [
        "000001-wang@bureau.example.eml",
        "000002-li@bureau.example.eml",
        "000003-wang@bureau.example.eml",
        "000004-li@bureau.example.eml",
    ]
    kept = email.message_from_bytes((folder() / "mail" / names[0]).read_bytes(), policy=email.policy.default)
    assert kept["Subject"] == "变更审批 CHG-1"
    assert kept.get_content().strip() == "一次性代码 123456"


def test_a_recipient_cannot_choose_where_the_file_lies(sink):
    with smtplib.SMTP("127.0.0.1", sink, timeout=10) as connection:
        connection.sendmail("us@provider.example", ['"../../up"@bureau.example'], b"Subject: x\r\n\r\nx")
    assert [path.parent.name for path in folder().rglob("*.eml")] == ["mail"]


def test_after_the_end_it_starts_again_on_the_same_port_and_goes_on_counting(sink):
    def send():
        with smtplib.SMTP("127.0.0.1", sink, timeout=10) as connection:
            connection.sendmail("us@provider.example", ["a@b.example"], b"Subject: x\r\n\r\nx")

    send()
    mail_sink.stop()
    assert mail_sink.ensure(port_from=26525) == sink
    send()
    assert sorted(path.name[:6] for path in (folder() / "mail").iterdir()) == ["000001", "000002"]
