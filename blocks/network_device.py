"""How a network device is read for inspections, by SNMP or SSH. It opens no connection; `tasks/devices.py` and `tasks/remote.py` do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, SecretStr, field_validator

from blocks.foundation import Contradiction, EntryName, Number, StandfastBlock, Whole, none_if_empty, one_line, show
from blocks.host_access import HOW_TO_GET_THE_KEY, bare_address, pinned_keys
from blocks.overrides import DeviceExpectations, LimitOverrides, plain_words

PORTS = {"snmp": 161, "ssh": 22}
OF_SNMP = ("community", "auth_password", "privacy_password")
OF_SSH = ("vendor", "password", "key_file", "host_key", "commands")
SHORTEST = 8  # characters of a password of SNMPv3 (RFC 3414)


class NetworkDevice(StandfastBlock):
    """A switch, router, firewall, storage or anything else of the kind: where it is, and what lets us read it (R127).

    By SNMP: a community makes it SNMPv2c, a user SNMPv3 with authentication and encryption. By SSH: by the command line of the vendor named.
    Only read access is needed, and only that should be given.
    """

    _kind: ClassVar[str] = "device"
    _block_type_name = "Network device 网络设备"
    _block_type_slug = "standfast-device"
    _description = (
        "A customer's network device for inspections: address, and how it is read, by SNMP or SSH. "
        "客户网络设备（用于巡检）：地址以及 SNMP 或 SSH 只读访问方式。"
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
    by: Literal["snmp", "ssh"] = Field(
        default="snmp", title="Read by 读取方式", description="snmp tells more; ssh for devices that have no SNMP", examples=["snmp"]
    )
    port: Whole = Field(default=0, ge=0, le=65535, title="Port 端口", description="0: 161 (UDP) for SNMP, 22 for SSH", examples=[161])
    community: SecretStr | None = Field(
        default=None,
        title="Community 团体名",
        description="SNMPv2c, read-only; it goes over the network in clear, so prefer a user",
        examples=["{env: CORE_SW1_COMMUNITY}"],
    )
    user: str = Field(
        default="",
        max_length=32,
        title="User 用户",
        description="SNMPv3, read-only, instead of a community; with SSH the login, of the lowest level that may look",
        examples=["inspect"],
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
    vendor: Literal["huawei", "h3c", "cisco"] | None = Field(
        default=None,
        title="Vendor 厂商",
        description="SSH: whose command line it has: huawei (VRP), h3c (Comware), cisco (IOS)",
        examples=["huawei"],
    )
    password: SecretStr | None = Field(
        default=None, title="Password 密码", description="SSH: of the login; or a key file", examples=["{env: CORE_SW1_PASSWORD}"]
    )
    key_file: str | None = Field(
        default=None,
        title="Key file 私钥文件",
        description="SSH: path of the private key on the worker, instead of a password",
        examples=["/home/ops/.ssh/id_rsa"],
    )
    host_key: str = Field(
        default="",
        title="Pinned host key 主机公钥",
        description='SSH: the public key the device must show: "ssh-rsa AAAA...", or a line of ssh-keyscan; several: one per line',
        examples=["ssh-rsa AAAAB3Nza..."],
    )
    commands: list[str] = Field(
        default_factory=list,
        title="More commands 更多命令",
        description="SSH: display or show commands whose answers are kept as evidence besides",
        examples=["[display device]"],
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

    @field_validator("community", "auth_password", "privacy_password", "vendor", "password", "key_file", mode="before")
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
            raise ValueError(f"must be the name of a user, not {show(value)}; write for example user: inspect")
        return value

    @field_validator("key_file")
    @classmethod
    def _absolute(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith("/"):
            raise ValueError(f"must be an absolute path on the worker, not {show(value)}; write for example /home/ops/.ssh/id_rsa")
        return value

    @field_validator("host_key")
    @classmethod
    def _pinned(cls, value: str) -> str:
        return pinned_keys(value) if value.strip() else ""

    @field_validator("commands")
    @classmethod
    def _only_looks(cls, values: list[str]) -> list[str]:
        for value in values:
            if not re.fullmatch(r"(display|show) [A-Za-z0-9][A-Za-z0-9 ./:_-]{0,120}", value):
                raise ValueError(f"must begin with display or show and hold words only, not {show(value)}; write for example [display device]")
        return values

    @field_validator("community", "password")
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

    @classmethod
    def _retold(cls, key: str, kind: str, said: str, values: Mapping[str, Any]) -> str:
        if key != "host_key":
            return said
        port, address = values.get("port") or PORTS["ssh"], values.get("address")
        return said.replace("-p PORT", f"-p {port}").replace("ADDRESS", address if isinstance(address, str) and address.isprintable() else "ADDRESS")

    def _fits_together(self) -> None:
        other = OF_SSH if self.by == "snmp" else OF_SNMP
        if strange := next((key for key in other if getattr(self, key)), None):
            how = "write by: ssh" if self.by == "snmp" else "write by: snmp"
            raise Contradiction(strange, f"{strange} has no use with by: {self.by}; leave it out, or {how}")
        self.port = self.port or PORTS[self.by]
        (self._fits_snmp if self.by == "snmp" else self._fits_ssh)()

    def _fits_snmp(self) -> None:
        if not self.community and not self.user:
            raise Contradiction("", "it is not said how to read it; give community (SNMPv2c), or user, auth_password and privacy_password (SNMPv3)")
        if self.community and self.user:
            raise Contradiction("community", "community and user are given together; keep one of them, the user if the device knows SNMPv3")
        for key in ("auth_password", "privacy_password"):
            if self.user and getattr(self, key) is None:
                raise Contradiction(key, f"{key} is missing for user {self.user}; SNMPv3 is read with authentication and encryption only")
            if self.community and getattr(self, key) is not None:
                raise Contradiction(key, f"{key} has no use with a community; leave it out, or write user instead of community")

    def _fits_ssh(self) -> None:
        for key, example in (("vendor", "huawei"), ("user", "inspect")):
            if not getattr(self, key):
                raise Contradiction(key, f"{key} is missing for by: ssh; write for example {key}: {example}")
        if not self.host_key:
            raise Contradiction("host_key", self._retold("host_key", "missing", f"host_key is missing; {HOW_TO_GET_THE_KEY}", self.__dict__))
        if bool(self.password) == bool(self.key_file):
            said = "password and key_file are given together; keep one of them" if self.password else "it is not said how to log in; give password or key_file"
            raise Contradiction("password" if self.password else "", said)

    def secrets(self) -> list[str]:
        """What must not show in anything the device says."""
        return [secret.get_secret_value() for secret in (self.community, self.auth_password, self.privacy_password, self.password) if secret]
