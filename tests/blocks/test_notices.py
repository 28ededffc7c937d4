"""Mail over real SMTP servers: plain, STARTTLS, TLS, with login, and ones that refuse."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from blocks import NoticeFailed, Notices, sentences

WHO = "zhang@bureau.example"


class Sink:
    """Keeps what it gets; refuses recipients whose address says so."""

    def __init__(self) -> None:
        self.got: list[tuple[str, list[str], EmailMessage]] = []

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("unknown"):
            return "550 5.1.1 no such user here"
        if address.startswith("later"):
            return "451 4.7.1 greylisted"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = message_from_bytes(envelope.content, policy=policy.default)
        if "refuse" in (message["Subject"] or ""):
            return "554 5.7.1 looks like spam"
        self.got.append((envelope.mail_from, envelope.rcpt_tos, message))
        return "250 OK"


@contextmanager
def running(sink: Sink, kind: type[Controller] = Controller, **options) -> Iterator[int]:
    controller = kind(sink, hostname="127.0.0.1", port=0, **options)
    controller.start()
    try:
        yield controller.server.sockets[0].getsockname()[1]
    finally:
        controller.stop()


class OnAnyPort(Controller):
    """A controller on a port the system chooses; aiosmtpd's own first connection needs to know it."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def port(sink: Sink) -> Iterator[int]:
    with running(sink, OnAnyPort) as chosen:
        yield chosen


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test mail server")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    file.write_bytes(made.public_bytes(Encoding.PEM) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return file


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def notices(port: int, **other) -> Notices:
    return Notices(**{"host": "127.0.0.1", "port": port, "sender": "运维中心 <ops@provider.example>", "timeout_s": 10, **other})


def test_a_chinese_mail_arrives_as_it_was_written(sink: Sink, port: int) -> None:
    pdf = bytes(range(256)) * 40
    delivery = notices(port).send(
        WHO,
        "请批准变更 CHG-20261122-001：订单系统升级（安全更新）",
        "验证码：ABCD-1234\n第二行\n",
        "<p>验证码：<b>ABCD-1234</b></p>",
        [("升级操作说明书.pdf", pdf, "application/pdf"), ("计划.json", '{"名": 1}'.encode(), "application/json")],
    )
    [(sender, recipients, message)] = sink.got
    assert (sender, recipients) == ("ops@provider.example", [WHO])
    assert message["Subject"] == "请批准变更 CHG-20261122-001：订单系统升级（安全更新）"
    assert message["From"].addresses[0].display_name == "运维中心"
    assert message["Auto-Submitted"] == "auto-generated" and message["Date"].datetime.tzinfo is not None
    assert message["Message-ID"] == delivery.message_id and delivery.message_id.endswith("@provider.example>")
    assert message.get_body(("plain",)).get_content() == "验证码：ABCD-1234\r\n第二行\r\n"  # RFC 2046, 4.1.1
    assert message.get_body(("html",)).get_content().strip() == "<p>验证码：<b>ABCD-1234</b></p>"
    files = [(part.get_filename(), part.get_content_type(), part.get_payload(decode=True)) for part in message.iter_attachments()]
    assert files == [("升级操作说明书.pdf", "application/pdf", pdf), ("计划.json", "application/json", '{"名": 1}'.encode())]
    assert delivery.accepted == (WHO,) and delivery.refused == {}


PRINTABLE = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"))


@settings(max_examples=200, deadline=None)
@given(st.text(PRINTABLE, min_size=1, max_size=200))
def test_any_subject_survives_the_way(subject: str) -> None:
    message = notices(25).compose([WHO], subject, "x")
    raw = message.as_bytes()
    assert all(len(line) <= 998 and line.isascii() for line in raw.split(b"\r\n"))
    read = str(message_from_bytes(raw, policy=policy.default)["Subject"])
    assert " ".join(read.split()) == " ".join(subject.split())  # white space at a fold may differ, nothing else


@settings(max_examples=200, deadline=None)
@given(
    st.text(PRINTABLE, max_size=40),
    st.sampled_from(["\r\n", "\n", "\r", "\0", "\x0b", "\x85", "\u2028"]),
    st.text(PRINTABLE, max_size=40),
)
def test_no_header_can_be_slipped_in(before: str, control: str, after: str) -> None:
    evil = f"{before}{control}Bcc: evil@example.org{after}"
    for arguments in (
        ([WHO], evil, "x"),
        ([f"a@b.cn{control}Bcc: evil@example.org"], "s", "x"),
        ([WHO], "s", "x", None, [(evil, b"", "text/plain")]),
        ([WHO], "s", "x", None, [("a", b"", f"text/plain{control}X: y")]),
    ):
        with pytest.raises(NoticeFailed) as caught:
            notices(25).compose(*arguments)
        assert not caught.value.again
    with pytest.raises(ValidationError):
        notices(25, sender=f"Ops{control} <ops@provider.example>")


@pytest.mark.parametrize("to", [[], "zhang", "张伟@bureau.example", "a@b.cn, c@d.cn", "Zhang <a@b.cn>"])
def test_only_bare_addresses_are_recipients(to) -> None:
    with pytest.raises(NoticeFailed):
        notices(25).send(to, "s", "x")


