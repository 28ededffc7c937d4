"""The inventory: all customers, hosts, databases, devices and endpoints in one YAML file, read with every mistake named by its line.

Format: docs/inventory.md. Secrets do not stand in the file; it refers to them by {env: NAME} or {file: PATH}.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Generic, TypeVar

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key
from pydantic import BaseModel, SecretStr, TypeAdapter, ValidationError
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from blocks.archive_store import ArchiveStore
from blocks.customer import Customer
from blocks.database_access import DatabaseAccess
from blocks.foundation import BilingualText, StandfastBlock, Undescribed, UnknownName, nearest, show, unknown_key
from blocks.host_access import HostAccess
from blocks.network_device import NetworkDevice
from blocks.notices import Notices
from blocks.sandbox import Sandbox
from blocks.web_endpoint import WebEndpoint
from blocks.yaml_source import BrokenYaml, Place, Source, read_source
from reports.records import Text

SECTIONS: dict[str, type[StandfastBlock]] = {
    "customers": Customer,
    "hosts": HostAccess,
    "databases": DatabaseAccess,
    "devices": NetworkDevice,
    "endpoints": WebEndpoint,
    "sandboxes": Sandbox,
    "archives": ArchiveStore,
    "notices": Notices,
}
TARGETS = ("hosts", "databases", "devices", "endpoints")  # what inspections look at
PATHS = {"key_file", "store", "backup_store", "signing_key", "ca_file"}  # keys whose relative paths count from the inventory's folder

B = TypeVar("B", bound=StandfastBlock)


@dataclass(frozen=True, order=True)
class Mistake:
    """One thing that is wrong. line: from 1; 0 where the file itself cannot be read. where: "host web1", or empty."""

    line: int
    where: str
    sentence: str
    file: str = field(default="inventory.yaml", compare=False)

    def __str__(self) -> str:
        place = f"{self.file} line {self.line}" if self.line else self.file
        return f"{place}: {self.where}: {self.sentence}" if self.where else f"{place}: {self.sentence}"


class InventoryFaulty(Undescribed, ValueError):
    """The inventory cannot be used; `mistakes` holds all that could be found, by line. As a string it has one line for each; text: one sentence."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = mistakes
        first, more = mistakes[0], len(mistakes) - 1
        self.text = Text(zh=f"清单有 {more + 1} 处错误，第一处：{first}", en=f"{first}" + (f" (and {more} more mistakes)" if more else ""))


@dataclass(frozen=True)
class Inventory:
    """What an inventory file describes, checked, as block objects in the order of the file."""

    path: Path
    provider: Text
    customers: tuple[Customer, ...] = ()
    hosts: tuple[HostAccess, ...] = ()
    databases: tuple[DatabaseAccess, ...] = ()
    devices: tuple[NetworkDevice, ...] = ()
    endpoints: tuple[WebEndpoint, ...] = ()
    sandboxes: tuple[Sandbox, ...] = ()
    archives: tuple[ArchiveStore, ...] = ()
    notices: tuple[Notices, ...] = ()

    def blocks(self) -> Iterator[StandfastBlock]:
        """Every block, customers first."""
        for section in SECTIONS:
            yield from getattr(self, section)

    def find(self, block_type: type[B], name: str) -> B:
        """The block of that type and name.

        Raises:
            UnknownName: the inventory has none.
        """
        section = next(section for section, kind in SECTIONS.items() if kind is block_type)
        entries: tuple[B, ...] = getattr(self, section)
        for entry in entries:
            if entry.name == name:  # type: ignore[attr-defined]
                return entry
        raise UnknownName.of(block_type.called(), name, (e.name for e in entries), self.path.name)  # type: ignore[attr-defined]


def read_inventory(path: str | Path, *, keys_too: bool = False) -> Inventory:
    """Read and check an inventory file; the secrets it refers to are read too.

    keys_too: also whether every host's key file can be used here, on the machine that runs the procedures.

    Raises:
        InventoryFaulty: with all mistakes at once, each with its line.
    """
    path = Path(path)
    try:
        source = read_source(path)
    except BrokenYaml as problem:
        raise InventoryFaulty((Mistake(problem.fault.line, "", problem.fault.sentence, path.name),)) from None
    reading = _Reading(path, source)
    inventory = reading.read()
    if keys_too:
        reading.try_key_files()
    if reading.mistakes:
        raise InventoryFaulty(tuple(sorted(set(reading.mistakes))))
    return inventory


