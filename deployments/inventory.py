"""Brings an inventory file into Prefect: every entry becomes a block, every host gets its limit of one change at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import (
    BlockDocumentCreate,
    BlockDocumentUpdate,
    GlobalConcurrencyLimitCreate,
    GlobalConcurrencyLimitUpdate,
)
from prefect.client.schemas.objects import BlockDocument
from prefect.exceptions import ObjectAlreadyExists

from blocks.foundation import StandfastBlock
from blocks.inventory_file import SECTIONS, Inventory, InventoryFaulty, Mistake, read_inventory
from blocks.lookup import UnusableBlock, require_server
from blocks.register import register_all

__all__ = ["Inventory", "InventoryFaulty", "Mistake", "Report", "load_blocks", "read_inventory"]

PAGE = 200  # the server's limit for one answer


@dataclass(frozen=True)
class Report:
    """What loading did; each entry is like "host web1". others: blocks of our types that the inventory does not name."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()  # limits that were made or tightened
    others: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [f"{len(self.added)} added, {len(self.changed)} changed, {len(self.left)} left as they were"]
        for word in ("added", "changed"):
            lines += [f"{word}: {name}" for name in getattr(self, word)]
        lines += [f"limited to one change at a time: {name}" for name in self.limits]
        if self.others:
            lines.append(f"in Prefect but not in the inventory, left alone: {', '.join(self.others)}")
        return "\n".join(lines)


def load_blocks(inventory: Inventory) -> Report:
    """Save every entry as a Prefect block named like the entry, where it is not there already just so.

    A host's global concurrency limit `host-<name>` is made with limit 1; one that somebody set to 0 (no change at all) stays.

    Raises:
        UnusableBlock: the Prefect server does not answer; loading again goes on where it stopped.
    """
    require_server()
    try:
        return _load(inventory)
    except httpx.HTTPStatusError as problem:
        # Its text may hold what was sent, with passwords, so only the number is told.
        code = problem.response.status_code
        raise UnusableBlock(f"the Prefect server refused a block with status {code}; see the server's log") from None
    except httpx.HTTPError as problem:
        raise UnusableBlock(
            f"the inventory cannot be loaded, because the Prefect server does not answer ({type(problem).__name__}); "
            "start it, and load again"
        ) from problem


def _load(inventory: Inventory) -> Report:
    register_all()
    added, changed, left, others = [], [], [], []
    with get_client(sync_client=True) as client:
        for section, kind in SECTIONS.items():
            there = {document.name: document for document in _documents(client, kind)}
            for block in getattr(inventory, section):
                title = f"{kind.called()} {block.name}"
                document = there.pop(block.name, None)
                if document is None:
                    _add(client, block)
                    added.append(title)
                elif document.data == (data := _data(block)) and document.block_schema_id == kind._block_schema_id:
                    left.append(title)
                else:
                    _change(client, document, kind, data)
                    changed.append(title)
            others += [f"{kind.called()} {name}" for name in sorted(filter(None, there))]
        limits = _limit_hosts(client, inventory)
    return Report(tuple(added), tuple(changed), tuple(left), tuple(limits), tuple(others))


def _data(block: StandfastBlock) -> dict[str, Any]:
    """The block's fields as the server keeps them, secrets in clear: for the server only."""
    data = block.model_dump(mode="json", context={"include_secrets": True})
    data.pop("block_type_slug", None)
    return data


def _documents(client: SyncPrefectClient, kind: type[StandfastBlock]) -> list[BlockDocument]:
    found: list[BlockDocument] = []
    while True:
        answer = client.request(
            "POST",
            "/block_documents/filter",
            json={
                "block_types": {"slug": {"any_": [kind.get_block_type_slug()]}},
                "include_secrets": True,
                "limit": PAGE,
                "offset": len(found),
            },
        )
        answer.raise_for_status()
        page = BlockDocument.model_validate_list(answer.json())
        found += page
        if len(page) < PAGE:
            return found


def _add(client: SyncPrefectClient, block: StandfastBlock) -> None:
    try:
        client.create_block_document(
            BlockDocumentCreate(
                name=block.name,
                data=_data(block),
                block_schema_id=block._block_schema_id,
                block_type_id=block._block_type_id,  # type: ignore[attr-defined]
            )
        )
    except ObjectAlreadyExists:  # somebody else loaded it in the meantime
        block.save(block.name, overwrite=True)  # type: ignore[attr-defined]


def _change(client: SyncPrefectClient, document: BlockDocument, kind: type[StandfastBlock], data: dict[str, Any]) -> None:
    # merge_existing_data=False: fields that the entry no longer has must go, or an old password would stay in force.
    client.update_block_document(
        document.id, BlockDocumentUpdate(block_schema_id=kind._block_schema_id, data=data, merge_existing_data=False)
    )


def _limit_hosts(client: SyncPrefectClient, inventory: Inventory) -> list[str]:
    there: dict[str, Any] = {}
    while len(page := client.read_global_concurrency_limits(limit=PAGE, offset=len(there))) > 0:
        there.update({limit.name: limit for limit in page})
        if len(page) < PAGE:
            break
    made = []
    for host in inventory.hosts:
        name = f"host-{host.name}"
        limit = there.get(name)
        if limit is None:
            try:
                client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name=name, limit=1))
            except ObjectAlreadyExists:
                continue
            made.append(name)
        elif limit.limit > 1 or not limit.active:
            client.update_global_concurrency_limit(name, GlobalConcurrencyLimitUpdate(limit=min(limit.limit, 1), active=True))
            made.append(name)
    return made
