"""What a check is made of. Pure: text in, rows out; nothing here connects to anything.

A check is one file. It has one question, one read-only command or query, a `parse` that understands the answer, a `judge` that
compares it with limits, a remedy, and the source of command and limits. Nothing else has to be changed to add one; its case file
in tests/tasks/checks/cases shows real answers and what must be said of them. See docs/adding-a-check.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from reports.records import Outcome, Text
from tasks.operations.mend import Mend

TUNING = "configuration-tuning"  # the procedure that tries the settings that checks propose, and keeps them if a load is better for it
CORRECTIONS = "corrective-maintenance"  # the procedure that carries out what checks' own files say under `mend`

Chapter = Literal[
    # of a host (R128-R134), of other devices and software (R127)
    "hardware", "log", "cluster", "storage", "configuration", "backup", "resources", "network", "middleware",
    # of a database (R135-R142)
    "running", "db log", "db backup", "space", "db resources", "growth", "objects", "tuning",
]


class Unreadable(ValueError):
    """An answer that makes no sense; nothing may be concluded from it. The words become the row's reason."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.zh = zh


@dataclass(frozen=True)
class Limit:
    """Where a figure becomes a warning and where critical; None: never. A customer or a host may have others, by `<check id>.<name>`.

    over: the figure is bad when it is at or over the limit; False: when it is at or under it.
    unit: as in Row; words have their Chinese in reports/documents/phrases_inspection.yaml.
    source: where the limit comes from; no limit without one. Plain text for the title of a document and for "own judgement", else in both languages.
    """

    warning: float | None
    critical: float | None
    unit: str
    source: str | Text
    over: bool = True

    def grade(self, value: float) -> Outcome:
        """The outcome of one figure; not a number is unknown."""
        if value != value:
            return Outcome.UNKNOWN
        for limit, outcome in ((self.critical, Outcome.CRITICAL), (self.warning, Outcome.WARNING)):
            if limit is not None and (value >= limit if self.over else value <= limit):
                return outcome
        return Outcome.OK


@dataclass(frozen=True)
class Row:
    """What a judge says of one object; it becomes a CheckRow. See there for what the fields mean."""

    outcome: Outcome
    zh: str
    en: str
    object: str = ""
    value: float | None = None
    unit: str = ""
    capacity: float | None = None
    evidence: str = ""


def ok(zh: str, en: str, **more: Any) -> Row:
    return Row(Outcome.OK, zh, en, **more)


def advice(zh: str, en: str, statement: str, **more: Any) -> Row:
    """Nothing is wrong, and something could be better: the statement to run, which the report lists among the tuning opportunities."""
    return Row(Outcome.OK, f"{zh};建议:{statement}", f"{en}; better: {statement}", evidence=statement, **more)


def warning(zh: str, en: str, **more: Any) -> Row:
    return Row(Outcome.WARNING, zh, en, **more)


def critical(zh: str, en: str, **more: Any) -> Row:
    return Row(Outcome.CRITICAL, zh, en, **more)


def unknown(zh: str, en: str, **more: Any) -> Row:
    return Row(Outcome.UNKNOWN, zh, en, **more)


def not_applicable(zh: str, en: str, **more: Any) -> Row:
    return Row(Outcome.NOT_APPLICABLE, zh, en, **more)


@dataclass(frozen=True)
class OwnBackup:
    """The newest backup of a host that the procedure `backup` keeps and that was proved by a restore. later: how many newer ones were not proved."""

    number: str
    taken_at: datetime
    proved_at: datetime
    later: int = 0


