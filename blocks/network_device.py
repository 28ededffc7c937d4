"""How a network device is asked by SNMP for inspections. It opens no connection; `tasks/devices.py` does."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, SecretStr, field_validator

from blocks.foundation import Contradiction, EntryName, Number, StandfastBlock, Whole, none_if_empty, one_line, show
from blocks.host_access import bare_address
from blocks.overrides import DeviceExpectations, LimitOverrides, plain_words

SNMP_PORT = 161
SHORTEST = 8  # characters of a password of SNMPv3 (RFC 3414)


class NetworkDevice(StandfastBlock):
    """A switch, router, firewall, storage or anything else that answers SNMP: where it is, and what lets us read it (R127).

    A community makes it SNMPv2c, a user SNMPv3 with authentication and encryption. Only read access is needed, and only that should be given.
    """

    _kind: ClassVar[str] = "device"
    _block_type_name = "Network device 网络设备"
    _block_type_slug = "standfast-device"
    _description = (
        "A customer's network device for inspections: address, and how it is read by SNMP. "
        "客户网络设备（用于巡检）：地址以及 SNMP 只读访问方式。"
    )
    _code_example = '```python\nfrom blocks import NetworkDevice\n\ndevice = NetworkDevice.load("core-sw1")\n```'

    name: EntryName = Field(
        title="Name 名称", description="The same as the block's own name; small letters, digits, dashes", examples=["core-sw1"]
    )
    customer: EntryName = Field(
        title="Customer 客户", description="Name of the customer block this device belongs to", examples=["bureau"]
    )
    address: str = Field(
        title="Address 地址", description="IP address or host name, as the worker reaches it", examples=["192.0.2.30"]
    )
    port: Whole = Field(default=SNMP_PORT, ge=1, le=65535, title="Port 端口", description="UDP, where its SNMP agent listens", examples=[161])
    community: SecretStr | None = Field(
        default=None,
        title="Community 团体名",
        description="SNMPv2c, read-only; it goes over the network in clear, so prefer a user",
        examples=["{env: CORE_SW1_COMMUNITY}"],
    )
    user: str = Field(
        default="", max_length=32, title="User 用户", description="SNMPv3, read-only; instead of a community", examples=["inspect"]
    )
    auth: Literal["SHA", "SHA-256", "SHA-512"] = Field(
        default="SHA-256", title="Authentication 认证算法", description="Of the SNMPv3 user, as set on the device", examples=["SHA-256"]
    )
    auth_password: SecretStr | None = Field(
        default=None,
        title="Authentication password 认证口令",
        description="Of the SNMPv3 user, at least 8 characters",
        examples=["{env: CORE_SW1_AUTH}"],
    )
    privacy: Literal["AES", "AES-256"] = Field(
        default="AES",
        title="Encryption 加密算法",
        description="Of the SNMPv3 user, as set on the device; AES means AES-128",
        examples=["AES"],
    )
    privacy_password: SecretStr | None = Field(
        default=None,
        title="Encryption password 加密口令",
        description="Of the SNMPv3 user, at least 8 characters",
        examples=["{env: CORE_SW1_PRIVACY}"],
    )
    labels: list[str] = Field(
        default_factory=list, title="Labels 标签", description="Free words to choose devices by", examples=["[core]"]
    )
    expected: DeviceExpectations = Field(
        default_factory=dict,
        title="Expected 期望",
        description="What inspections compare with: name (sysName), interfaces that must be up, speeds in Mb/s by interface",
        examples=["{name: core-sw1, interfaces: [GigabitEthernet0/0/1], speeds: {GigabitEthernet0/0/1: 1000}}"],
    )
    limits: LimitOverrides = Field(
        default_factory=dict,
        title="Limits 阈值",
        description="Other limits than the catalogue's, by check and name",
        examples=["{NET-05c.busy: {warning: 70, critical: 90}}"],
    )
    timeout_s: Number = Field(
        default=5,
        gt=0,
        le=60,
        title="Seconds to answer 应答超时秒数",
        examples=[5],
        description="How long one answer may take; each question is asked twice at most",
    )

    @field_validator("community", "auth_password", "privacy_password", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return none_if_empty(value)

    @field_validator("address")
    @classmethod
    def _an_address(cls, value: str) -> str:
        return bare_address(value)

    @field_validator("user")
    @classmethod
    def _a_user(cls, value: str) -> str:
        if not value.isprintable() or value != value.strip():
            raise ValueError(f"must be the name of an SNMPv3 user, not {show(value)}; write for example user: inspect")
        return value

    @field_validator("community")
    @classmethod
    def _one_line(cls, value: SecretStr | None) -> SecretStr | None:
        return one_line(value)

    @field_validator("auth_password", "privacy_password")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < SHORTEST:
            raise ValueError(f"must have at least {SHORTEST} characters; SNMPv3 takes no shorter one")
        return one_line(value)

    @field_validator("labels")
    @classmethod
    def _plain_words(cls, values: list[str]) -> list[str]:
        return plain_words(values, "core")

    def _fits_together(self) -> None:
        if not self.community and not self.user:
            raise Contradiction("", "it is not said how to read it; give community (SNMPv2c), or user, auth_password and privacy_password (SNMPv3)")
        if self.community and self.user:
            raise Contradiction("community", "community and user are given together; keep one of them, the user if the device knows SNMPv3")
        for key in ("auth_password", "privacy_password"):
            if self.user and getattr(self, key) is None:
                raise Contradiction(key, f"{key} is missing for user {self.user}; SNMPv3 is read with authentication and encryption only")
            if self.community and getattr(self, key) is not None:
                raise Contradiction(key, f"{key} has no use with a community; leave it out, or write user instead of community")

    def secrets(self) -> list[str]:
        """What must not show in anything the device says."""
        return [secret.get_secret_value() for secret in (self.community, self.auth_password, self.privacy_password) if secret]
