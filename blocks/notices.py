"""Mail to people, over the provider's SMTP server."""

from __future__ import annotations

import ipaddress
import smtplib
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, localtime, make_msgid
from typing import ClassVar, Literal

from pydantic import Field, SecretStr, field_validator

from blocks.foundation import Contradiction, EntryName, Number, StandfastBlock, Whole, none_if_empty, show
from blocks.mail_address import is_address, named_address

Attachment = tuple[str, bytes, str]
"""File name, content, media type ("application/pdf")."""


class NoticeFailed(Exception):
    """A mail did not go out to anybody. `again`: whether trying later may help."""

    def __init__(self, sentence: str, *, again: bool) -> None:
        super().__init__(sentence)
        self.again = again


@dataclass(frozen=True)
class Delivery:
    """What the mail server took: addresses it accepted, and those it refused with its reason."""

    message_id: str
    accepted: tuple[str, ...]
    refused: dict[str, str] = field(default_factory=dict)


class Notices(StandfastBlock):
    """An SMTP server and who we are there."""

    _kind: ClassVar[str] = "notices"
    _block_type_name = "Notices 邮件通知"
    _block_type_slug = "standfast-notices"
    _description = "The mail server that approval codes and reports are sent over. 用于发送批准验证码与报告的邮件服务器。"
    _code_example = (
        '```python\nfrom blocks import Notices\n\nNotices.load("default").send("zhang@bureau.example", "变更申请", "...")\n```'
    )

    name: EntryName = Field(
        default="default", title="Name 名称", description="The same as the block's own name", examples=["default"]
    )
    host: str = Field(
        title="Mail server 邮件服务器", description="Address or name", min_length=1, examples=["mail.provider.example"]
    )
    port: Whole = Field(
        default=25, ge=1, le=65535, title="Port 端口", description="Usually 25, 587 (STARTTLS) or 465 (TLS)", examples=[587]
    )
    security: Literal["by port", "none", "starttls", "tls"] = Field(
        default="by port",
        title="Encryption 加密",
        examples=["starttls"],
        description="by port: 465 TLS, 587 STARTTLS, otherwise none; an encryption that is asked for is never left out",
    )
    ca_file: str | None = Field(
        default=None,
        title="Own CA certificate 自有 CA 证书",
        examples=["/etc/ssl/certs/our-ca.pem"],
        description="Path on the worker; empty: the certificates the system trusts",
    )
    user: str | None = Field(
        default=None, title="User 用户名", description="Empty if the server asks for none", examples=["standfast"]
    )
    password: SecretStr | None = Field(
        default=None, title="Password 密码", description="Of that user", examples=["{env: SMTP_PASSWORD}"]
    )
    sender: str = Field(
        title="Sender 发件人",
        description="Address, alone or behind a name: 运维中心 <ops@provider.example>",
        examples=["ops@provider.example"],
    )
    timeout_s: Number = Field(
        default=20, gt=0, le=300, title="Seconds to wait 超时秒数", description="For each answer of the server", examples=[20]
    )

    @field_validator("user", "password", "ca_file", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return none_if_empty(value)

    @field_validator("host")
    @classmethod
    def _a_host(cls, value: str) -> str:
        if not value.isprintable() or any(sign in value for sign in " /@"):
            raise ValueError(
                f"must be the bare address of the mail server, not {show(value)}; write for example host: mail.provider.example"
            )
        return value

    @field_validator("sender")
    @classmethod
    def _a_sender(cls, value: str) -> str:
        named_address(value)
        return value

    def _fits_together(self) -> None:
        if self.password and not self.user:
            raise Contradiction("password", "password is given without user; give both or neither")
        if self.user and not self.password:
            raise Contradiction("user", "user is given without password; give both or neither")
        if self.password and self.protection == "none" and not _is_loopback(self.host):
            raise Contradiction(
                "password",
                "the password would cross the network in clear; write security: starttls (port 587) or security: tls (port 465)",
            )

    @property
    def protection(self) -> Literal["none", "starttls", "tls"]:
        """The encryption that is used."""
        if self.security != "by port":
            return self.security
        return {465: "tls", 587: "starttls"}.get(self.port, "none")  # type: ignore[return-value]

    def send(
        self, to: str | Sequence[str], subject: str, text: str, html: str | None = None, attachments: Sequence[Attachment] = ()
    ) -> Delivery:
        """Send one mail, once; trying again is the caller's business.

        Raises:
            NoticeFailed: nobody got it; `again` says whether trying later may help. Where some recipients were refused
                and others not, it does not raise: see `Delivery.refused`.
        """
        recipients = [to] if isinstance(to, str) else list(to)
        message = self.compose(recipients, subject, text, html, attachments)
        where = f"mail server {self.host}:{self.port}"
        try:
            with self._connect() as server:
                if self.user and self.password:
                    server.login(self.user, self.password.get_secret_value())
                refused = server.send_message(message, from_addr=named_address(self.sender)[1], to_addrs=recipients)
        except smtplib.SMTPNotSupportedError as problem:
            wanted = "STARTTLS" if "STARTTLS" in str(problem) else "a login"
            raise NoticeFailed(
                f"{where} does not offer {wanted}; check its port and the block's encryption", again=False
            ) from None
        except smtplib.SMTPAuthenticationError as problem:
            raise NoticeFailed(
                f"{where} does not accept user {self.user} with that password ({problem.smtp_code}); check both",
                again=_passing(problem.smtp_code),
            ) from None
        except smtplib.SMTPRecipientsRefused as problem:
            address, (code, reason) = next(iter(problem.recipients.items()))
            raise NoticeFailed(
                f"{where} does not take mail for {address} ({code} {_plain(reason)}); check the address",
                again=all(_passing(code) for code, _ in problem.recipients.values()),
            ) from None
        except smtplib.SMTPSenderRefused as problem:
            raise NoticeFailed(
                f"{where} does not take mail from {self.sender} ({problem.smtp_code} {_plain(problem.smtp_error)}); "
                "check the block's sender",
                again=_passing(problem.smtp_code),
            ) from None
        except smtplib.SMTPResponseException as problem:
            raise NoticeFailed(
                f"{where} refused the mail ({problem.smtp_code} {_plain(problem.smtp_error)})", again=_passing(problem.smtp_code)
            ) from None
        except ssl.SSLCertVerificationError as problem:
            raise NoticeFailed(
                f"{where} shows a certificate that is not trusted ({problem.verify_message}); "
                "set the block's CA certificate or repair the server's",
                again=False,
            ) from None
        except ssl.SSLError as problem:
            raise NoticeFailed(
                f"{where} does not speak TLS as expected ({problem.reason or problem}); check port and encryption", again=False
            ) from None
        except TimeoutError:
            raise self._silent(where) from None
        except smtplib.SMTPException as problem:
            if "timed out" in str(problem):  # smtplib hides the time-out of an answer in a message of its own
                raise self._silent(where) from None
            raise NoticeFailed(
                f"{where} broke the conversation off ({_plain(str(problem))}); check port and encryption", again=True
            ) from None
        except OSError as problem:
            raise NoticeFailed(
                f"{where} cannot be reached ({problem.strerror or problem}); check address, port and network", again=True
            ) from None
        said = {address: f"{code} {_plain(reason)}" for address, (code, reason) in refused.items()}
        return Delivery(str(message["Message-ID"]), tuple(a for a in recipients if a not in said), said)

    def compose(
        self, to: Sequence[str], subject: str, text: str, html: str | None = None, attachments: Sequence[Attachment] = ()
    ) -> EmailMessage:
        """The mail as it would be sent.

        Raises:
            NoticeFailed: an address is none, or subject or file name hold a control character (which could begin a new header).
        """
        if not to:
            raise NoticeFailed("a mail needs a recipient; give at least one address", again=False)
        for address in to:
            if not is_address(address):
                raise NoticeFailed(f"{show(address)} is no mail address; write it like zhang@bureau.example", again=False)
        if _has_controls(subject):
            raise NoticeFailed(
                "a mail's subject must be one line without control characters; shorten it to its first line", again=False
            )
        name, address = named_address(self.sender)
        message = EmailMessage(policy=SMTP)
        message["From"] = Address(display_name=name, addr_spec=address)
        message["To"] = ", ".join(to)
        message["Subject"] = subject
        message["Date"] = format_datetime(localtime())
        message["Message-ID"] = make_msgid(domain=address.rpartition("@")[2])
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: holiday notices shall not answer
        # Base64 passes every relay; quoted-printable and 8bit text have been seen reflowed on the way.
        message.set_content(text, charset="utf-8", cte="base64")
        if html is not None:
            message.add_alternative(html, subtype="html", charset="utf-8", cte="base64")
        for file_name, content, media_type in attachments:
            main, _, sub = media_type.partition("/")
            if not file_name or _has_controls(file_name) or "/" in file_name:
                raise NoticeFailed(f"{show(file_name)} is no name for an attachment; give a bare file name", again=False)
            if not main.isascii() or not main.isalnum() or not sub or _has_controls(sub) or not sub.isascii():
                raise NoticeFailed(f"{show(media_type)} is no media type; write for example application/pdf", again=False)
            message.add_attachment(content, maintype=main, subtype=sub, filename=file_name)
        return message

    def _silent(self, where: str) -> NoticeFailed:
        return NoticeFailed(f"{where} did not answer within {self.timeout_s:g} s; check address, port and network", again=True)

    def _connect(self) -> smtplib.SMTP:
        # Without a name of ours, smtplib looks up the machine's full name in the DNS, which may take long where there is none.
        ours = socket.gethostname()
        ours = ours if ours.isascii() and "_" not in ours else "localhost"
        if self.protection == "none":
            return smtplib.SMTP(self.host, self.port, local_hostname=ours, timeout=self.timeout_s)
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
        except OSError as problem:
            raise NoticeFailed(
                f"CA certificate {self.ca_file} cannot be read ({problem.strerror or problem}); check the block's path",
                again=False,
            ) from None
        if self.protection == "tls":
            return smtplib.SMTP_SSL(self.host, self.port, local_hostname=ours, timeout=self.timeout_s, context=context)
        server = smtplib.SMTP(self.host, self.port, local_hostname=ours, timeout=self.timeout_s)
        try:
            server.starttls(context=context)
        except BaseException:
            server.close()
            raise
        return server


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _has_controls(text: str) -> bool:
    return any(
        ord(sign) < 32 or 0x7F <= ord(sign) < 0xA0 or sign in "\u2028\u2029" or 0xD800 <= ord(sign) < 0xE000 for sign in text
    )


def _passing(code: int) -> bool:
    return 400 <= code < 500


def _plain(reason: bytes | str) -> str:
    text = reason.decode(errors="replace") if isinstance(reason, bytes) else reason
    return " ".join(text.split())[:200]
