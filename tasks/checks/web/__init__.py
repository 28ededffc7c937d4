"""Web endpoints, looked at from the worker. What their checks share: reading an answer.

An answer is text, and kept as evidence: lines `name value` with the value as JSON, the last line `end`. Its parts:

- page: url; then status, seconds, bytes, hops (redirects that were followed), final (where they led), text (whether the expected text stands in it;
  null: none is expected), begins (what stands there instead), hsts (the header, null without one); or problem: why there is no answer.
- certificate: subject, issuer, names, not_before, not_after, key, bits, signature, fingerprint, trusted, why (not trusted), fits (its name), pinned
  (whether it is the pinned one; null: none is).
- protocols: version, cipher; old: which old versions the server accepts (null: this machine cannot try).
- plain: asked: the address without encryption; status and location; or problem: why there is no answer.
"""

from __future__ import annotations

import json
from typing import Any

from tasks.checks.kinds import Unreadable
from tasks.checks.lines import until_end

UNENCRYPTED = ("该地址不使用 HTTPS", "the address is not https")


def said(output: str, *needed: str) -> dict[str, Any]:
    """The values by name. Raises Unreadable where the answer was torn off, a value makes no sense, a needed one is missing, or there was none."""
    found: dict[str, Any] = {}
    for line in until_end(output):
        name, _, value = line.partition(" ")
        try:
            found[name] = json.loads(value)
        except ValueError:
            raise Unreadable(f"{line[:60]!r} is no value", f"{line[:60]!r} 不是值") from None
    if "problem" in found and "problem" not in needed:
        raise Unreadable(*[str(found["problem"])[:200]] * 2)  # the system's own words
    if missing := [name for name in needed if name not in found and name != "problem"]:
        raise Unreadable(f"{missing[0]} is missing from the answer", f"回答缺少 {missing[0]}")
    return found


def word(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise Unreadable(f"{what} is {str(value)[:40]!r}, not a word", f"{str(value)[:40]!r} 不是文字")
    return value


def flag(value: Any, what: str) -> bool:
    if not isinstance(value, bool):
        raise Unreadable(f"{what} is {str(value)[:40]!r}, neither yes nor no", f"{str(value)[:40]!r} 既不是“是”也不是“否”")
    return value
