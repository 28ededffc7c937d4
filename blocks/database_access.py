"""How a customer's database server is reached for inspections. It opens no connection; `tasks/databases.py` does."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, SecretStr, field_validator

from blocks.foundation import Contradiction, EntryName, Number, StandfastBlock, Whole, none_if_empty, one_line, show
from blocks.host_access import bare_address
from blocks.overrides import DatabaseExpectations, LimitOverrides, plain_words

PORTS = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306}


class DatabaseAccess(StandfastBlock):
    """A database server: what it is, where, who logs in, and through which host (R135-R142).

    The account should be the one of deployments/roles, which may read what checks need and nothing of the customer's own.
    """

    _kind: ClassVar[str] = "database"
    _block_type_name = "Database access 数据库接入"
    _block_type_slug = "standfast-database"
    _description = (
        "A customer's database server for inspections: kind, address, login, and the host it is reached through. "
        "客户数据库服务器（用于巡检）：类型、地址、登录方式以及经由的主机。"
    )
    _code_example = '```python\nfrom blocks import DatabaseAccess\n\ndatabase = DatabaseAccess.load("orders-db")\n```'

    name: EntryName = Field(
        title="Name 名称", description="The same as the block's own name; small letters, digits, dashes", examples=["orders-db"]
    )
    customer: EntryName = Field(
        title="Customer 客户", description="Name of the customer block this database belongs to", examples=["bureau"]
    )
    kind: Literal["postgresql", "mysql", "mariadb"] = Field(
        title="Kind 类型", description="postgresql (12 to 17), mysql (8) or mariadb (10.3 and later)", examples=["postgresql"]
    )
    address: str = Field(
        default="127.0.0.1",
        title="Address 地址",
        description="IP address or host name, as the worker reaches it; with a tunnel, as the host reaches it",
        examples=["192.0.2.20"],
    )
    port: Whole = Field(
        default=0, ge=0, le=65535, title="Port 端口", description="0: 5432 for postgresql, else 3306", examples=[5432]
    )
    user: str = Field(title="User 登录账号", description="The database account that logs in", min_length=1, examples=["standfast_inspect"])
    password: SecretStr | None = Field(
        default=None, title="Password 密码", description="Of that account", examples=["{env: ORDERS_DB_PASSWORD}"]
    )
    database: str = Field(
        default="",
        title="Database 数据库",
        description="Where to log in; empty: postgres for postgresql, none for the others. All databases are looked at in any case",
        examples=["postgres"],
    )
    tls: Literal["off", "prefer", "require", "verify"] = Field(
        default="require",
        title="TLS 加密",
        examples=["require"],
        description="off; prefer: if the server has it; require: encrypted; verify: and the certificate and its name are checked. "
        "Left out with a tunnel: prefer",
    )
    ca_file: str | None = Field(
        default=None,
        title="CA certificate 根证书",
        description="File on the worker with your own CA's certificate; for tls: verify",
        examples=["/etc/ssl/bureau-ca.pem"],
    )
    through: EntryName | None = Field(
        default=None,
        title="Through host 经由主机",
        description="Name of the host block whose SSH carries the connection; empty: straight to the address",
        examples=["db1"],
    )
    labels: list[str] = Field(
        default_factory=list, title="Labels 标签", description="Free words to choose databases by", examples=["[production]"]
    )
    expected: DatabaseExpectations = Field(
        default_factory=dict,
        title="Expected 期望",
        description="What inspections compare with: role (primary, standby), standbys, superusers, archiving...",
        examples=["{role: primary, standbys: [db2]}"],
    )
    limits: LimitOverrides = Field(
        default_factory=dict,
        title="Limits 阈值",
        description="Other limits than the catalogue's, by check and name",
        examples=["{PG-02.taken: {warning: 85, critical: 95}}"],
    )
    connect_timeout_s: Number = Field(
        default=10,
        gt=0,
        le=300,
        title="Seconds to connect 连接超时秒数",
        examples=[10],
        description="After so many seconds without an answer the server counts as unreachable",
    )

    @field_validator("password", "ca_file", "through", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return none_if_empty(value)

    @field_validator("address")
    @classmethod
    def _an_address(cls, value: str) -> str:
        return bare_address(value)

    @field_validator("user", "database")
    @classmethod
    def _a_name(cls, value: str) -> str:
        if len(value) > 128 or not value.isprintable() or value != value.strip():
            raise ValueError(f"must be a plain name, not {show(value)}; write for example orders")
        return value

    @field_validator("password")
    @classmethod
    def _one_line(cls, value: SecretStr | None) -> SecretStr | None:
        return one_line(value)

    @field_validator("ca_file")
    @classmethod
    def _absolute(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith("/"):
            raise ValueError(f"must be an absolute path on the worker, not {show(value)}; write for example /etc/ssl/bureau-ca.pem")
        return value

    @field_validator("labels")
    @classmethod
    def _plain_words(cls, values: list[str]) -> list[str]:
        return plain_words(values, "production")

    def _fits_together(self) -> None:
        if self.ca_file and self.tls != "verify":
            raise Contradiction("ca_file", f"ca_file has no use with tls: {self.tls}; write tls: verify, or leave ca_file out")
        if self.tls == "verify" and self.through:
            raise Contradiction("tls", "tls: verify cannot check the server's name through a tunnel, whose end is this machine; write tls: require")
        if self.through and "tls" not in self.model_fields_set:
            self.tls = "prefer"
        if self.port == 0:
            self.port = PORTS[self.kind]
        if not self.database and self.kind == "postgresql":
            self.database = "postgres"
