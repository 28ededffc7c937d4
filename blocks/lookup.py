"""Finds a host, a customer, a sandbox... by name, wherever they are described.

With STANDFAST_INVENTORY set to a file, from that file, and no Prefect server is needed; else from the Prefect blocks.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TypeVar

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import BlockDocument
from prefect.exceptions import ObjectNotFound
from prefect.settings import get_current_settings
from pydantic import ValidationError

from blocks.archive_store import ArchiveStore
from blocks.customer import Customer
from blocks.database_access import DatabaseAccess
from blocks.foundation import StandfastBlock, Undescribed, UnknownName, sentences, show
from blocks.host_access import HostAccess
from blocks.inventory_file import SECTIONS, TARGETS, Inventory, read_inventory
from blocks.notices import Notices
from blocks.sandbox import Sandbox

INVENTORY = "STANDFAST_INVENTORY"
PAGE = 200  # the server's limit for one answer
REACH_S = 3  # until a server that nobody hears of counts as out of reach

B = TypeVar("B", bound=StandfastBlock)


class UnusableBlock(Undescribed):
    """A block is there, but what was entered in its form cannot be used; or the Prefect server does not answer."""


def find_host(name: str) -> HostAccess:
    """A host by name. See `find` for what is raised."""
    return find(HostAccess, name)


def find_database(name: str) -> DatabaseAccess:
    """A database server by name. See `find` for what is raised."""
    return find(DatabaseAccess, name)


def hosts_of(customer: str) -> tuple[HostAccess, ...]:
    """All hosts of a customer, by name; empty if there are none. Raises as `find` does, UnknownName aside."""
    return all_of(HostAccess, customer)


def databases_of(customer: str) -> tuple[DatabaseAccess, ...]:
    """All database servers of a customer, by name; empty if there are none. Raises as `find` does, UnknownName aside."""
    return all_of(DatabaseAccess, customer)


def all_of(block_type: type[B], customer: str) -> tuple[B, ...]:
    """All targets of one kind of a customer, by name; empty if there are none. Raises as `find` does, UnknownName aside."""
    if path := os.environ.get(INVENTORY):
        section = next(section for section in TARGETS if SECTIONS[section] is block_type)
        there = getattr(_inventory(path), section)
        return tuple(sorted((one.model_copy(deep=True) for one in there if one.customer == customer), key=lambda one: one.name))
    require_server()
    slug, found = block_type.get_block_type_slug(), []
    try:
        with get_client(sync_client=True) as client:
            documents: list = []
            while page := _page(client, slug, len(documents), secrets=True):
                documents += page
                if len(page) < PAGE:
                    break
    except (httpx.HTTPError, RuntimeError, OSError) as problem:
        raise UnusableBlock(
            f"the {block_type.called()}s of {show(customer)} cannot be looked up, because the Prefect server does not answer "
            f"({type(problem).__name__}); start it, or set {INVENTORY} to an inventory file"
        ) from problem
    for document in documents:
        if document.name and document.data.get("customer") == customer:
            found.append(_from_document(block_type, document, document.name))
    return tuple(sorted(found, key=lambda one: one.name))  # type: ignore[attr-defined]


def find_customer(name: str) -> Customer:
    """A customer by name. See `find` for what is raised."""
    return find(Customer, name)


def find_sandbox(name: str = "default") -> Sandbox:
    """A sandbox by name. See `find` for what is raised."""
    return find(Sandbox, name)


def find_archive(name: str = "default") -> ArchiveStore:
    """An archive store by name. See `find` for what is raised."""
    return find(ArchiveStore, name)


def find_notices(name: str = "default") -> Notices:
    """A mail server by name. See `find` for what is raised."""
    return find(Notices, name)


def find(block_type: type[B], name: str) -> B:
    """The block of that type and name.

    Raises:
        UnknownName: there is none; the message lists the nearest names.
        UnusableBlock: the form's entries do not pass the block's checks, which the Prefect UI does not run.
        blocks.inventory_file.InventoryFaulty: the inventory file is faulty.
    """
    if path := os.environ.get(INVENTORY):
        return _inventory(path).find(block_type, name).model_copy(deep=True)  # the kept one stays as it is
    return _find_in_prefect(block_type, name)


_kept: dict[tuple[str, int, int], Inventory] = {}


def _inventory(path: str) -> Inventory:
    """The inventory, read again only after its file has changed."""
    try:
        state = os.stat(path)
    except OSError:
        return read_inventory(path)  # says what is wrong
    key = (os.path.abspath(path), state.st_mtime_ns, state.st_size)
    if key not in _kept:
        inventory = read_inventory(path)
        _kept.clear()
        _kept[key] = inventory
    return _kept[key]


def require_server(*, temporary: bool = False) -> None:
    """Find out within seconds that no Prefect server can be asked; Prefect itself would try for half a minute, and end in a traceback.

    temporary: where an inventory describes the hosts and no server is named, Prefect's own temporary one will do.

    Raises:
        UnusableBlock: no server is named, or nobody listens there.
    """
    url = get_current_settings().api.url
    if url:
        _someone_listens(url)
    elif not os.environ.get(INVENTORY):
        raise UnusableBlock(
            f"neither an inventory nor a Prefect server is named; set {INVENTORY} to an inventory file, or PREFECT_API_URL to the server's address"
        )
    elif not temporary:
        raise UnusableBlock("no Prefect server is named; set PREFECT_API_URL to its address")


@cache
def _someone_listens(url: str) -> None:
    try:
        httpx.get(f"{url.rstrip('/')}/health", timeout=REACH_S, verify=False)  # nothing is sent that must be kept
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL) as problem:
        raise UnusableBlock(
            f"the Prefect server {url} cannot be reached ({problem}); start it, correct PREFECT_API_URL, or unset it and set {INVENTORY} "
            "to an inventory file"
        ) from None
    except httpx.HTTPError:
        pass  # it is there; Prefect's client has more patience


def _page(client: SyncPrefectClient, slug: str, offset: int, *, secrets: bool) -> list[BlockDocument]:
    """The blocks of a type, a page of them; none where not even the type is registered."""
    try:
        return client.read_block_documents_by_type(slug, offset=offset, limit=PAGE, include_secrets=secrets)
    except ObjectNotFound:
        return []
    except httpx.HTTPStatusError as problem:  # for want of the type, Prefect 3.8 says this and not ObjectNotFound
        if problem.response.status_code == httpx.codes.NOT_FOUND:
            return []
        raise


def _find_in_prefect(block_type: type[B], name: str) -> B:
    require_server()
    slug, kind = block_type.get_block_type_slug(), block_type.called()
    try:
        with get_client(sync_client=True) as client:
            try:
                if not name or "/" in name or not name.isprintable():
                    raise UnknownName.of(kind, name, (), "the Prefect blocks")
                document = client.read_block_document_by_name(name, slug, include_secrets=True)
            except (ObjectNotFound, UnknownName):
                known = [document.name for document in _page(client, slug, 0, secrets=False) if document.name]
                raise UnknownName.of(kind, name, known, "the Prefect blocks") from None
    except (httpx.HTTPError, RuntimeError, OSError) as problem:
        if isinstance(problem, UnknownName):
            raise
        raise UnusableBlock(
            f"{kind} {show(name)} cannot be looked up, because the Prefect server does not answer ({type(problem).__name__}); "
            f"start it, or set {INVENTORY} to an inventory file"
        ) from problem
    return _from_document(block_type, document, name)


def _from_document(block_type: type[B], document: BlockDocument, name: str) -> B:
    kind = block_type.called()
    try:
        block = block_type._from_block_document(document)
    except ValidationError as problem:
        said = "; ".join(sentence for _, sentence in sentences(problem))
        raise UnusableBlock(f"{kind} {name} in the Prefect blocks: {said}") from None
    if block.name != name:  # type: ignore[attr-defined]
        raise UnusableBlock(
            f"{kind} {name} in the Prefect blocks: its field name says {show(block.name)}; "  # type: ignore[attr-defined]
            f"enter {name} there, as the block itself is called"
        )
    return block