def test_a_refused_recipient_does_not_stop_the_others(sink: Sink, port: int) -> None:
    delivery = notices(port).send([WHO, "unknown@bureau.example"], "s", "x")
    assert delivery.accepted == (WHO,) and delivery.refused == {"unknown@bureau.example": "550 5.1.1 no such user here"}
    assert sink.got[0][1] == [WHO]


@pytest.mark.parametrize(
    ("to", "subject", "text", "again"),
    [
        (
            "unknown@bureau.example",
            "s",
            "does not take mail for unknown@bureau.example (550 5.1.1 no such user here); check the address",
            False,
        ),
        (
            "later@bureau.example",
            "s",
            "does not take mail for later@bureau.example (451 4.7.1 greylisted); check the address",
            True,
        ),
        (WHO, "refuse", "refused the mail (554 5.7.1 looks like spam)", False),
    ],
)
def test_a_refusal_says_why_and_whether_to_try_again(
    port: int, sink: Sink, to: str, subject: str, text: str, again: bool
) -> None:
    with pytest.raises(NoticeFailed) as caught:
        notices(port).send(to, subject, "x")
    assert str(caught.value) == f"mail server 127.0.0.1:{port} {text}" and caught.value.again is again and sink.got == []


def test_nobody_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(NoticeFailed, match="cannot be reached .*; check address, port and network") as caught:
        notices(port).send(WHO, "s", "x")
    assert caught.value.again


def test_a_server_that_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        began = time.monotonic()
        with pytest.raises(NoticeFailed, match="did not answer within 0.5 s") as caught:
            notices(mute.getsockname()[1], timeout_s=0.5).send(WHO, "s", "x")
        assert caught.value.again and time.monotonic() - began < 5


def test_something_else_is_listening() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:

        def answer() -> None:
            connection, _ = other.accept()
            connection.sendall(b"SSH-2.0-OpenSSH_9.2p1\r\n")
            connection.close()

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(NoticeFailed):
            notices(other.getsockname()[1]).send(WHO, "s", "x")
        thread.join(10)


def check_login(server, session, envelope, mechanism, data) -> AuthResult:
    good = (data.login, data.password) == (b"standfast", b"hunter2")
    return AuthResult(success=good, handled=good)


@pytest.mark.filterwarnings("ignore:Requiring AUTH")  # aiosmtpd does not see that TLS is there from the beginning
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_encrypted_with_login(sink: Sink, tls: ssl.SSLContext, certificate: Path, security: str) -> None:
    options = {"authenticator": check_login, "auth_required": True}
    options |= (
        {"tls_context": tls, "require_starttls": True}
        if security == "starttls"
        else {"ssl_context": tls, "auth_require_tls": False}
    )
    with running(sink, OnAnyPort, **options) as port:
        good = {"security": security, "user": "standfast", "password": "hunter2"}
        notices(port, ca_file=str(certificate), **good).send(WHO, "s", "x")
        assert len(sink.got) == 1
        with pytest.raises(NoticeFailed, match="certificate that is not trusted") as caught:
            notices(port, **good).send(WHO, "s", "x")
        assert not caught.value.again
        with pytest.raises(
            NoticeFailed, match=r"does not accept user standfast with that password \(535\); check both"
        ) as caught:
            notices(port, ca_file=str(certificate), **{**good, "password": "hunter3"}).send(WHO, "s", "x")
        assert "hunter3" not in str(caught.value) and not caught.value.again
        assert len(sink.got) == 1


def test_encryption_that_is_asked_for_is_never_left_out(sink: Sink, port: int, certificate: Path) -> None:
    with pytest.raises(NoticeFailed, match="does not offer STARTTLS"):
        notices(port, security="starttls").send(WHO, "s", "x")
    with pytest.raises(NoticeFailed):
        notices(port, security="tls", timeout_s=2).send(WHO, "s", "x")
    with pytest.raises(NoticeFailed, match="CA certificate /no/such/file cannot be read"):
        notices(port, security="tls", ca_file="/no/such/file").send(WHO, "s", "x")
    assert sink.got == []


@pytest.mark.parametrize(("port", "security"), [(25, "none"), (2525, "none"), (587, "starttls"), (465, "tls")])
def test_the_port_tells_the_encryption(port: int, security: str) -> None:
    assert notices(port).protection == security
    assert notices(port, security="none").protection == "none"


@pytest.mark.parametrize(
    ("other", "text"),
    [
        ({"password": "x"}, "password is given without user; give both or neither"),
        ({"user": "x"}, "user is given without password; give both or neither"),
        (
            {"host": "mail.provider.example", "user": "x", "password": "x"},
            "the password would cross the network in clear; write security: starttls (port 587) or security: tls (port 465)",
        ),
        (
            {"sender": "ops"},
            "sender must be a mail address, alone or behind a name, not 'ops'; write for example ops@provider.example",
        ),
        (
            {"host": "smtp://mail"},
            "host must be the bare address of the mail server, not 'smtp://mail'; write for example host: mail.provider.example",
        ),
        ({"security": "ssl"}, "security must be by port, none, starttls or tls, not 'ssl'; write for example security: starttls"),
    ],
)
def test_each_mistake_is_one_sentence(other: dict, text: str) -> None:
    with pytest.raises(ValidationError) as caught:
        notices(25, **other)
    assert [said for _, said in sentences(caught.value)] == [text]
