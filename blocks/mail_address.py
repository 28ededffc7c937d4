"""Mail addresses as our own mail servers take them."""

from __future__ import annotations

import re
from email.utils import parseaddr
from typing import Annotated

from pydantic import AfterValidator

from blocks.foundation import show

_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_DOMAIN = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
_ADDRESS = re.compile(f"{_LOCAL}@{_DOMAIN}")


def is_address(text: str) -> bool:
    """Whether `text` is a bare address like name@bureau.example, in ASCII, at most 254 characters."""
    return len(text) <= 254 and _ADDRESS.fullmatch(text) is not None


def _address(value: str) -> str:
    value = value.strip()
    if not is_address(value):
        raise ValueError(f"must be a mail address, not {show(value)}; write for example email: zhang@bureau.example")
    return value


MailAddress = Annotated[str, AfterValidator(_address)]


def named_address(text: str) -> tuple[str, str]:
    """Split `运维中心 <ops@provider.example>` or a bare address into name and address.

    Raises:
        ValueError: it is neither, or holds a control character (which could begin a new header).
    """
    name, address = parseaddr(text)
    if not text.isprintable() or not is_address(address) or (not name and text.strip().strip("<>") != address):
        raise ValueError(
            f"must be a mail address, alone or behind a name, not {show(text)}; write for example ops@provider.example"
        )
    return name, address
