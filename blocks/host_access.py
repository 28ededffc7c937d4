"""How a customer's host is reached over SSH. It opens no connection; `tasks/remote.py` does."""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_ssh_public_key
from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator

from blocks.foundation import BilingualText, Contradiction, EntryName, Form, Number, StandfastBlock, Whole, none_if_empty, one_line, show
from blocks.overrides import Expectations, LimitOverrides
from reports.records import Acceptance

KEY_TYPES = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa")
HOW_TO_GET_THE_KEY = (
    "get it over a line you trust, for example on the host's own console with "
    "cat /etc/ssh/ssh_host_ed25519_key.pub, or from its own network with ssh-keyscan -t ed25519 -p PORT ADDRESS, "
    "and compare it there"
)


def _absolute(value: str) -> str:
    if not value.startswith("/") or not value.isprintable():
        raise ValueError(f"must be an absolute path, not {show(value)}; write for example /etc/nginx")
    return value.rstrip("/") or "/"


AbsolutePath = Annotated[str, AfterValidator(_absolute)]


def _account(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.@\\-]{0,63}\$?", value):
        raise ValueError(f"must be the name of an account, not {show(value)}; write for example ops")
    return value


Account = Annotated[str, AfterValidator(_account)]


class AcceptanceCheck(Form):
    """One thing the customer accepts the host by; the record is made by `HostAccess.acceptances`."""

    title: BilingualText = Field(title="Title 名称", description="What is checked, as the customer would say it")
    command: str = Field(
        title="Command 命令",
        description="Shell on the host; exit status 0 means good, and what it prints is kept as evidence",
        min_length=1,
        examples=["curl -fsS http://127.0.0.1/health"],
    )
    account: Account = Field(
        default="root", title="Account 账号", description="Who runs the command on the host", examples=["root"]
    )
    steady_s: Whole = Field(
        default=3,
        ge=0,
        le=3600,
        title="Steady for seconds 持续秒数",
        examples=[3],
        description="The check must be good for so many seconds in a row",
    )
    within_s: Whole = Field(
        default=60,
        ge=1,
        le=86400,
        title="Within seconds 期限秒数",
        examples=[60],
        description="The check must have become good within so many seconds",
    )

    @model_validator(mode="after")
    def _steady_fits(self) -> AcceptanceCheck:
        if self.steady_s > self.within_s:
            raise ValueError(
                f"steady_s ({self.steady_s}) must not be more than within_s ({self.within_s}); write for example within_s: 60"
            )
        return self


