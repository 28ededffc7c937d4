"""Where simulated copies run (R174), and how much they may take."""

from __future__ import annotations

import re
from typing import ClassVar

from pydantic import Field, field_validator

from blocks.foundation import EntryName, Number, StandfastBlock, Whole, show


class Sandbox(StandfastBlock):
    """A Docker engine with limits for the copies on it."""

    _kind: ClassVar[str] = "sandbox"
    _block_type_name = "Sandbox 模拟环境"
    _block_type_slug = "standfast-sandbox"
    _description = (
        "The Docker engine that simulated copies of hosts run on, and their limits. 用于运行主机模拟副本的 Docker 引擎及其限额。"
    )
    _code_example = '```python\nfrom blocks import Sandbox\n\nsandbox = Sandbox.load("default")\n```'

    name: EntryName = Field(
        default="default", title="Name 名称", description="The same as the block's own name", examples=["default"]
    )
    engine: str = Field(
        default="unix:///var/run/docker.sock",
        title="Docker engine",
        examples=["unix:///var/run/docker.sock"],
        description="As in DOCKER_HOST: unix:///path, ssh://user@host, or tcp://address:port",
    )
    memory_mib: Whole = Field(
        default=1024,
        ge=128,
        le=1048576,
        title="Memory of a copy in MiB 内存",
        description="A copy never gets more",
        examples=[1024],
    )
    disk_mib: Whole = Field(
        default=20480,
        ge=256,
        le=16777216,
        title="Disk of a copy in MiB 磁盘",
        examples=[20480],
        description="A host whose file systems use more is not copied",
    )
    cpu: Number = Field(
        default=1.0, gt=0, le=256, title="Processors of a copy CPU", description="May be a fraction", examples=[1.0]
    )
    package_hosts: list[str] = Field(
        default_factory=list,
        title="Package sources 软件源",
        examples=["[mirror.bureau.example:80]"],
        description="host:port that a copy may reach; empty: those the host itself gets packages from",
    )

    @field_validator("engine")
    @classmethod
    def _an_engine(cls, value: str) -> str:
        if not re.fullmatch(r"unix:///\S+|ssh://[^\s/]+(/\S*)?|tcp://[^\s/]+:\d+", value):
            raise ValueError(
                f"must be the address of a Docker engine, not {show(value)}; write for example engine: unix:///var/run/docker.sock"
            )
        return value

    @field_validator("package_hosts")
    @classmethod
    def _hosts_and_ports(cls, values: list[str]) -> list[str]:
        for value in values:
            found = re.fullmatch(r"(?:[A-Za-z0-9_.-]+|\[[0-9a-fA-F:]+\]):(\d{1,5})", value)
            if not found or not 1 <= int(found[1]) <= 65535:
                raise ValueError(f"must hold host:port, not {show(value)}; write for example mirror.bureau.example:80")
        return values
