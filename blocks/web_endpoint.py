"""A web address that inspections look at from the worker. It opens no connection; `tasks/endpoints.py` does."""

from __future__ import annotations

import re
from typing import ClassVar
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from blocks.foundation import Contradiction, EntryName, Number, StandfastBlock, Whole, none_if_empty, show
from blocks.overrides import LimitOverrides, plain_words

EXAMPLE = "url: https://orders.bureau.example/health"


class WebEndpoint(StandfastBlock):
    """A web page or interface of a customer: its address, and what a good answer is (R127 其他设备和软件)."""

    _kind: ClassVar[str] = "endpoint"
    _block_type_name = "Web endpoint 网站"
    _block_type_slug = "standfast-endpoint"
    _description = (
        "A customer's web address for inspections: what must be answered, how fast, and with which certificate. "
        "客户网站或接口（用于巡检）：应有的应答、响应时间与证书。"
    )
    _code_example = '```python\nfrom blocks import WebEndpoint\n\nendpoint = WebEndpoint.load("orders-page")\n```'

    name: EntryName = Field(
        title="Name 名称", description="The same as the block's own name; small letters, digits, dashes", examples=["orders-page"]
    )
    customer: EntryName = Field(
        title="Customer 客户", description="Name of the customer block this endpoint belongs to", examples=["bureau"]
    )
    url: str = Field(
        title="Address 网址", description="http or https, as the worker reaches it", max_length=2000, examples=["https://orders.bureau.example/health"]
    )
    status: Whole = Field(
        default=200,
        ge=100,
        le=599,
        title="Expected status 应有的状态码",
        description="Redirects are followed, unless one is expected (301, 302, 307, 308)",
        examples=[200],
    )
    text: str = Field(
        default="",
        max_length=1000,
        title="Expected text 应有的文字",
        description="What must stand in the answer, letter by letter; empty: anything will do",
        examples=["订单"],
    )
    ca_file: str | None = Field(
        default=None,
        title="CA certificate 根证书",
        description="File on the worker with your own CA's certificate; empty: those that the worker trusts",
        examples=["/etc/ssl/bureau-ca.pem"],
    )
    pinned: str = Field(
        default="",
        title="Pinned certificate 固定的证书指纹",
        description="SHA-256 fingerprint of the certificate, for one that no CA has signed: "
        "openssl x509 -in FILE -noout -fingerprint -sha256",
        examples=["'3F:9A:...'"],
    )
    timeout_s: Number = Field(
        default=10,
        gt=0,
        le=120,
        title="Seconds to answer 应答超时秒数",
        examples=[10],
        description="After so many seconds the endpoint counts as not answering",
    )
    labels: list[str] = Field(
        default_factory=list, title="Labels 标签", description="Free words to choose endpoints by", examples=["[public]"]
    )
    limits: LimitOverrides = Field(
        default_factory=dict,
        title="Limits 阈值",
        description="Other limits than the catalogue's, by check and name",
        examples=["{WEB-03.time: {warning: 1, critical: 5}}"],
    )

    @field_validator("ca_file", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return none_if_empty(value)

    @field_validator("url")
    @classmethod
    def _a_web_address(cls, value: str) -> str:
        value = value.strip()
        try:
            parts = urlsplit(value)
            there = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:  # no port, no IPv6 address
            there = False
        if not there or not value.isascii() or not value.isprintable() or " " in value:
            shown = show(re.sub(r"//[^/]*@", "//...@", value))  # a password in it shows nowhere
            raise ValueError(f"must be a web address with http or https, not {shown}; write for example {EXAMPLE}")
        if parts.username is not None or parts.password is not None:
            raise ValueError(f"must hold no user and no password, which would stand in every report; write for example {EXAMPLE}")
        return value.partition("#")[0]

    @field_validator("ca_file")
    @classmethod
    def _absolute(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith("/"):
            raise ValueError(f"must be an absolute path on the worker, not {show(value)}; write for example /etc/ssl/bureau-ca.pem")
        return value

    @field_validator("pinned")
    @classmethod
    def _a_fingerprint(cls, value: str) -> str:
        digits = re.sub(r"(?i)^sha-?256([ :]*fingerprint)?[ :=]*|[\s:]", "", value.strip()).lower()
        if value.strip() and not re.fullmatch(r"[0-9a-f]{64}", digits):
            raise ValueError(f"must be the SHA-256 fingerprint of a certificate, 64 hexadecimal digits, not {show(value)}; "
                             "see it with openssl x509 -in FILE -noout -fingerprint -sha256")
        return digits

    @field_validator("labels")
    @classmethod
    def _plain_words(cls, values: list[str]) -> list[str]:
        return plain_words(values, "public")

    def _fits_together(self) -> None:
        for key in ("ca_file", "pinned"):
            if getattr(self, key) and self.url.startswith("http://"):
                raise Contradiction(key, f"{key} has no use with an address of http; write https in url, or leave {key} out")
        if self.ca_file and self.pinned:
            raise Contradiction("pinned", "ca_file and pinned are given together; keep one of them")
