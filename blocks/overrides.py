"""What customers and targets say to inspections: other limits than the catalogue's, and what is expected of a target."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from blocks.foundation import show, unknown_key

EXAMPLE = "{RES-01.used: {warning: 85, critical: 95}}"


def _other_limits(value: object) -> object:
    """By "<check id>.<limit>"; that the check has such a limit can only be told where checks are known."""
    if not isinstance(value, Mapping):
        raise ValueError(f"must be a mapping of limits, not {show(value)}; write for example {EXAMPLE}")
    found: dict[str, dict[str, float | None]] = {}
    for name, limit in value.items():
        if not re.fullmatch(r"[A-Z]{2,4}-\d{2,3}[a-z]?\.[a-z][a-z_]*", str(name)):
            raise ValueError(f"names a limit by check and name, not {show(name)}; write for example {EXAMPLE}")
        if not isinstance(limit, Mapping) or not limit:
            raise ValueError(f"{name} needs warning or critical, not {show(limit)}; write for example {EXAMPLE}")
        for key, figure in limit.items():
            if key not in ("warning", "critical"):
                raise ValueError(f"{name}: {unknown_key(key, ('warning', 'critical'))}")
            if isinstance(figure, bool) or not isinstance(figure, int | float | None) or figure != figure:
                raise ValueError(f"{name}.{key} must be a number, or nothing for never, not {show(figure)}; write for example {EXAMPLE}")
        found[str(name)] = {key: None if figure is None else float(figure) for key, figure in limit.items()}
    return found


def plain_words(values: list[str], example: str) -> list[str]:
    """Labels. Raises ValueError for what is no word."""
    for value in values:
        if not value.strip() or not value.isprintable():
            raise ValueError(f"must hold words only, not {show(value)}; write for example [{example}]")
    return values


LimitOverrides = Annotated[dict[str, dict[str, float | None]], BeforeValidator(_other_limits)]
"""{"RES-01.used": {"warning": 85, "critical": 95}}; a bound that is left out stays as it is, null means never."""

# What may be expected, and how it is written.
_WORD, _WORDS, _PORTS, _BACKUPS, _NUMBER, _SPEEDS = (
    "a word", "a list of words", "a list of ports", "a list of backups", "a number", "a mapping of interfaces to Mb/s")
EXPECTATIONS = {
    "units": (_WORDS, "[orders.service]"),
    "ports": (_PORTS, "[443]"),
    "mounts": (_WORDS, "[/srv]"),
    "backups": (_BACKUPS, "[{path: /srv/backup, every_h: 24}]"),
    "time_zone": (_WORD, "Asia/Shanghai"),
    "spare_accounts": (_WORDS, "[rescue]"),
    "role": (_WORD, "web"),
    "peers": (_WORDS, "[192.0.2.11]"),
    "addresses": (_WORDS, "[192.0.2.10]"),
    "dns_names": (_WORDS, "[orders.bureau.example]"),
    "urls": (_WORDS, "['https://orders.bureau.example/']"),
}
DATABASE_EXPECTATIONS = {
    "role": (_WORD, "primary"),
    "standbys": (_WORDS, "[db2]"),
    "databases": (_WORDS, "[orders]"),
    "superusers": (_WORDS, "[postgres]"),
    "extensions": (_WORDS, "[pg_stat_statements]"),
    "archiving": (_WORD, "wal"),
    "memory_gib": (_NUMBER, "16"),
}
DEVICE_EXPECTATIONS = {
    "name": (_WORD, "core-sw1"),
    "interfaces": (_WORDS, "[GigabitEthernet0/0/1]"),
    "speeds": (_SPEEDS, "{GigabitEthernet0/0/1: 1000}"),
}


def _expected(known: Mapping[str, tuple[str, str]]) -> Any:
    def check(value: dict[str, Any]) -> dict[str, Any]:
        for key, said in value.items():
            if key not in known:
                raise ValueError(unknown_key(key, tuple(known)))
            kind, example = known[key]
            if not _fits(kind, said):
                raise ValueError(f"{key} must be {kind.replace(_NUMBER, 'a number')}, not {show(said)}; write for example {key}: {example}")
        return value
    return check


def _fits(kind: str, said: Any) -> bool:
    if kind == _WORD:
        return _a_word(said)
    if kind == _NUMBER:
        return _positive(said)
    if kind == _SPEEDS:
        return isinstance(said, dict) and all(_a_word(name) and _positive(speed) for name, speed in said.items())
    if not isinstance(said, list):
        return False
    if kind == _PORTS:
        return all(isinstance(port, int) and not isinstance(port, bool) and 0 < port < 65536 for port in said)
    if kind == _BACKUPS:
        return all(isinstance(entry, dict) and ("path" in entry or "unit" in entry) and _a_word(entry.get("unit", "x"))
                   and _a_word(entry.get("path", "/")) and entry.get("path", "/").startswith("/") and _positive(entry.get("every_h", 24))
                   for entry in said)
    return all(_a_word(entry) for entry in said)


def _a_word(said: Any) -> bool:
    return isinstance(said, str) and bool(said.strip()) and said.isprintable()


def _positive(said: Any) -> bool:
    return isinstance(said, int | float) and not isinstance(said, bool) and said > 0


Expectations = Annotated[dict[str, Any], AfterValidator(_expected(EXPECTATIONS))]
"""What a host must be: {"units": [...], "ports": [...], "backups": [{"path", "every_h"}], "time_zone", "mounts", "role"...}."""

DatabaseExpectations = Annotated[dict[str, Any], AfterValidator(_expected(DATABASE_EXPECTATIONS))]
"""What a database server must be: {"role": "primary" | "standby", "standbys": [application names], "superusers": [...]...}."""

DeviceExpectations = Annotated[dict[str, Any], AfterValidator(_expected(DEVICE_EXPECTATIONS))]
"""What a network device must be: {"name": its sysName, "interfaces": [that must be up], "speeds": {interface: Mb/s}}."""
