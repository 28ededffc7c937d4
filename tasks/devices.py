"""Reads one network device for an inspection; the only module that speaks SNMP (R127).

Only the columns that checks ask for are walked, several side by side, in packets of a size every device can send. Everything is bounded: the
time for one answer and for the device, the rows of a column, the size of the whole. What one column does wrong spoils only the checks that need it.
"""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from pysnmp.error import PySnmpError
from pysnmp.hlapi.v3arch import asyncio as snmp
from pysnmp.proto import errind
from pysnmp.proto.rfc1905 import EndOfMibView, NoSuchInstance, NoSuchObject

from blocks.network_device import NetworkDevice
from reports.records import CheckRow, TargetRead, Text
from tasks.checks.devices import HR_DATE, HR_UPTIME, IF_DESCR, SYS_DESCR, SYS_NAME, SYS_UPTIME
from tasks.checks.kinds import DeviceCheck, Known, Limits, Row, not_applicable, unknown
from tasks.checks.reading import check_rows, judged
from tasks.redaction import redact

TIME_LIMIT_S = 120     # for one device, the second look included
SPAN_S = 5             # between the two looks at a column that is read again
SIDE_BY_SIDE = 8       # columns walked at a time
FIGURES = 32           # figures asked for in one packet, which then fits one of 1472 bytes
ROWS = 5000            # of one column
BYTES = 4 << 20        # of all answers together
LETTERS = 300          # of one text
SILENCES = 3           # questions left without answer until the device counts as gone
EARLY = (HR_DATE, SYS_UPTIME, HR_UPTIME, SYS_NAME, SYS_DESCR)
WELL_KNOWN = ("public", "private")

AUTH = {"SHA": snmp.USM_AUTH_HMAC96_SHA, "SHA-256": snmp.USM_AUTH_HMAC192_SHA256, "SHA-512": snmp.USM_AUTH_HMAC384_SHA512}
PRIVACY = {"AES": snmp.USM_PRIV_CFB128_AES, "AES-256": snmp.USM_PRIV_CFB256_AES_BLUMENTHAL}

Oid = tuple[int, ...]
Why = tuple[str, str]  # Chinese, English


