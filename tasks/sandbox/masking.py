"""Secrets of a host are replaced before its copy exists (R174). Pure: text and bytes in, text and bytes out.

A blanked password would break the application in the copy, so secrets are re-keyed: every distinct value gets one random
value of the same length and the same kinds of characters, used in all files and for the database's roles alike.
Equal lengths also let a value be replaced inside a stream of an archive without moving a byte of it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
import re
import secrets
import string
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from reports.records import Text

STRONG_LENGTH = 10
STRONG_CHANGES = 4

_WORD = (
    r"pass(?:word|wd|phrase|code)|(?:(?<![a-z])|db|user|smtp|mail|ldap|root|admin|auth)pass(?![a-z])|(?<![a-z])pwd(?![a-z])|passwort|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|secret[_-]?key|"
    r"encryption[_-]?key|signing[_-]?key|credentials?|auth[_-]?key|psk|requirepass|masterauth|bindpw|rootpw"
)
_NAME = rf"[A-Za-z0-9_.\-]*(?:{_WORD})[A-Za-z0-9_.\-]*"

# name = value | name: value | "name": "value" | 'name' => 'value' | <name>value</name> | define('NAME', 'value')
_ASSIGNMENT = re.compile(
    rf"""(?P<name>{_NAME})(?P<quote>["']?)\s*(?:=>|:=|=|:|(?<=["']),(?=\s*["'](?:[^"'\n]*["']\s*\))))[ \t]*
         (?:(?P<q>["'])(?P<quoted>(?:\\.|(?!(?P=q))[^\\\n])*)(?P=q)|(?P<bare>[^\s"';,&|<>`\\)\]}}]+[^\s"';&<>`)\]}}]*))""",
    re.I | re.X,
)
_ELEMENT = re.compile(rf"<(?P<name>{_NAME})(?:\s[^>]*)?>(?P<value>[^<>\n]+)</", re.I)
# directives whose value follows a blank
_DIRECTIVE = re.compile(
    r"""^[ \t]*(?P<name>requirepass|masterauth|bindpw|rootpw|rocommunity6?|rwcommunity6?|user\s+\S+\s+(?:insecure-)?password)
                            [ \t]+["']?(?P<value>[^\s"']+)""",
    re.I | re.M | re.X,
)
_URL = re.compile(r"(?P<scheme>[a-z][a-z0-9+.\-]*)://(?P<user>[^\s:/@\"'<>]*):(?P<value>[^\s/@\"'<>]+)@", re.I)
_HEADER = re.compile(
    r"""(?P<name>(?:Proxy-)?Authorization)["']?\s*[:=,]?\s*["']?(?:Basic|Bearer|Token)\s+(?P<value>[A-Za-z0-9._~+/=\-]{8,})""",
    re.I,
)
_PEM = re.compile(r"-----BEGIN (?P<kind>[A-Z0-9 ]*PRIVATE KEY)-----.*?-----END (?P=kind)-----[ \t]*\n?", re.S)
_CRYPT = re.compile(
    r"(?P<prefix>\$(?:1|2[aby]|5|6|7|y|gy|apr1|argon2\w+)\$(?:rounds=\d+\$)?|\{S?SHA\d*\})(?P<value>[./A-Za-z0-9$+=,]{8,})"
)

# a name like these holds no secret itself
_NO_SECRET_NAME = re.compile(
    r"(?:file|path|dir|directory|url|uri|command|cmd|program|helper|timeout|length|len|min|max|expiry|expires|expiration|ttl|lifetime|"
    r"encryption|algorithm|authentication|type|header|name|enabled|required|policy|count|size|field|column|prompt|agent|lock|"
    r"nopasswd|loadcredential(?:encrypted)?|importcredential|tokeni[sz]er?|max_?tokens|quality|history|retries|auth|bytes|format|mode|method|rotation|issuer|audience|change|reset|hint)s?$",
    re.I,
)
_NO_SECRET = re.compile(
    r"^(?:|true|false|yes|no|on|off|none|null|nil|undefined|default|required|optional|sufficient|requisite|prohibit-password|ask|"
    r"str|string|int|bool|bytes|any|self|disabled|enabled|x+|\*+|\.+|-+|files?|systemd|compat|"
    r"/(?:etc|run|var|usr|opt|srv|home|root|dev|proc|tmp|bin|sbin|sys)(?:/.*)?|"
    r"\$\{?\w.*|%\(.*|%[a-zA-Z]|\{\{.*|<.*>|@.*@|\[.*|.*\(.*|.*\$\{.*|\{.*)$",
    re.I | re.S,
)
_CODE = (
    ".py",
    ".pyi",
    ".js",
    ".mjs",
    ".cjs",
    ".ts",
    ".tsx",
    ".jsx",
    ".php",
    ".rb",
    ".java",
    ".go",
    ".pl",
    ".pm",
    ".c",
    ".h",
    ".cpp",
    ".rs",
    ".html",
    ".htm",
    ".css",
    ".md",
    ".rst",
    ".txt",
    ".vue",
    ".po",
    ".lua",
    ".jsp",
)
_KEPT = re.compile(r"\\u[0-9a-fA-F]{4}|\\.|&\w+;|%[0-9A-Fa-f]{2}", re.S)


@dataclass(frozen=True)
class Found:
    """A secret in a text: where (`start`, `end`, character positions), under which name, and its value.

    encoded: True where the text holds it percent-encoded and `value` is the decoded one.
    """

    start: int
    end: int
    name: str
    value: str
    encoded: bool = False


def find_secrets(path: str, text: str) -> tuple[Found, ...]:
    """The secrets in a text file, in order, none overlapping. `path` decides how it is read (an absolute path)."""
    base = path.rpartition("/")[2]
    hits: list[Found] = []
    if path.startswith(("/etc/sudoers", "/etc/pam.d/")):
        return ()  # PASSWD: and password are words of their own there
    if base in (".pgpass", "pgpass.conf"):
        hits += _last_fields(text, r"^(?!\s*#)(?:(?:\\.|[^:\\\n])*:){4}(?P<value>[^\n]+)$", ".pgpass")
    elif base in (".netrc", ".authinfo"):
        hits += _last_fields(text, r"\bpassword\s+(?P<value>\S+)", "password")
    elif base.startswith("sasl_passwd"):
        hits += _last_fields(text, r"^(?!\s*#)\S+\s+[^:\s]+:(?P<value>\S+)\s*$", "password")
    elif "htpasswd" in base or base in ("passwords", ".passwd"):
        hits += _last_fields(text, r"^[^:\s#]+:(?:\$\w+\$|\{\w+\})?(?P<value>[./A-Za-z0-9$+=]{8,})$", "password hash")
    for match in _URL.finditer(text):
        raw = match["value"]
        if not _NO_SECRET.match(raw):
            hits.append(Found(*match.span("value"), f"password in a {match['scheme']} address", unquote(raw), True))
    for match in _CRYPT.finditer(text):
        hits.append(Found(*match.span("value"), "password hash", match["value"]))
    for match in _HEADER.finditer(text):
        hits.append(Found(*match.span("value"), match["name"], match["value"]))
    for pattern in (_ELEMENT, _DIRECTIVE):
        for match in pattern.finditer(text):
            if not _NO_SECRET.match(match["value"]):
                hits.append(Found(*match.span("value"), match["name"], match["value"]))
    code = base.endswith(_CODE)
    for match in _ASSIGNMENT.finditer(text):
        name, group = match["name"], "quoted" if match["q"] else "bare"
        value = match[group]
        if _NO_SECRET_NAME.search(name) or _NO_SECRET.match(value.strip()) or "://" in value:
            continue
        if code and (group == "bare" or not strong(value)):
            continue
        hits.append(Found(*match.span(group), name, value))
    keys = [match.span() for match in _PEM.finditer(text)]
    hits = [hit for hit in hits if hit.value and not any(a <= hit.start < b for a, b in keys)]
    return _without_overlaps(hits)


def _last_fields(text: str, pattern: str, name: str) -> Iterator[Found]:
    for match in re.finditer(pattern, text, re.M):
        yield Found(*match.span("value"), name, match["value"])


def _without_overlaps(hits: Iterable[Found]) -> tuple[Found, ...]:
    kept: list[Found] = []
    for hit in sorted(hits, key=lambda h: (h.start, -h.end)):
        if not kept or hit.start >= kept[-1].end:
            kept.append(hit)
    return tuple(kept)


def strong(value: str) -> bool:
    """True for a value that stands nowhere by chance, so that it may be replaced wherever it stands.

    Long enough, and changing often between small letters, capitals and digits, as random values do and words
    ("scram-sha-256") do not. Values of people's making are replaced only where they are assigned.
    """
    if len(value) < STRONG_LENGTH or re.search(r"\s", value) or len(set(value)) < 6:
        return False
    kinds = ["d" if c.isdigit() else "u" if c.isupper() else "l" for c in value if c.isalnum()]
    return "d" in kinds and sum(a != b for a, b in zip(kinds, kinds[1:], strict=False)) >= STRONG_CHANGES


@dataclass
class Replacements:
    """One random value for each distinct secret; the same for the life of this object."""

    source: random.Random = field(default_factory=secrets.SystemRandom)
    values: dict[str, str] = field(default_factory=dict)

    def of(self, value: str) -> str:
        """The value that stands for `value`: as long, letters for letters, digits for digits, signs as they are."""
        if value not in self.values:
            for _ in range(100):
                made = self._make(value)
                if made != value and made not in self.values.values():
                    break
            self.values[value] = made
        return self.values[value]

    def _make(self, value: str) -> str:
        if re.fullmatch(r"[0-9a-f-]{8,}", value) and re.search(r"[a-f]", value):
            lower = "abcdef"
        else:
            lower = string.ascii_lowercase
        upper = "ABCDEF" if re.fullmatch(r"[0-9A-F-]{8,}", value) and re.search(r"[A-F]", value) else string.ascii_uppercase
        plain = re.search(r"[A-Za-z0-9]", _KEPT.sub("", value))
        if not plain:
            return "".join(self.source.choice(lower) for _ in value)
        out, at = [], 0
        while at < len(value):
            kept = _KEPT.match(value, at)
            if kept:
                out.append(kept[0])
                at = kept.end()
                continue
            c = value[at]
            if c in string.digits:
                out.append(self.source.choice("123456789" if at == 0 and c != "0" else string.digits))
            elif c in string.ascii_lowercase:
                out.append(self.source.choice(lower))
            elif c in string.ascii_uppercase:
                out.append(self.source.choice(upper))
            elif c.isalpha():
                out.append(self.source.choice(lower) if len(c.encode()) == 1 else c)
            else:
                out.append(c)
            at += 1
        return "".join(out)

    @property
    def strong_pairs(self) -> tuple[tuple[bytes, bytes], ...]:
        """Old and new bytes of the values that may be replaced wherever they stand; equal in length, longest first."""
        pairs = [(old.encode(), new.encode()) for old, new in self.values.items() if strong(old)]
        pairs += [
            (quote(old, safe="").encode(), quote(new, safe="").encode())
            for old, new in self.values.items()
            if strong(old) and quote(old, safe="") != old
        ]
        return tuple(sorted(((o, n) for o, n in pairs if len(o) == len(n)), key=lambda pair: -len(pair[0])))


def mask_text(path: str, text: str, replacements: Replacements) -> tuple[str, tuple[str, ...]]:
    """The text with its secrets replaced, and the names under which they stood (never a value)."""
    out, names, at = [], [], 0
    for hit in find_secrets(path, text):
        new = replacements.of(hit.value)
        if hit.encoded:
            plain = text[hit.start : hit.end]
            new = quote(new, safe="".join(c for c in string.punctuation if c in plain and c != "%"))
        out += [text[at : hit.start], new]
        names.append(hit.name)
        at = hit.end
    return "".join(out) + text[at:], tuple(dict.fromkeys(names))


def replace_everywhere(content: bytes, pairs: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Every strong value replaced, wherever it stands; the length stays."""
    for old, new in pairs:
        if old in content:
            content = content.replace(old, new)
    return content


class StreamMask:
    """Replaces strong values in a stream of bytes as it passes, also where a value lies across two chunks.

    Every byte that comes in goes out once, in order; `close` gives the last ones. `hits` counts what was replaced.
    """

    def __init__(self, pairs: Iterable[tuple[bytes, bytes]]) -> None:
        self._pairs = tuple(pairs)
        self._keep = max((len(old) for old, _ in self._pairs), default=1) - 1
        self._tail = b""
        self.hits = 0

    def feed(self, chunk: bytes) -> bytes:
        if not self._pairs:
            return chunk
        whole = self._tail + chunk if self._tail else chunk
        for old, new in self._pairs:
            if whole.find(old) >= 0:
                self.hits += whole.count(old)
                whole = whole.replace(old, new)
        cut = max(len(whole) - self._keep, 0)
        self._tail = whole[cut:]
        return whole[:cut]

    def close(self) -> bytes:
        rest, self._tail = self._tail, b""
        return rest


# --- accounts ---------------------------------------------------------------------------------------------------------------


def lock_passwords(shadow: str, open_for_key: str = "") -> str:
    """shadow or gshadow with no password hash left. `open_for_key` may still log in by key (sshd refuses "!")."""
    lines = []
    for line in shadow.splitlines():
        parts = line.split(":")
        if len(parts) > 1:
            if parts[0] == open_for_key:
                parts[1] = "*"
                if len(parts) >= 8:
                    parts[2], parts[4], parts[6], parts[7] = "20000", "99999", "", ""  # neither aged nor expired
            elif parts[1] not in ("", "*", "!", "!!", "!*"):
                parts[1] = "!"
            elif parts[1] == "":
                parts[1] = "!"
        lines.append(":".join(parts))
    return "\n".join(lines) + "\n"


# --- PostgreSQL's verifiers (RFC 5802, RFC 7677; src/common/scram-common.c) -------------------------------------------------


def password_fits(verifier: str, role: str, password: str) -> bool:
    """Whether `password` is the one behind a role's verifier, as pg_authid.rolpassword holds it (SCRAM-SHA-256 or md5)."""
    if verifier.startswith("md5"):
        return hmac.compare_digest(verifier, _md5_verifier(role, password))
    match = re.fullmatch(r"SCRAM-SHA-256\$(\d+):([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)", verifier)
    if not match or int(match[1]) > 1_000_000:
        return False
    return hmac.compare_digest(_scram(password, base64.b64decode(match[2]), int(match[1])), verifier)


def make_verifier(like: str, role: str, password: str, salt: bytes | None = None) -> str:
    """A verifier of `password` of the same kind as `like`, so that no password travels in a statement."""
    if like.startswith("md5"):
        return _md5_verifier(role, password)
    return _scram(password, salt or secrets.token_bytes(16), 4096)


def _md5_verifier(role: str, password: str) -> str:
    return "md5" + hashlib.md5((password + role).encode(), usedforsecurity=False).hexdigest()


def _scram(password: str, salt: bytes, rounds: int) -> str:
    salted = hashlib.pbkdf2_hmac("sha256", unicodedata.normalize("NFKC", password).encode(), salt, rounds)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    b64 = lambda raw: base64.b64encode(raw).decode()  # noqa: E731
    return f"SCRAM-SHA-256${rounds}:{b64(salt)}${b64(stored)}:{b64(server)}"


@dataclass(frozen=True)
class Role:
    """A database role that may log in, with its verifier ("" where it has none)."""

    name: str
    verifier: str


def rekey_roles(roles: Iterable[Role], replacements: Replacements) -> tuple[str, tuple[Text, ...]]:
    """SQL that gives each role with a password a new one, and a line on each role (no value).

    Where a password found in the files fits the role's verifier, the role gets that password's replacement, so that the
    application in the copy connects; any other role gets a random password that nobody knows.
    """
    candidates = tuple(replacements.values)
    sql, said = (
        ["SET log_statement = 'none';", "SET log_min_duration_statement = -1;", "SET log_min_error_statement = 'panic';"],
        [],
    )
    for role in roles:
        if not role.verifier:
            continue
        old = next((value for value in candidates if password_fits(role.verifier, role.name, value)), None)
        new = replacements.of(old) if old is not None else secrets.token_urlsafe(24)
        name, verifier = role.name.replace('"', '""'), make_verifier(role.verifier, role.name, new).replace("'", "''")
        sql.append(f"ALTER ROLE \"{name}\" PASSWORD '{verifier}';")
        how = ("与替换后的文件一致", "as in the masked files") if old is not None else ("随机口令", "a random password")
        said.append(Text(zh=f"数据库角色 {role.name}：{how[0]}", en=f"database role {role.name}: {how[1]}"))
    if not said:
        return "", ()
    # a physical copy keeps dead rows: write the table anew, then let go of the log that still holds the old ones
    sql += ["VACUUM FULL pg_authid;", "CHECKPOINT;", "SELECT pg_switch_wal();", "CHECKPOINT;"]
    return "\n".join(sql) + "\n", tuple(said)
