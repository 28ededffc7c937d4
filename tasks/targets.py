"""What inspections look at: which kinds of targets there are, where they are described, what is asked of them, and how they are read."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal

from blocks import lookup
from blocks.database_access import DatabaseAccess
from blocks.foundation import StandfastBlock
from blocks.host_access import HostAccess
from blocks.network_device import NetworkDevice
from blocks.web_endpoint import WebEndpoint
from reports.records import TargetRead
from tasks import desk
from tasks.checks.catalogue import all_checks, database_checks, device_checks, host_checks, web_checks
from tasks.checks.kinds import Check, DeviceCheck, Known, Limits
from tasks.checks.reading import about_host, examine_host, host_script
from tasks.consoles import read_console
from tasks.databases import read_database
from tasks.devices import read_device
from tasks.endpoints import read_endpoint
from tasks.errors import BlockersFound, NoSession, ProcedureError
from tasks.remote import Remote

SYSTEM, DATABASE, DIAGNOSIS, SECURITY = "system-inspection", "database-inspection", "remote-diagnosis", "security-check"
HOST_LIMIT_S = 300  # for a host's whole answer

KnownFor = Callable[[str], Known]  # what is known for a check, by its id


@dataclass(frozen=True)
class Kind:
    """A kind of target.

    checks: of one target. read: asks them all and judges the answers; returns the reading and the raw answers, secrets in them or not.
        It raises nothing for what the target does or does not do.
    """

    block: type[StandfastBlock]
    checks: Callable[[Any], Sequence[Check]]
    read: Callable[[Any, Sequence[Any], Mapping[str, Limits], KnownFor], tuple[TargetRead, str]]


@dataclass(frozen=True)
class Target:
    kind: Kind
    block: Any

    @property
    def checks(self) -> Sequence[Check]:
        return self.kind.checks(self.block)

    @property
    def read_as(self) -> Literal["host", "postgresql", "mysql", "network", "web"]:
        """How its reading is called."""
        if isinstance(self.block, DatabaseAccess):
            return "postgresql" if self.block.kind == "postgresql" else "mysql"
        return "network" if isinstance(self.block, NetworkDevice) else "web" if isinstance(self.block, WebEndpoint) else "host"


def _read_host(host: HostAccess, checks: Sequence[Any], limits: Mapping[str, Limits], known_for: KnownFor) -> tuple[TargetRead, str]:
    """One connection, one script, all checks."""
    began, read_at, nonce = time.monotonic(), desk.now(), secrets.token_hex(12)
    try:
        with _connection(host) as remote:
            answer = remote.run(host_script(checks, nonce, {**host.expected, "watched": host.watched}), timeout_s=HOST_LIMIT_S)
    except ProcedureError as problem:
        return TargetRead(target=host.name, kind="host", read_at=read_at, seconds=time.monotonic() - began, problem=problem.text), ""
    rows = examine_host(host.name, answer.out, nonce, checks, limits, {check.id: replace(known_for(check.id), now=read_at) for check in checks})
    return TargetRead(target=host.name, kind="host", read_at=read_at, seconds=time.monotonic() - began, about=about_host(answer.out, nonce, checks),
                      rows=rows), answer.out


def _connection(host: HostAccess) -> Remote:
    """A busy sshd turns newcomers away by lot (MaxStartups of sshd_config(5)), so it is asked a second time."""
    try:
        return Remote(host)
    except NoSession:
        time.sleep(3)
        return Remote(host)


def _read_device(device: NetworkDevice, checks: Sequence[Any], limits: Mapping[str, Limits], known_for: KnownFor) -> tuple[TargetRead, str]:
    return (read_console if device.by == "ssh" else read_device)(device, checks, limits, known_for)


KINDS: dict[str, tuple[Kind, ...]] = {
    SYSTEM: (Kind(HostAccess, lambda _: host_checks(), _read_host),
             Kind(NetworkDevice, lambda device: device_checks(device.vendor), _read_device),
             Kind(WebEndpoint, lambda _: web_checks(), read_endpoint)),
    DATABASE: (Kind(DatabaseAccess, lambda block: database_checks(block.kind), lambda *asked: (read_database(*asked), "")),),
}

HOST, SERVER = KINDS[SYSTEM][0], KINDS[DATABASE][0]
# A security check reads by what the customer's profile says: tasks/security.py.
KINDS[SECURITY] = (HOST, SERVER)

# What may have been asked of a target, by how its reading is called.
ASKED: dict[str, Callable[[], Sequence[Check]]] = {
    "host": host_checks, "network": lambda: [check for check in all_checks() if isinstance(check, DeviceCheck)], "web": web_checks,
    "postgresql": lambda: database_checks("postgresql"),
    "mysql": lambda: tuple({check.id: check for kind in ("mysql", "mariadb") for check in database_checks(kind)}.values()),
}


def targets_of(procedure: str, customer: str, kinds: Sequence[Kind] = ()) -> dict[str, Target]:
    """All that this inspection can look at of a customer, by name. kinds: other ways to read them than the procedure's own.

    Raises:
        BlockersFound: two targets share a name, so that their results could not be told apart.
    """
    found: dict[str, Target] = {}
    for kind in kinds or KINDS[procedure]:
        for block in lookup.all_of(kind.block, customer):
            name = block.name  # type: ignore[attr-defined]
            if name in found:
                other = found[name].kind.block.called()
                raise BlockersFound(f"{name} is the name of a {other} and of a {kind.block.called()} of customer {customer}; rename one of the two blocks",
                                    f"客户 {customer} 有两个对象同名 {name}({other}、{kind.block.called()});请为其中一个 Block 改名")
            found[name] = Target(kind, block)
    return found


def targets_named(hosts: Iterable[str], databases: Iterable[str]) -> dict[str, Target]:
    """These hosts and database servers by name; one that is not in the inventory is left out."""
    found = {}
    for name in hosts:
        with suppress(BlockersFound):
            found[name] = Target(HOST, desk.host(name))
    for name in databases:
        with suppress(lookup.UnknownName):
            found[name] = Target(SERVER, lookup.find_database(name))
    return found
