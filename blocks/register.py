"""Makes the block types known to a Prefect server."""

from __future__ import annotations

from blocks.archive_store import ArchiveStore
from blocks.customer import Customer
from blocks.database_access import DatabaseAccess
from blocks.foundation import StandfastBlock
from blocks.host_access import HostAccess
from blocks.network_device import NetworkDevice
from blocks.notices import Notices
from blocks.sandbox import Sandbox
from blocks.web_endpoint import WebEndpoint

BLOCK_TYPES: tuple[type[StandfastBlock], ...] = (
    Customer, HostAccess, DatabaseAccess, NetworkDevice, WebEndpoint, Sandbox, ArchiveStore, Notices
)


def register_all() -> tuple[str, ...]:
    """Register every block type and its form with the Prefect server; harmless when done again.

    Returns the slugs of the types.
    """
    for block_type in BLOCK_TYPES:
        block_type.register_type_and_schema()
    return tuple(block_type.get_block_type_slug() for block_type in BLOCK_TYPES)