class _NoWay(Exception):
    """The device cannot be read; zh and en say why in one sentence."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass
class _Walk:
    """One column: how far it was read, its lines, and why it was given up."""

    name: str
    root: Oid
    at: Oid
    lines: list[str] = field(default_factory=list)
    over: bool = False
    trouble: Why | None = None


def read_device(access: NetworkDevice, checks: Sequence[DeviceCheck], limits: Mapping[str, Limits],
                known_for: Callable[[str], Known]) -> tuple[TargetRead, str]:
    """Ask one device all checks and judge its answers. Nothing is raised for what the device does or does not do.

    Returns the reading, and all answers as text. The reading's `problem` says in one sentence why nothing could be read.
    """
    began, read_at = time.monotonic(), datetime.now(UTC)
    about: dict[str, str] = {}
    rows: list[CheckRow] = []
    problem, raw = None, ""
    try:
        first, later, seconds = asyncio.run(_ask(access, _unique(oid for check in checks for oid in check.oids), _unique(o for c in checks for o in c.again)))
        raw = _together(first.values()) + (f"later {seconds:.2f}\n{_together(later.values())}" if later else "")
        hidden = IF_DESCR in first and not first[IF_DESCR].lines  # every device has an interface
        for check in checks:
            answer = _answer(check, first, later, seconds, hidden)
            if isinstance(answer, Row):
                rows += check_rows(access.name, check, (answer,))
                continue
            rows += check_rows(access.name, check, judged(check, answer, limits[check.id], replace(known_for(check.id), now=read_at, kind=asked_as(access))))
            about |= _about(check, answer)
    except _NoWay as refused:
        problem = Text(zh=redact(refused.zh, _secrets(access)), en=redact(refused.en, _secrets(access)))
    about = {"address": f"{access.address}:{access.port}", **about} if about else about
    return TargetRead(target=access.name, kind="network", read_at=read_at, seconds=round(time.monotonic() - began, 3), problem=problem,
                      about={name: redact(value, _secrets(access))[:200] for name, value in about.items()}, rows=tuple(rows)), redact(raw, _secrets(access))


def asked_as(access: NetworkDevice) -> str:
    """How the device is asked, for its check: "SNMPv3", "SNMPv2c", or "SNMPv2c default" with a community that everybody knows."""
    if access.community is None:
        return "SNMPv3"
    return "SNMPv2c default" if access.community.get_secret_value().casefold() in WELL_KNOWN else "SNMPv2c"


def _secrets(access: NetworkDevice) -> list[str]:
    """A community such as public is no secret, and a word of its own."""
    return [secret for secret in access.secrets() if secret.casefold() not in WELL_KNOWN]


def _unique(oids: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(oids))


def _together(walks: Iterable[_Walk]) -> str:
    return "".join(f"{line}\n" for walk in walks for line in [*walk.lines, *([f"# {walk.name}: {walk.trouble[1]}"] if walk.trouble else [])])


def _answer(check: DeviceCheck, first: Mapping[str, _Walk], later: Mapping[str, _Walk], seconds: float, hidden: bool) -> str | Row:
    """What `parse` reads, or what must be said instead. hidden: our account does not see all there is."""
    needed = [first[oid] for oid in check.oids] + [later[oid] for oid in check.again]
    for walk in needed:
        if walk.trouble:
            return unknown(f"无法读取 {walk.name}:{walk.trouble[0]}", f"{walk.name} could not be read: {walk.trouble[1]}")
    if not any(walk.lines for walk in needed):
        if check.must or hidden:
            return unknown("设备没有给出任何数据;请在设备上允许该账号读取整个 MIB-2", "the device shows nothing of it; let the account see the whole of MIB-2")
        return _NOTHING_OF_THE_KIND
    if check.again and not any(later[oid].lines for oid in check.again):
        return _NOTHING_OF_THE_KIND
    again = f"later {seconds:.2f}\n" + _together(later[oid] for oid in check.again) if check.again else ""
    return _together(first[oid] for oid in check.oids) + again + "end\n"


_NOTHING_OF_THE_KIND = not_applicable("设备不提供此项", "the device tells nothing of the kind")


def _about(check: DeviceCheck, answer: str) -> dict[str, str]:
    try:
        return check.about(check.parse(answer)) if check.about else {}
    except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError):
        return {}  # its row says so


# --- on the wire ----------------------------------------------------------------------------------------------------------

class _Agent:
    """The device, as far as it answers. A question that is left without answer is counted; after a few the device is gone."""

    def __init__(self, access: NetworkDevice, target: Any) -> None:
        self.access, self.target = access, target
        self.engine = snmp.SnmpEngine()
        self.login = _login(access)
        self.silences, self.bytes = 0, 0
        self.deadline = time.monotonic() + TIME_LIMIT_S

    async def ask(self, roots: Sequence[Oid], repetitions: int) -> tuple[list[tuple[Oid, Any]], Why | None]:
        """The next figures behind these, row by row; or why there are none."""
        if time.monotonic() > self.deadline:
            return [], (f"{TIME_LIMIT_S} 秒内没有读完", f"it was not read within {TIME_LIMIT_S} s")
        if self.silences >= SILENCES:
            return [], ("设备不再应答", "the device answers no more")
        questions = [snmp.ObjectType(snmp.ObjectIdentity(root)) for root in roots]
        try:
            trouble, status, _, found = await snmp.bulk_cmd(self.engine, self.login, self.target, snmp.ContextData(), 0, repetitions, *questions,
                                                            lookupMib=False)
            if trouble is None and not status:
                return [(tuple(name), value) for name, value in found], None
        except (PySnmpError, ValueError, TypeError, OverflowError) as problem:
            return [], (f"应答无法解读:{_first_line(problem)}", f"an answer makes no sense: {_first_line(problem)}")
        if isinstance(trouble, errind.RequestTimedOut):
            self.silences += 1
            return [], ("没有应答", "no answer")
        if trouble is None:
            return [], (f"设备回应错误 {int(status)}", f"the device answers with error {int(status)}")
        return [], _refusal(self.access, trouble)


async def _ask(access: NetworkDevice, oids: Sequence[str], again: Sequence[str]) -> tuple[dict[str, _Walk], dict[str, _Walk], float]:
    """All columns; those of `again` a second time; the seconds between the two looks at these."""
    agent = _Agent(access, await _place(access))
    try:
        found, why = await agent.ask([(1, 3, 6, 1, 2, 1, 1)], 1)
        if why:
            raise _NoWay(*_unreached(access, why))
        if not found or isinstance(found[0][1], EndOfMibView):
            raise _NoWay(f"{access.address} 应答了,但没有给出任何数据;请在设备上允许该账号读取 MIB-2",
                         f"{access.address} answers, but shows nothing; let the account see MIB-2 on the device")
        there = await _which(agent, oids)
        first, later = ({oid: _fresh(oid) for oid in names} for names in (oids, again))
        # The clock early, since it is compared with ours; then what is read twice, so that the rest of the reading is part of the wait.
        await _walk(agent, [first[oid] for oid in EARLY if oid in there and oid in first])
        twice, looked = [oid for oid in again if oid in there], time.monotonic()
        await _walk(agent, [first[oid] for oid in twice])
        looked_until = time.monotonic()
        await _walk(agent, [walk for oid, walk in first.items() if oid in there and oid not in (*EARLY, *twice)])
        if not twice:
            return first, later, 0.0
        await asyncio.sleep(max(0.0, SPAN_S - (time.monotonic() - looked_until)))
        again_at = time.monotonic()
        await _walk(agent, [later[oid] for oid in twice])
        return first, later, again_at - looked
    finally:
        agent.engine.close_dispatcher()


def _fresh(oid: str) -> _Walk:
    root = tuple(int(part) for part in oid.split("."))
    return _Walk(oid, root, root)


async def _which(agent: _Agent, oids: Sequence[str]) -> set[str]:
    """The columns that the device has anything of: most devices know few of them, and this asks for many at once."""
    there: set[str] = set()
    for start in range(0, len(oids), SIDE_BY_SIDE * 2):
        part = list(oids[start:start + SIDE_BY_SIDE * 2])
        found, why = await agent.ask([_fresh(oid).root for oid in part], 1)
        if why or len(found) < len(part):
            there |= set(part)  # asked again one by one, and said there what is wrong
        else:
            there |= {oid for oid, (name, value) in zip(part, found, strict=False) if _belongs(_fresh(oid).root, name, value)}
    return there


def _belongs(root: Oid, name: Oid, value: Any) -> bool:
    return name[:len(root)] == root and len(name) > len(root) and not isinstance(value, EndOfMibView | NoSuchObject | NoSuchInstance)


async def _walk(agent: _Agent, walks: list[_Walk]) -> None:
    """Read these columns to their ends, some side by side; those that give trouble together are asked alone, in small packets."""
    alone: list[_Walk] = []
    for start in range(0, len(walks), SIDE_BY_SIDE):
        part = walks[start:start + SIDE_BY_SIDE]
        while left := [walk for walk in part if not walk.over]:
            found, why = await agent.ask([walk.at for walk in left], max(1, FIGURES // len(left)))
            if why or not found:
                alone += left
                break
            _take(agent, left, found)
    for walk in alone:
        repetitions = 8
        while not walk.over:
            found, why = await agent.ask([walk.at], repetitions)
            if found:
                _take(agent, [walk], found)
            elif repetitions > 1 and agent.silences < SILENCES:
                repetitions = 1
            else:
                walk.over, walk.trouble = True, why or ("应答是空的", "an answer is empty")


def _take(agent: _Agent, walks: Sequence[_Walk], found: Sequence[tuple[Oid, Any]]) -> None:
    """Row by row: the figures of a packet belong to the columns in turn."""
    for place, (name, value) in enumerate(found):
        walk = walks[place % len(walks)]
        if walk.over:
            continue
        if not _belongs(walk.root, name, value):
            walk.over = True
        elif name <= walk.at:
            walk.over, walk.trouble = True, ("应答循环重复", "its answers go round in a circle")
        elif len(walk.lines) >= ROWS:
            walk.over, walk.trouble = True, (f"超过 {ROWS} 行", f"there are more than {ROWS} rows")
        else:
            walk.at = name
            walk.lines.append(line := _line(name, value))
            agent.bytes += len(line)
            if agent.bytes > BYTES:
                walk.over, walk.trouble = True, ("应答总量过大", "the answers are too long altogether")


def _line(name: Oid, value: Any) -> str:
    """One figure as text; see tasks/checks/devices."""
    kind = type(value).__name__
    oid = "." + ".".join(map(str, name))
    if kind in ("Integer", "Integer32"):
        return f"{oid} = INTEGER: {int(value)}"
    if kind in ("Counter32", "Counter64", "Gauge32", "Unsigned32", "TimeTicks"):
        return f"{oid} = {({'TimeTicks': 'Timeticks', 'Unsigned32': 'Gauge32'}).get(kind, kind)}: {int(value)}"
    if kind == "ObjectIdentifier":
        return f"{oid} = OID: .{value}"
    octets = bytes(value)[:LETTERS]
    try:
        words = octets.decode()
    except UnicodeDecodeError:
        words = "\0"
    if all(letter.isprintable() or letter in "\r\n\t" for letter in words):
        return f"{oid} = STRING: {json.dumps(words, ensure_ascii=False)}"
    return f"{oid} = Hex-STRING: {octets.hex(' ').upper()}"


def _login(access: NetworkDevice) -> Any:
    if access.community is not None:
        return snmp.CommunityData(access.community.get_secret_value(), mpModel=1)
    auth, privacy = access.auth_password, access.privacy_password
    return snmp.UsmUserData(access.user, auth.get_secret_value() if auth else None, privacy.get_secret_value() if privacy else None,
                            authProtocol=AUTH[access.auth], privProtocol=PRIVACY[access.privacy])


async def _place(access: NetworkDevice) -> Any:
    try:
        family, *_, address = socket.getaddrinfo(access.address, access.port, type=socket.SOCK_DGRAM)[0]
    except OSError as problem:
        raise _NoWay(f"地址 {access.address} 无法解析({problem.strerror});请检查条目中的 address",
                     f"the address {access.address} cannot be looked up ({problem.strerror}); check address of its entry") from None
    kind = snmp.Udp6TransportTarget if family == socket.AF_INET6 else snmp.UdpTransportTarget
    return await kind.create((address[0], address[1]), timeout=access.timeout_s, retries=1)


def _first_line(problem: BaseException) -> str:
    return (str(problem).strip().splitlines() or [type(problem).__name__])[0][:160]


def _refusal(access: NetworkDevice, trouble: Any) -> Why:
    """What an SNMPv3 agent, or our side of it, says to our login."""
    for kinds, zh, en in (
        ((errind.UnknownUserName, errind.UnknownSecurityName), f"设备上没有用户 {access.user};请检查条目中的 user",
         f"the device knows no user {access.user}; check user of its entry"),
        ((errind.WrongDigest, errind.AuthenticationFailure), f"用户 {access.user} 的认证口令或算法不对;请检查 auth 与 auth_password",
         f"password or algorithm of user {access.user} is wrong; check auth and auth_password of its entry"),
        ((errind.DecryptionError,), f"用户 {access.user} 的加密口令或算法不对;请检查 privacy 与 privacy_password",
         f"the encryption of user {access.user} is wrong; check privacy and privacy_password of its entry"),
        ((errind.UnsupportedSecurityLevel, errind.UnsupportedAuthProtocol, errind.UnsupportedPrivProtocol),
         f"设备上的用户 {access.user} 没有配置认证加密;请在设备上为其配置 authPriv",
         f"user {access.user} has no authentication and encryption on the device; set authPriv there"),
        ((errind.NotInTimeWindow,), "设备的 SNMP 引擎时间不一致;请重启其 SNMP 服务",
         "the time of the device's SNMP engine does not fit; restart its SNMP service"),
    ):
        if isinstance(trouble, kinds):
            return zh, en
    return f"SNMP 错误:{_first_line(trouble)}", f"SNMP says: {_first_line(trouble)}"


def _unreached(access: NetworkDevice, why: Why) -> Why:
    """The sentence for a device that says nothing at all."""
    place = f"{access.address}:{access.port}"
    if why[1] != "no answer":
        return f"{place}:{why[0]}", f"{place}: {why[1]}"
    what = ("团体名", "community") if access.community is not None else ("用户的加密口令", "privacy_password")
    return (f"{place} 没有 SNMP 应答;请检查地址、端口、{what[0]}以及设备允许的网管地址(口令不对时设备也不应答)",
            f"{place} does not answer by SNMP; check address, port, {what[1]}, and whom the device lets ask (it does not answer a wrong one either)")
