"""Secrets are taken out of everything a host says before it is logged, filed or shown. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

HIDDEN = "[hidden]"

_PATTERNS = (
    # a private key, whole; one that was cut off, as far as any key is long
    (re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?:.{0,20000}?-----END [A-Z ]{0,40}PRIVATE KEY-----|.{0,20000})", re.S), HIDDEN),
    # credentials inside an address: scheme://user:secret@host
    (re.compile(r"(\b[a-z][a-z0-9+.-]{0,30}://[^\s:/@]{0,256}:)[^\s@/]+(@)", re.I), rf"\1{HIDDEN}\2"),
    # name = value, also as an SQL literal or an environment variable
    (re.compile(r"""((?:\b|_)(?:password|passwd|passphrase|secret|token|api_?key|PGPASSWORD)["']?\s*[=:]\s*)(?:"[^"\n]*"|'[^'\n]*'|[^\s,;'"]+)""",
                re.I), rf"\1{HIDDEN}"),
    (re.compile(r"(\b(?:PASSWORD|IDENTIFIED\s+(?:WITH\s+\S{1,60}\s+)?(?:BY|AS))\s+)(?:E?'(?:[^'\n]|'')*')", re.I), rf"\1{HIDDEN}"),
    (re.compile(r"(\bAuthorization:\s*\w+\s+)\S+", re.I), rf"\1{HIDDEN}"),
    # what logs hold beside: options of commands, cookies, sessions, signed tokens, keys of clouds
    (re.compile(r"(--(?:password|passwd|token|secret|api-?key)[= ])\S+", re.I), rf"\1{HIDDEN}"),
    (re.compile(r"(\b(?:Set-)?Cookie:\s*)[^\r\n]+", re.I), rf"\1{HIDDEN}"),
    (re.compile(r"""(\b(?:session_?id|jsessionid|phpsessid|access_?key|private_?key)["']?[=:]\s?["']?)[^\s,;&'"]+""", re.I), rf"\1{HIDDEN}"),
    (re.compile(r"(?<![A-Za-z0-9_-])(?:[A-Za-z0-9_]{1,40}-){0,2}eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+)?"), HIDDEN),
    (re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"), HIDDEN),
    # what network devices show of their configuration: password 7 0822..., secret 5 $1$..., community read cipher ...
    (re.compile(r"(\b(?:password|secret|key|community|(?:privacy|authentication)-mode\s+\S{1,20})\s+(?:(?:read|write)\s+)?"
                r"(?:irreversible-cipher|cipher|simple|hash|[045789])\s+)\S{4,}", re.I), rf"\1{HIDDEN}"),
    (re.compile(r"(\bsnmp-(?:server|agent)\s+community\s+(?:(?:read|write|cipher|simple)\s+){0,2})\S+", re.I), rf"\1{HIDDEN}"),
    # password hashes of shadow files and of PostgreSQL
    (re.compile(r"\$(?:1|2[aby]|5|6|y|gy|7)\$[./A-Za-z0-9$=,]{8,}"), HIDDEN),
    (re.compile(r"SCRAM-SHA-256\$[^\s\"']+"), HIDDEN),
)
# One of these stands in everything that a pattern above finds. Most of what hosts say has none, and need not be searched for each.
_SIGNS = ("pass", "secret", "token", "key", "://", "authorization", "$", "-----begin", "identified", "cookie", "sess", "eyj", "akia", "asia",
          "community", "-mode")


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without secrets: the given values, and what looks like a password, token, key or hash."""
    for secret in secrets:
        if len(secret) >= 4:
            text = text.replace(secret, HIDDEN)
    small = text.lower()
    if any(sign in small for sign in _SIGNS):
        for pattern, instead in _PATTERNS:
            text = pattern.sub(instead, text)
    return text
