"""Prefect block types: one outside system per file. They are plain objects too and need no server."""

from blocks.archive_store import ArchiveStore
from blocks.customer import ApproverEntry, ContactEntry, Customer
from blocks.database_access import DatabaseAccess
from blocks.foundation import UnknownName, sentences
from blocks.host_access import AcceptanceCheck, HostAccess
from blocks.notices import Delivery, NoticeFailed, Notices
from blocks.register import BLOCK_TYPES, register_all
from blocks.sandbox import Sandbox

__all__ = [
    "BLOCK_TYPES",
    "AcceptanceCheck",
    "ApproverEntry",
    "ArchiveStore",
    "ContactEntry",
    "Customer",
    "DatabaseAccess",
    "Delivery",
    "HostAccess",
    "NoticeFailed",
    "Notices",
    "Sandbox",
    "UnknownName",
    "register_all",
    "sentences",
]