@dataclass
class _Entry(Generic[B]):
    """One entry of a section, valid or not. name is empty where it has no usable one."""

    name: str
    place: Place
    values: Mapping[str, Any]
    block: B | None = None


class _Reading:
    def __init__(self, path: Path, source: Source) -> None:
        self.path = path
        self.folder = path.absolute().parent
        self.source = source
        self.hosts: list[_Entry] = []
        self.mistakes = [Mistake(f.line, self._where(f.place), f.sentence, path.name) for f in source.faults]

    def read(self) -> Inventory:
        document = self.source.value
        if not isinstance(document, dict):
            hint = " (a full-width colon ： is no colon for YAML)" if "：" in str(document)[:2000] else ""
            self._wrong((), "", f"the file must consist of the keys provider, {', '.join(SECTIONS)}{hint}; see docs/inventory.md")
            return Inventory(self.path, Text(zh="?", en="?"))
        known = ["provider", *SECTIONS]
        for key in document:
            if key not in known and not key.startswith("x-"):  # x-...: a place for anchors
                self._wrong((key,), "", unknown_key(key, known))
        provider = self._provider(document)
        entries = {section: self._section(document, section) for section in SECTIONS}
        for section, kind in SECTIONS.items():
            for entry in entries[section]:
                entry.block = self._block(kind, entry, provider)
            self._duplicates(kind, entries[section])
        for section in TARGETS:
            self._known_customers(entries["customers"], entries[section])
        self._names_of_targets(entries)
        self._known_hosts(entries["hosts"], entries["databases"])
        self._same_host(entries["hosts"])
        self.hosts = entries["hosts"]
        made = {section: tuple(e.block for e in entries[section] if e.block is not None) for section in SECTIONS}
        return Inventory(self.path, provider or Text(zh="?", en="?"), **made)  # type: ignore[arg-type]

    def _where(self, place: Place) -> str:
        """ "host web1" for a place inside its entry."""
        if len(place) < 2 or place[0] not in SECTIONS or not isinstance(position := place[1], int):
            return ""
        entries = self.source.value.get(place[0]) if isinstance(self.source.value, dict) else None
        values = entries[position] if isinstance(entries, list) and position < len(entries) else None
        name = values.get("name") if isinstance(values, dict) else None
        return f"{SECTIONS[place[0]].called()} {name if isinstance(name, str) and name else position + 1}"

    def _wrong(self, place: Place, where: str, sentence: str) -> None:
        self.mistakes.append(Mistake(self.source.line(place), where, sentence, self.path.name))

    def _provider(self, document: Mapping[str, Any]) -> Text | None:
        example = "write for example provider: {name: {zh: 某某公司, en: Some Provider}}"
        if "provider" not in document:
            self._wrong((), "", f"provider is missing; {example}")
            return None
        provider = document["provider"]
        if not isinstance(provider, dict) or "name" not in provider:
            self._wrong(("provider",), "", f"provider needs a name; {example}")
            return None
        for key in provider:
            if key != "name":
                self._wrong(("provider", key), "provider", unknown_key(key, ["name"]))
        try:
            return _TEXT.validate_python(provider["name"])
        except ValidationError:
            self._wrong(("provider", "name"), "provider", f"name must be given in Chinese (zh) and English (en); {example}")
            return None

    def _section(self, document: Mapping[str, Any], section: str) -> list[_Entry]:
        found = document.get(section)
        if found is None:
            return []
        if not isinstance(found, list):
            self._wrong((section,), "", f"{section} must be a list, each entry beginning with a dash (-), not {show(found)}")
            return []
        entries = []
        for position, values in enumerate(found):
            place: Place = (section, position)
            if not isinstance(values, dict):
                hint = "; a full-width colon ： is no colon for YAML" if "：" in str(values) else ""
                self._wrong(
                    place,
                    self._where(place),
                    f"must be keys and values such as name: web1, not {show(values)}{hint}",
                )
                continue
            name = values.get("name")
            entries.append(_Entry(name if isinstance(name, str) else "", place, values))
        return entries

    def _block(self, kind: type[B], entry: _Entry[B], provider: Text | None) -> B | None:
        where = self._where(entry.place)
        before = len(self.mistakes)
        values: dict[str, Any] = {}
        skipped: set[str] = set()
        for key, value in entry.values.items():
            field_info = kind.model_fields.get(key)
            if field_info is not None and (kind, key) in _SECRETS:
                value = self._secret(kind, key, value, (*entry.place, key), where)
                if value is _FAILED:
                    skipped.add(key)
                    continue
            elif key in PATHS and isinstance(value, str) and value:
                value = str(self.folder / Path(value).expanduser())
            values[key] = value
        if kind is Customer and "provider_name" not in values:
            values["provider_name"] = provider or Text(zh="?", en="?")
        try:
            block = kind(**values)
        except ValidationError as problem:
            meant = {nearest(str(e["loc"][-1]), kind.model_fields, limit=1)[0] for e in problem.errors() if _is_typo(e, kind)}
            for error in problem.errors(include_input=False, include_url=False):
                loc = error["loc"]
                if loc and loc[0] in skipped:
                    continue  # said already
                if skipped and error["type"] == "contradiction":
                    continue  # may come from the secret that could not be read
                if len(loc) == 1 and loc[0] in meant and loc[0] not in values:
                    continue  # it is not missing, it is misspelled
                self._wrong((*entry.place, *loc), where, error["msg"])
            return None
        return block if len(self.mistakes) == before else None

    def _secret(self, kind: type[StandfastBlock], key: str, value: Any, place: Place, where: str) -> Any:
        """The secret a reference leads to, or _FAILED after the mistake is noted; the secret itself is in no message."""
        if value is None or value == "":
            return None
        if key == "database" and isinstance(value, str):
            return self._database(value, place, where)
        how = f"write {key}: {{env: NAME}} for an environment variable or {key}: {{file: PATH}} for a file"
        if not isinstance(value, dict):
            self._wrong(place, where, f"{key} must not stand in the inventory itself; {how}")
            return _FAILED
        if len(value) != 1 or not isinstance(reference := next(iter(value.values())), str) or not reference:
            self._wrong(place, where, f"{key} must refer to one place; {how}")
            return _FAILED
        source = next(iter(value))
        if source == "env":
            found = os.environ.get(reference)
            if not found:
                self._wrong(
                    place,
                    where,
                    f"{key} refers to the environment variable {reference}, which is not set; set it before the start",
                )
                return _FAILED
            return found
        if source == "file":
            file = self.folder / Path(reference).expanduser()
            try:
                text = file.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as problem:
                why = problem.strerror if isinstance(problem, OSError) else "it is no text"
                self._wrong(
                    place, where, f"{key} refers to the file {file}, which cannot be read ({why}); check its path and rights"
                )
                return _FAILED
            text = text if key == "private_key" else text.rstrip("\r\n")
            if not text.strip():
                self._wrong(place, where, f"{key} refers to the file {file}, which is empty; put the secret into it")
                return _FAILED
            return text
        near = nearest(source, ["env", "file"], limit=1)
        self._wrong(
            place, where, f"{key} cannot be taken from {show(source)}{f' (did you mean {near[0]}?)' if near else ''}; {how}"
        )
        return _FAILED

    def _database(self, value: str, place: Place, where: str) -> Any:
        try:
            url = make_url(value)
        except (ArgumentError, ValueError):
            return value  # the block itself says what is wrong
        if url.password or "password" in url.query:
            self._wrong(
                place,
                where,
                "database holds a password, which must not stand in the inventory itself; "
                "put the whole address elsewhere and write database: {env: NAME} or database: {file: PATH}",
            )
            return _FAILED
        if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
            return url.set(database=str(self.folder / Path(url.database).expanduser())).render_as_string(hide_password=False)
        return value

    def _duplicates(self, kind: type[StandfastBlock], entries: list[_Entry]) -> None:
        first: dict[str, _Entry] = {}
        for entry in entries:
            if not entry.name:
                continue
            if entry.name in first:
                line = self.source.line((*first[entry.name].place, "name"))
                self._wrong(
                    (*entry.place, "name"),
                    f"{kind.called()} {entry.name}",
                    f"the name is used already in line {line}; every {kind.called()} needs its own",
                )
            else:
                first[entry.name] = entry

    def _names_of_targets(self, entries: Mapping[str, list[_Entry]]) -> None:
        """A customer's target is asked for, reported and remembered by its name alone, whatever its kind."""
        first: dict[tuple[str, object], tuple[str, _Entry]] = {}
        for section in TARGETS:
            for entry in entries[section]:
                customer = entry.values.get("customer")
                if not entry.name or not isinstance(customer, str):
                    continue
                other_section, other = first.setdefault((entry.name, customer), (section, entry))
                if other_section != section:
                    line = self.source.line((*other.place, "name"))
                    self._wrong((*entry.place, "name"), self._where(entry.place),
                                f"the name is that of {SECTIONS[other_section].called()} {entry.name} already (line {line}); "
                                f"every target of a customer needs its own, for example {entry.name}-{SECTIONS[section].called()}")

    def _known_customers(self, customers: list[_Entry], hosts: list[_Entry]) -> None:
        names = [entry.name for entry in customers if entry.name]
        for host in hosts:
            wanted = host.values.get("customer")
            if isinstance(wanted, str) and wanted not in names:
                near = nearest(wanted, names, limit=1)
                hint = (
                    f"did you mean {near[0]}?"
                    if near
                    else (f"known are {', '.join(names[:8])}" if names else "describe it under customers first")
                )
                self._wrong(
                    (*host.place, "customer"),
                    self._where(host.place),
                    f"no customer is called {show(wanted)}; {hint}",
                )  # type: ignore[operator]

    def _known_hosts(self, hosts: list[_Entry], databases: list[_Entry]) -> None:
        """A database's tunnel leads through a host that is described here."""
        names = [entry.name for entry in hosts if entry.name]
        for database in databases:
            wanted = database.values.get("through")
            if isinstance(wanted, str) and wanted and wanted not in names:
                near = nearest(wanted, names, limit=1)
                hint = (
                    f"did you mean {near[0]}?"
                    if near
                    else (f"known are {', '.join(names[:8])}" if names else "describe it under hosts first")
                )
                self._wrong((*database.place, "through"), self._where(database.place), f"no host is called {show(wanted)}; {hint}")

    def _same_host(self, hosts: list[_Entry]) -> None:
        """Two names for one machine would let two changes run on it at a time."""
        first: dict[tuple[str, int], _Entry] = {}
        for entry in hosts:
            block = entry.block
            if block is None:
                continue
            other = first.setdefault((block.address.casefold(), block.port), entry)
            if other is not entry and other.name != entry.name:
                line = self.source.line((*other.place, "address"))
                self._wrong(
                    (*entry.place, "address"),
                    f"host {entry.name}",
                    f"{block.address} port {block.port} is host {other.name} already (line {line}); a host may stand here once",
                )


    def try_key_files(self) -> None:
        """Whether each host's key file is there, is a private key, and opens with the passphrase that is given."""
        tried = cache(_key_fault)  # hosts share keys, and opening one takes its time on purpose
        for entry in self.hosts:
            if (block := entry.block) is not None and block.key_file:
                passphrase = block.passphrase.get_secret_value() if block.passphrase else None
                if fault := tried(block.key_file, passphrase):
                    self._wrong((*entry.place, "key_file"), self._where(entry.place), fault)