@dataclass(frozen=True)
class Known:
    """What a judge may know beside the answer.

    now: when the target was read. before: what this check said last time, by object. before_at: when that was; None: never.
    expected: what the inventory says of this target, for example {"units": ["orders.service"], "ports": [443],
        "backups": [{"path": "/srv/backup", "every_h": 24}], "time_zone": "Asia/Shanghai"}; a key that is missing means nothing was said.
    kind: of a database server: "postgresql", "mysql" or "mariadb"; version: its major and minor version.
        Of a network device: how it is asked, "SNMPv3", "SNMPv2c" or "SNMPv2c default" (with a community that everybody knows).
    limits: the limits or bounds by which it is judged. account: ours on this host, by which we log in; both for those who mend.
        Of a web endpoint: the scheme of its address, "http" or "https".
    banner: the customer's own lines of the warning before a log-in; empty: ours. log_host: his log host, address and port; empty: none is known.
    own_backup: of a host; None: the procedure `backup` keeps none of it that was proved. own_unproved: how many it keeps that were not, where none was.
    """

    now: datetime
    before: Mapping[str, Row] = field(default_factory=dict)
    before_at: datetime | None = None
    expected: Mapping[str, Any] = field(default_factory=dict)
    kind: str = ""
    version: tuple[int, int] = (0, 0)
    limits: Mapping[str, Any] = field(default_factory=dict)
    account: str = ""
    banner: tuple[str, ...] = ()
    log_host: str = ""
    own_backup: OwnBackup | None = None
    own_unproved: int = 0

    @property
    def days_since(self) -> float | None:
        """Days since the last inspection; None without one."""
        return None if self.before_at is None else (self.now - self.before_at).total_seconds() / 86400


Limits = Mapping[str, Limit]
Judge = Callable[[Any, Limits, Known], Iterable[Row]]
# One bad row, what `parse` gave, what is known: how it is mended, or in words why a person has to do it.
Mender = Callable[[Row, Any, Known], Mend | Text]


@dataclass(frozen=True)
class HostCheck:
    """A question to a host, answered by one command as root.

    command: POSIX sh, read-only, English C locale, standard input closed. It prints what `parse` reads, and may end by
        `na "中文" "English"` (nothing of the kind is here), or `cannot "中文" "English" "$out"` (it is here, and cannot be asked; the first
        line of what the tool itself said is put behind both); any other exit status but 0 is unknown.
    parse: the whole output in, anything out; raises ValueError (or Unreadable) for what makes no sense, and nothing else.
    judge: what `parse` gave, the limits, what is known; yields at least one row.
    objects: of the names of its rows' objects, the Chinese of those that are words of ours: the whole name, or how it begins or ends.
    mend: how a bad object is mended; pure. It is given the names that the host told: it must quote them, and refuse what cannot be meant.
    remedy_operation: another procedure that mends this.
    """

    id: str
    title: Text
    chapter: Chapter
    command: str
    parse: Callable[[str], Any]
    judge: Judge
    remedy: Text
    source: str | Text
    limits: Limits = field(default_factory=dict)
    clause: str = ""              # of GB/T 22239, where one asks for this
    time_limit_s: int = 20
    byte_limit: int = 200_000
    about: Callable[[Any], dict[str, str]] | None = None  # what its answer says of the host for its page, without words of a language
    mend: Mender | None = None
    remedy_operation: str = ""
    objects: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DatabaseCheck:
    """A question to a database server, answered by one read-only query.

    kinds: which servers understand it. queries: by the lowest version that understands the text, as (major, minor); the highest that
        is not above the server's is used; none: not applicable. mariadb_queries: the same for MariaDB, where one text cannot serve both
        (their version numbers have nothing to do with each other); empty: `queries` serves MariaDB too.
    each_database: asked in every database, not once per server (PostgreSQL; the rows then carry the column `database`). For MySQL the
        query itself covers all schemas.
    judge: the rows as dicts by column name, the limits, what is known; yields at least one row. `parse` checks and converts them and
        raises ValueError for what makes no sense.
    mend: as of a HostCheck; carried out on the host that the server runs on, where the inventory says which that is.
    needs: what the role must have: "pg_monitor", "PROCESS", or in words of both languages; named when the server refuses.
    extension: without it, not applicable.
    """

    id: str
    title: Text
    chapter: Chapter
    kinds: tuple[str, ...]
    queries: Mapping[tuple[int, int], str]
    judge: Judge
    remedy: Text
    source: str | Text
    parse: Callable[[list[dict[str, Any]]], Any] = lambda rows: rows
    limits: Limits = field(default_factory=dict)
    clause: str = ""
    needs: str | Text = ""
    extension: str = ""
    each_database: bool = False
    time_limit_s: int = 15
    row_limit: int = 2000
    mend: Mender | None = None
    remedy_operation: str = ""
    objects: Mapping[str, str] = field(default_factory=dict)
    mariadb_queries: Mapping[tuple[int, int], str] = field(default_factory=dict)

    def query(self, version: tuple[int, int], kind: str = "") -> str | None:
        """The text for a server of this version and kind; None: it has nothing of the sort."""
        queries = self.mariadb_queries if kind == "mariadb" and self.mariadb_queries else self.queries
        fitting = [lowest for lowest in queries if lowest <= version]
        return queries[max(fitting)] if fitting else None


