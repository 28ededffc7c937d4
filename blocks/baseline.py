"""The baseline that a customer is measured by: level of GB/T 22239, exceptions, own limits (R008)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from blocks.foundation import Contradiction, EntryName, Form, show
from reports.records import BaselineProfile, ControlException

CONTROL = r"H-[A-Z]{2,4}-\d{2}[a-z]?"
EXAMPLE = "{H-SSH-03.tries: 6}"
BANNER = '["仅限授权用户使用。", "Authorised users only."]'
BANNER_LINES, BANNER_BYTES = 20, 1500
LOG_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]):(\d{1,5})"


def _own_limits(value: object) -> object:
    """By "<control id>.<bound>"; that the control has such a bound can only be told where controls are known."""
    if not isinstance(value, Mapping):
        raise ValueError(f"must be a mapping of limits, not {show(value)}; write for example {EXAMPLE}")
    for name, figure in value.items():
        if not re.fullmatch(rf"{CONTROL}\.[a-z][a-z_]*", str(name)):
            raise ValueError(f"names a limit by control and name, not {show(name)}; write for example {EXAMPLE}")
        if isinstance(figure, bool) or not isinstance(figure, int | float) or figure != figure or figure in (float("inf"), float("-inf")):
            raise ValueError(f"{name} must be a number, not {show(figure)}; write for example {EXAMPLE}")
    return {str(name): float(figure) for name, figure in value.items()}


def _control(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(CONTROL, value):
        raise ValueError(f"must be the id of a control, not {show(value)}; write for example control: H-SUD-02a")
    return value


def _plain(value: object) -> object:
    if isinstance(value, str) and (not value.strip() or not value.isprintable()):
        raise ValueError(f"must be one line of text, not {show(value)}; write for example reason: 迁移完成后整改")
    return value


def _banner(value: object) -> object:
    """Lines that log-in programs show as they stand: agetty(8) reads backslashes as its own signs, telnetd per cents; sshd sends the bytes."""
    lines = value.splitlines() if isinstance(value, str) else value
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise ValueError(f"must be a list of lines, not {show(value)}; write for example {BANNER}")
    for line in lines:
        if not line.strip() or line != line.strip() or not line.isprintable():
            raise ValueError(f"has a line that is empty, begins or ends with a blank, or does not print: {show(line)}; write for example {BANNER}")
        if sign := re.search(r"[\\%]", line):
            raise ValueError(f"has a {sign.group()} in {show(line)}, which log-in programs replace by what they know of the system; leave it out")
    if len(lines) > BANNER_LINES or len("\n".join(lines).encode()) > BANNER_BYTES:
        raise ValueError(f"is too long: at most {BANNER_LINES} lines and {BANNER_BYTES} bytes, a Chinese character being three")
    return lines


def _log_host(value: object) -> object:
    match = re.fullmatch(LOG_HOST, value) if isinstance(value, str) else None
    if value != "" and not (match and 1 <= int(match[1]) <= 65535):
        raise ValueError(f"must be an address or a name and a port, not {show(value)}; write for example log_host: 192.0.2.50:514")
    return value


class ExceptionEntry(Form):
    """A control that may fail for a time. Without reason, approver and last day there is no exception."""

    control: Annotated[str, BeforeValidator(_control)] = Field(
        title="Control 控制项", description="Its id, as in the report or by: standfast controls", examples=["H-SUD-02a"]
    )
    targets: list[EntryName] = Field(
        default_factory=list, title="Targets 对象", description="Names of hosts or databases; empty: all of the customer's", examples=["[web1]"]
    )
    object: str = Field(
        default="", title="Object 对象名称", description="Only this object of the control, as in the report; empty: all", examples=["ops"]
    )
    reason: Annotated[str, BeforeValidator(_plain)] = Field(
        title="Reason 理由", description="Why it is accepted", max_length=300, examples=["运维账户需要无口令 sudo,已限定来源"]
    )
    approver: str = Field(title="Approver 批准人", description="Who accepted it: name or mail address of one of the approvers", examples=["张伟"])
    expires: date = Field(title="Expires 到期日", description="The last day on which it counts", examples=["2027-06-30"])


class Baseline(Form):
    """By what security checks judge."""

    level: Literal[2, 3] = Field(default=2, title="Level 等级", description="Of GB/T 22239: 2 or 3", examples=[3])
    exceptions: list[ExceptionEntry] = Field(
        default_factory=list,
        title="Exceptions 例外",
        description="Controls that may fail for a time",
        examples=["[{control: H-SUD-02a, reason: ..., approver: 张伟, expires: 2027-06-30}]"],
    )
    limits: Annotated[dict[str, float], BeforeValidator(_own_limits)] = Field(
        default_factory=dict, title="Limits 限值", description="Other figures than the catalogue's, by control and name", examples=[EXAMPLE]
    )
    banner: Annotated[list[str], BeforeValidator(_banner)] = Field(
        default_factory=list, title="Banner 登录警示", description="Lines of the warning before a log-in; empty: a short one in Chinese and English",
        examples=[BANNER]
    )
    log_host: Annotated[str, BeforeValidator(_log_host)] = Field(
        default="", title="Log host 日志服务器", description="The customer's log host, where it takes syslog over TCP; hosts send it a copy of their logs",
        examples=["192.0.2.50:514"]
    )

    def contradiction(self, approvers: Mapping[str, str]) -> Contradiction | None:
        """The first thing that does not go together. approvers: folded names and mail addresses."""
        seen: set[tuple[str, str, str]] = set()
        for entry in self.exceptions:
            for target in entry.targets or [""]:
                key = (entry.control, target, entry.object)
                if key in seen:
                    return Contradiction("baseline", f"baseline.exceptions: {entry.control} stands there twice for {target or 'all targets'}; keep one")
                seen.add(key)
            if entry.approver.strip().casefold() not in approvers:
                return Contradiction("baseline", f"baseline.exceptions: {show(entry.approver)} of {entry.control} is none of the approvers; "
                                                 f"write for example approver: {next(iter(approvers.values()), '...')}")
            own = [name for name in self.limits if name.partition(".")[0] == entry.control]
            if own and not entry.targets and not entry.object:
                return Contradiction("baseline", f"baseline: {entry.control} has a limit of its own ({own[0]}) and an exception for all targets; keep one")
        return None

    def record(self) -> BaselineProfile:
        return BaselineProfile(level=self.level, limits=dict(self.limits), banner=tuple(self.banner), log_host=self.log_host, exceptions=tuple(
            ControlException(control=one.control, targets=tuple(one.targets), object=one.object, reason=one.reason, approver=one.approver,
                             expires=one.expires) for one in self.exceptions))