def _key_fault(file: str, passphrase: str | None) -> str:
    """Why a private key cannot be used, with what to do; empty if it can."""
    try:
        content = Path(file).read_bytes()
    except OSError as problem:
        why = problem.strerror
        return f"key_file {file} cannot be read ({why}); put the private key there for the user who runs the procedures, or correct the path"
    load = load_ssh_private_key if b"OPENSSH" in content[:60] else load_pem_private_key
    try:
        try:
            load(content, passphrase.encode() if passphrase else None)
        except TypeError:  # encrypted without a passphrase, or the other way round, which does no harm
            if not passphrase:
                return f"key_file {file} has a passphrase; write passphrase: {{env: NAME}} or passphrase: {{file: PATH}}"
            load(content, None)
    except (ValueError, UnsupportedAlgorithm):
        what = "does not open with the passphrase that is given" if passphrase else "is no private key"
        return f"key_file {file} {what}; name the private key (the file without .pub), and its own passphrase if it has one"
    return ""


_TEXT: TypeAdapter[Text] = TypeAdapter(BilingualText)
_FAILED: Any = object()


def _is_typo(error: Any, kind: type[BaseModel]) -> bool:
    """Whether a mistake is a key of the entry itself that is unknown but near to a known one."""
    key = error["loc"][-1] if len(error["loc"]) == 1 else None
    return isinstance(key, str) and key not in kind.model_fields and bool(nearest(key, kind.model_fields, limit=1))


def _secret_fields(model: type[BaseModel]) -> set[str]:
    return {
        name
        for name, info in model.model_fields.items()
        if info.annotation is SecretStr or SecretStr in getattr(info.annotation, "__args__", ())
    }


_SECRETS = {(kind, name) for kind in SECTIONS.values() for name in _secret_fields(kind)}
