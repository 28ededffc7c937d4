"""One-time codes for approvals. Only a salted scrypt hash is kept; a code is good for one gate, one digest, one use."""

from __future__ import annotations

import hashlib
import hmac
import os
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from reports.archive.tables import CodeTable

CodeAnswer = Literal["right", "wrong", "expired", "used", "other digest", "none"]


def as_typed(code: str) -> str:
    """The code without what people add or an input method changes: spaces, dashes, full-width digits, small letters."""
    return "".join(c for c in unicodedata.normalize("NFKC", code).upper() if c.isalnum())


def hash_code(code: str, salt: bytes | None = None) -> tuple[str, str]:
    """Salt and hash, in hexadecimal; scrypt with 16 MiB, so that a stolen database does not give short codes away at once."""
    salt = salt or os.urandom(16)
    return salt.hex(), hashlib.scrypt(as_typed(code).encode(), salt=salt, n=2**14, r=8, p=1, dklen=32).hex()


def judge(rows: Iterable[CodeTable], digest: str, code: str, now: datetime) -> tuple[CodeAnswer, CodeTable | None]:
    """What the code is worth among those sent out for this gate, newest first, and the row it fits."""
    answer: CodeAnswer = "none"
    for row in rows:
        if not as_typed(code) or not hmac.compare_digest(hash_code(code, bytes.fromhex(row.salt))[1], row.hash):
            answer = "wrong" if answer == "none" else answer
        elif row.digest != digest:
            answer = "other digest"
        elif row.used_at is not None:
            return "used", row
        elif now >= row.expires_at:
            return "expired", row
        else:
            return "right", row
    return answer, None