class HostAccess(StandfastBlock):
    """A host: where it is, which key it must show, who logs in with what, how that becomes root, and what is watched there.

    A plain object like any other, with or without a Prefect server.
    """

    _kind: ClassVar[str] = "host"
    _block_type_name = "Host access 主机接入"
    _block_type_slug = "standfast-host"
    _description = (
        "A customer's host: address, pinned host key, login and how it becomes root, and what is watched on it. "
        "客户主机：地址、固定的主机公钥、登录方式、提权方式以及需要关注的内容。"
    )
    _code_example = '```python\nfrom blocks import HostAccess\n\nhost = HostAccess.load("web1")\n```'

    name: EntryName = Field(
        title="Name 名称", description="The same as the block's own name; small letters, digits, dashes", examples=["web1"]
    )
    customer: EntryName = Field(
        title="Customer 客户", description="Name of the customer block this host belongs to", examples=["bureau"]
    )
    address: str = Field(
        title="Address 地址", description="IP address or host name, as the worker reaches it", examples=["192.0.2.10"]
    )
    port: Whole = Field(default=22, ge=1, le=65535, title="Port 端口", description="Where its sshd listens", examples=[22])
    user: Account = Field(title="User 登录账号", description="The account that logs in", examples=["ops"])
    private_key: SecretStr | None = Field(
        default=None,
        title="Private key 私钥",
        examples=["{file: /path/to/key}"],
        description="The key itself in PEM form, with or without its line breaks; or else a key file, or the agent",
    )
    key_file: str | None = Field(
        default=None,
        title="Key file 私钥文件",
        description="Path of the private key on the worker",
        examples=["/home/ops/.ssh/id_ed25519"],
    )
    use_agent: bool = Field(
        default=False, title="Use the SSH agent 使用 SSH 代理", description="Keys of the worker's ssh-agent", examples=["true"]
    )
    passphrase: SecretStr | None = Field(
        default=None,
        title="Passphrase 私钥口令",
        description="Of the private key or key file, if it has one",
        examples=["{env: KEY_PASSPHRASE}"],
    )
    host_key: str = Field(
        title="Pinned host key 主机公钥",
        examples=["ssh-ed25519 AAAAC3Nza..."],
        description='The public key the host must show: "ssh-ed25519 AAAA...", or a line of ssh-keyscan; several: one per line',
    )
    become: Literal["root", "sudo"] = Field(
        default="sudo",
        title="Becomes root by 提权方式",
        examples=["sudo"],
        description="root: the login is root already; sudo: by sudo",
    )
    sudo_password: SecretStr | None = Field(
        default=None,
        title="sudo password 密码",
        description="Empty if sudo asks for none (NOPASSWD)",
        examples=["{env: SUDO_PASSWORD}"],
    )
    watched: list[AbsolutePath] = Field(
        default_factory=list,
        title="Watched configuration 关注的配置",
        description="Files and folders whose digests are compared, for example /etc/nginx",
        examples=["[/etc/nginx]"],
    )
    databases: list[str] = Field(
        default_factory=list,
        title="Databases 数据库",
        description="Names of its PostgreSQL databases whose rows are compared",
        examples=["[orders]"],
    )
    releases: list[AbsolutePath] = Field(
        default_factory=list,
        title="Application folders 应用目录",
        examples=["[/srv/orders]"],
        description="Folders that hold versions of an application, for example /srv/orders",
    )
    backed_up: list[AbsolutePath] = Field(
        default_factory=list,
        title="Further backed up 另需备份",
        examples=["[/srv/files]"],
        description="Files and folders that a backup takes beside the watched configuration, the application folders and the databases",
    )
    wal_kept_mib: Whole = Field(
        default=0,
        ge=0,
        le=1 << 30,
        title="Database log kept in MiB 数据库日志保留量",
        examples=[4096],
        description="Leave for the backup to let PostgreSQL keep so much of its log, so that any moment can be restored; 0: whole backups only",
    )
    acceptance: list[AcceptanceCheck] = Field(
        default_factory=list,
        title="Acceptance checks 验收检查",
        description="Run before, in the simulated copy, and after",
        examples=["[{title: ..., command: ...}]"],
    )
    connect_timeout_s: Number = Field(
        default=10,
        gt=0,
        le=300,
        title="Seconds to connect 连接超时秒数",
        examples=[10],
        description="After so many seconds without an answer the host counts as unreachable",
    )
    peer_address: str = Field(
        default="",
        title="Address for other hosts 主机间地址",
        description="As the customer's other hosts reach it, where that is not the worker's way; empty: the address above",
        examples=["10.0.0.11"],
    )
    peer_port: Whole = Field(
        default=0,
        ge=0,
        le=65535,
        title="Port for other hosts 主机间端口",
        description="Of its sshd, for other hosts; 0: 22 if they have an address of their own for it, else the port above",
        examples=[22],
    )
    labels: list[str] = Field(
        default_factory=list, title="Labels 标签", description="Free words to choose hosts by", examples=["[web, production]"]
    )
    expected: Expectations = Field(
        default_factory=dict,
        title="Expected 期望",
        description="What inspections compare with: units, ports, mounts, backups, time_zone...",
        examples=["{units: [orders.service], ports: [443], time_zone: Asia/Shanghai}"],
    )
    limits: LimitOverrides = Field(
        default_factory=dict,
        title="Limits 阈值",
        description="Other limits for this host's inspections than the catalogue's and the customer's, by check and name",
        examples=["{RES-01.used: {warning: 85, critical: 95}}"],
    )

    @field_validator("private_key", "key_file", "passphrase", "sudo_password", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return none_if_empty(value)

    @field_validator("address")
    @classmethod
    def _an_address(cls, value: str) -> str:
        return bare_address(value)

    @field_validator("peer_address")
    @classmethod
    def _a_peer_address(cls, value: str) -> str:
        return bare_address(value) if value.strip() else ""

    @field_validator("key_file")
    @classmethod
    def _key_file_is_absolute(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith("/"):
            raise ValueError(
                f"must be an absolute path on the worker, not {show(value)}; write for example /home/ops/.ssh/id_ed25519"
            )
        return value

    @field_validator("private_key")
    @classmethod
    def _a_private_key(cls, value: SecretStr | None) -> SecretStr | None:
        return None if value is None else SecretStr(_pem(value.get_secret_value()))

    @field_validator("sudo_password", "passphrase")
    @classmethod
    def _one_line(cls, value: SecretStr | None) -> SecretStr | None:
        return one_line(value)

    @field_validator("host_key")
    @classmethod
    def _pinned(cls, value: str) -> str:
        return pinned_keys(value)

    @field_validator("databases", "labels")
    @classmethod
    def _plain_words(cls, values: list[str]) -> list[str]:
        for value in values:
            if not value.strip() or not value.isprintable():
                raise ValueError(f"must hold names only, not {show(value)}; write for example [orders]")
        return values

    @classmethod
    def _retold(cls, key: str, kind: str, said: str, values: Mapping[str, Any]) -> str:
        if key != "host_key":
            return said
        if kind == "missing":
            said = f"host_key is missing; {HOW_TO_GET_THE_KEY}"
        address, port = values.get("address"), values.get("port", 22)
        said = said.replace("-p PORT", f"-p {port}" if isinstance(port, int) else "-p PORT")
        return said.replace("ADDRESS", address) if isinstance(address, str) and address.isprintable() else said

    def _fits_together(self) -> None:
        given = [
            name
            for name, there in (("private_key", self.private_key), ("key_file", self.key_file), ("use_agent", self.use_agent))
            if there
        ]
        if not given:
            raise Contradiction("", "it is not said how to log in; give one of key_file, private_key or use_agent: true")
        if len(given) > 1:
            raise Contradiction(given[1], f"{' and '.join(given)} are given together; keep one of them")
        if self.passphrase and self.use_agent:
            raise Contradiction(
                "passphrase", "passphrase has no use with use_agent; unlock the key in the agent and leave passphrase out"
            )
        if self.user == "root" and "become" not in self.model_fields_set:
            self.become = "root"
        if self.become == "root" and self.user != "root":
            raise Contradiction(
                "become", f"become: root means that the login is root, but user is {self.user}; write become: sudo"
            )
        if self.become == "root" and self.sudo_password:
            raise Contradiction("sudo_password", "sudo_password has no use where the login is root; leave it out")

    def known_host_line(self) -> str:
        """The pinned keys as lines of an OpenSSH known_hosts file, without a line break at the end."""
        where = self.address if self.port == 22 else f"[{self.address}]:{self.port}"
        return "\n".join(f"{where} {line}" for line in self.host_key.splitlines())

    @property
    def for_peers(self) -> tuple[str, int]:
        """Address and sshd's port, as the customer's other hosts reach it."""
        return self.peer_address or self.address, self.peer_port or (22 if self.peer_address else self.port)

    @property
    def identity(self) -> str:
        """Which machine this is, whatever it is called: SHA-256 of the pinned host key."""
        return hashlib.sha256(self.host_key.strip().encode()).hexdigest()

    def acceptances(self) -> tuple[Acceptance, ...]:
        """The acceptance checks as records."""
        return tuple(
            Acceptance(
                target=self.name,
                title=check.title,
                command=check.command,
                account=check.account,
                steady_s=check.steady_s,
                within_s=check.within_s,
            )
            for check in self.acceptance
        )


def bare_address(value: str) -> str:
    """An address as it is kept. Raises ValueError for what is none: the sentence says what to write."""
    value = value.strip()
    bare = value[1:-1] if value.startswith("[") and value.endswith("]") else value
    try:
        return str(ipaddress.ip_address(bare.partition("%")[0])) + "".join(bare.partition("%")[1:])
    except ValueError:
        pass
    if "://" in value or "@" in value or re.fullmatch(r"[^:]+:\d+", value):
        raise ValueError(f"must be the bare address, not {show(value)}; user and port have their own keys")
    if re.fullmatch(r"[\d.]+", value) or not re.fullmatch(
        r"(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_-]+)*\.?", value
    ):
        raise ValueError(f"must be an IP address or a host name, not {show(value)}; write for example address: 192.0.2.10")
    return value


def pinned_keys(text: str) -> str:
    """Public key lines, brought to one form: "type base64", one per line, each once.

    Takes what people have at hand: a .pub file's line with its comment, and lines of ssh-keyscan or known_hosts.

    Raises:
        ValueError: no key is there, or one cannot be read; the sentence says how to get it.
    """
    if "PRIVATE KEY" in text:
        raise ValueError(
            "holds a private key, which belongs to nobody but the host; put its public key there, and give the host a new key"
        )
    lines: list[str] = []
    for line in text.splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0].startswith("@"):
            raise ValueError(f"must be a plain public key; lines with {words[0]} are not supported")
        if words[0] not in KEY_TYPES and len(words) > 2 and words[1] in KEY_TYPES:
            words = words[1:]  # a known_hosts line: the host stands before the key
        line = f"{words[0]} {words[1]}" if len(words) > 1 else words[0]
        _check_public_key(words)
        if line not in lines:
            lines.append(line)
    if not lines:
        raise ValueError(f"is empty; {HOW_TO_GET_THE_KEY}")
    return "\n".join(lines)


def _check_public_key(words: list[str]) -> None:
    if words[0].upper().startswith(("SHA256:", "MD5:")):
        raise ValueError(f"must be the public key itself, not its fingerprint; {HOW_TO_GET_THE_KEY}")
    if words[0] not in KEY_TYPES:
        raise ValueError(f"must begin with the key's type ({', '.join(KEY_TYPES)}), not {show(words[0])}; {HOW_TO_GET_THE_KEY}")
    if len(words) < 2:
        raise ValueError(f"ends after the key's type {words[0]}; the key itself (AAAA...) must follow on the same line")
    broken = f"holds an {words[0]} key that cannot be read, it may be cut off or changed; {HOW_TO_GET_THE_KEY}"
    try:
        blob = base64.b64decode(words[1], validate=True)
        named = blob[4 : 4 + int.from_bytes(blob[:4], "big")].decode("ascii")
        if named != words[0]:
            raise ValueError(broken)
        load_ssh_public_key(f"{words[0]} {words[1]}".encode())
    except (ValueError, binascii.Error, UnsupportedAlgorithm) as problem:
        raise ValueError(broken) from problem


def _pem(text: str) -> str:
    """A private key with its line breaks, which one-line input boxes turn into spaces.

    Raises:
        ValueError: it is no private key; the key is not repeated in the message.
    """
    if text.strip().startswith(KEY_TYPES):
        raise ValueError("holds a public key; the private key is needed (the file without .pub)")
    found = re.fullmatch(r"\s*-----BEGIN ((?:[A-Z]+ )?PRIVATE KEY)-----(.+)-----END \1-----\s*", text, re.DOTALL)
    if not found:
        raise ValueError(
            "must be a private key in PEM form, from -----BEGIN ... PRIVATE KEY----- to -----END ... PRIVATE KEY-----"
        )
    kind, body = found.groups()
    if "\n" not in body.strip():
        head, _, rest = body.rpartition("  ") if ":" in body else ("", "", body)
        if head:  # the header lines of an old encrypted key cannot be told apart any more
            raise ValueError("has lost its line breaks; use a key file, or convert the key with ssh-keygen -p -f FILE")
        body = "\n" + "\n".join(re.findall(r".{1,70}", "".join(rest.split()))) + "\n"
    return f"-----BEGIN {kind}-----\n" + body.replace("\r\n", "\n").strip() + f"\n-----END {kind}-----\n"
