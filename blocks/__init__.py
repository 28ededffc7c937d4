"""Prefect block types: one outside system per file. They are plain objects too and need no server."""

from blocks.archive_store import ArchiveStore
from blocks.customer import ApproverEntry, ContactEntry, Customer
from blocks.database_access import DatabaseAccess
from blocks.foundation import UnknownName, sentences
from blocks.host_access import AcceptanceCheck, HostAccess
from blocks.network_device import NetworkDevice
from blocks.notices import Delivery, NoticeFailed, Notices
from blocks.register import BLOCK_TYPES, register_all
from blocks.sandbox import Sandbox
from blocks.web_endpoint import WebEndpoint

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
    "NetworkDevice",
    "NoticeFailed",
    "Notices",
    "Sandbox",
    "UnknownName",
    "WebEndpoint",
    "register_all",
    "sentences",
]