@dataclass(frozen=True)
class DeviceCheck:
    """A question to a network device, answered by a few columns of its management information (SNMP), or by one command (SSH).

    oids: what is walked, each a column of a table, or a scalar without its .0; without a leading dot. Several checks may share some.
    commands: by vendor, what is asked where a device is read by SSH; none: it is not asked there.
    again: these are walked a second time, some seconds later, behind a line `later SECONDS`.
    must: every device has it, so an answer of nothing means that our account may not see it: unknown. Otherwise: not applicable.
    parse: the answer as text in, anything out: a line for each figure, as snmpwalk -On writes it (see devices/__init__.py), or what the command
        printed (see devices/console.py); the last line `end`.
    """

    id: str
    title: Text
    parse: Callable[[str], Any]
    judge: Judge
    remedy: Text
    source: str | Text
    oids: tuple[str, ...] = ()
    commands: Mapping[str, str] = field(default_factory=dict)
    chapter: Chapter = "network"
    again: tuple[str, ...] = ()
    must: bool = False
    limits: Limits = field(default_factory=dict)
    clause: str = ""
    about: Callable[[Any], dict[str, str]] | None = None
    remedy_operation: str = ""
    objects: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class WebCheck:
    """A question to a web endpoint, answered by one part of looking at it from the worker.

    asks: which part, as named in web/__init__.py: "page", "certificate", "protocols" or "plain".
    parse: the part as text in, anything out: lines `name value`, the last line `end`.
    """

    id: str
    title: Text
    asks: Literal["page", "certificate", "protocols", "plain"]
    parse: Callable[[str], Any]
    judge: Judge
    remedy: Text
    source: str | Text
    chapter: Chapter = "middleware"
    limits: Limits = field(default_factory=dict)
    clause: str = ""
    about: Callable[[Any], dict[str, str]] | None = None
    remedy_operation: str = ""
    objects: Mapping[str, str] = field(default_factory=dict)


Check = HostCheck | DatabaseCheck | DeviceCheck | WebCheck


def mender_of(check: Check) -> Mender | None:
    """How its findings are mended, if its own file says so."""
    return getattr(check, "mend", None)


def operation_of(check: Check) -> str:
    """The procedure whose plan mends its findings, "software-upgrade" for example; empty: work by hand."""
    return check.remedy_operation or (CORRECTIONS if mender_of(check) else "")


def number(word: Any, what: str = "a figure") -> float:
    """A figure from an answer. Raises Unreadable for anything else, infinity included."""
    try:
        value = float(word)
    except (TypeError, ValueError):
        raise Unreadable(f"{what} is {str(word)[:40]!r}, not a number", f"{str(word)[:40]!r} 不是数值") from None
    if value != value or value in (float("inf"), float("-inf")):
        raise Unreadable(f"{what} is {word!r}, not a number", f"{word!r} 不是数值")
    return value


def whole(word: Any, what: str = "a figure") -> int:
    """A whole figure from an answer. Raises Unreadable for anything else."""
    value = number(word, what)
    if value != int(value):
        raise Unreadable(f"{what} is {word!r}, not a whole number", f"{word!r} 不是整数")
    return int(value)
