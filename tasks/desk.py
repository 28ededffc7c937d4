"""Where a change gets its archive, hosts and people from: blocks by name, an open archive kept for the process."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache

from blocks import lookup
from blocks.customer import Customer
from blocks.host_access import HostAccess
from reports.archive import Archive, ChangeRow
from tasks.errors import BlockersFound, ProcedureError

Say = Callable[[str], None]


@lru_cache(maxsize=1)
def archive() -> Archive:
    """The open archive, of which there is one; opened once a process, since opening checks its schema."""
    return lookup.find_archive("default").open()


@lru_cache(maxsize=4096)
def host(name: str) -> HostAccess:
    """A host block by name.

    Raises:
        BlockersFound: no such host; the nearest names are given.
    """
    try:
        return lookup.find_host(name)
    except lookup.UnknownName as problem:
        raise BlockersFound(problem.text.en, problem.text.zh) from problem


@lru_cache(maxsize=256)
def customer(name: str) -> Customer:
    try:
        return lookup.find_customer(name)
    except lookup.UnknownName as problem:
        raise BlockersFound(problem.text.en, problem.text.zh) from problem


def change(number: str) -> ChangeRow:
    return archive().change(number)


def forget_what_is_kept() -> None:
    """Read blocks anew; for a process that outlives a change of them. The archive is closed, and opened again when it is next asked for."""
    if archive.cache_info().currsize:
        archive().dispose()
    for kept in (archive, host, customer):
        kept.cache_clear()


def now() -> datetime:
    return datetime.now(UTC)


class DrivenElsewhere(ProcedureError):
    """Another process is driving this change right now."""


@contextmanager
def driving(number: str) -> Iterator[None]:
    """One driver per change: held by this process, given back by the kernel when it dies, however it dies.

    Workers on several machines share it if they share the archive's folder; the lock on the target holds in any case.

    Raises:
        DrivenElsewhere: another process has it.
    """
    folder = archive().root / "drivers"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{number}.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DrivenElsewhere(f"{number} is being worked on by another process; watch its run, or wait for it to end",
                                  f"{number} 正由另一进程处理；请查看其运行情况，或等待其结束") from None
        yield
