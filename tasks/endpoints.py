"""Looks at one web endpoint for an inspection, from this machine (R127).

A certificate that is not trusted hides nothing: the page is read all the same, and the certificate is judged by itself. Everything is bounded:
time, redirects, the length of the answer. No proxy and no login of this machine's account is used: only what the block says.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit

import httpx
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa

from blocks.web_endpoint import WebEndpoint
from reports.records import CheckRow, TargetRead, Text
from tasks.checks.kinds import Known, Limits, Row, WebCheck, not_applicable, unknown
from tasks.checks.reading import check_rows, judged
from tasks.checks.web import UNENCRYPTED
from tasks.redaction import redact

REDIRECTS = 5
BYTES = 1 << 20        # of a page that are read
BEGINNING = 200        # letters of a page that are kept where the expected text is missing
NAMES = 50             # of a certificate
DEFAULT_PORTS = {"http": 80, "https": 443}
PACKED = ("gzip", "x-gzip", "deflate")
METADATA = ("100.100.100.200", "fd00:ec2::254")  # clouds tell a machine its secrets there, and at 169.254.0.0/16
OLD_VERSIONS = (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1)
WHENEVER = 0x200000    # X509_V_FLAG_NO_CHECK_TIME: a certificate that ran out is another check's matter
HEADERS = {"User-Agent": "standfast-inspection", "Accept": "*/*", "Accept-Encoding": "identity"}


def read_endpoint(access: WebEndpoint, checks: Sequence[WebCheck], limits: Mapping[str, Limits], known_for: Callable[[str], Known]) -> tuple[TargetRead, str]:
    """Look at one endpoint and judge what was seen. Nothing is raised for what the server does or does not do.

    Returns the reading, and what was seen as text. The reading's `problem` says in one sentence why nothing could be asked at all.
    """
    began, read_at = time.monotonic(), datetime.now(UTC)
    parts = urlsplit(access.url)
    rows: list[CheckRow] = []
    problem, raw = None, ""
    try:
        with _connected(access):
            pass
    except OSError as refused:
        problem = _unreached(parts.hostname or "", _port(access.url), refused, access.timeout_s)
    else:
        answers = {part: _part(access, part) for part in dict.fromkeys(check.asks for check in checks)}
        raw = "".join(f"# {part}\n{answer}" for part, answer in answers.items() if isinstance(answer, str))
        for check in checks:
            answer = answers[check.asks]
            known = replace(known_for(check.id), now=read_at, kind=parts.scheme, expected={"status": access.status, "text": access.text})
            rows += check_rows(access.name, check, (answer,) if isinstance(answer, Row) else judged(check, answer, limits[check.id], known))
    return TargetRead(target=access.name, kind="web", read_at=read_at, seconds=round(time.monotonic() - began, 3), problem=problem,
                      about={} if problem else {"address": _bare(access.url)}, rows=tuple(rows)), redact(raw)


def _part(access: WebEndpoint, part: str) -> str | Row:
    """What a check's `parse` reads, or what must be said instead."""
    encrypted = access.url.startswith("https:")
    if part in ("certificate", "protocols") and not encrypted:
        return not_applicable(*UNENCRYPTED)
    look = {"page": _page, "certificate": _certificate, "protocols": _protocols, "plain": _plain}[part]
    try:
        return _lines(look(access))
    except (ssl.SSLError, OSError, httpx.HTTPError, httpx.InvalidURL, ValueError, UnsupportedAlgorithm, x509.DuplicateExtension,
            x509.UnsupportedGeneralNameType) as problem:
        if part in ("page", "plain"):
            asked = {"asked": _bare(_without_encryption(access.url))} if part == "plain" else {"url": _bare(access.url)}
            return _lines({**asked, "problem": _in_words(problem, access.timeout_s)})
        why = _in_words(problem, access.timeout_s)
        return unknown(f"无法读取:{why}", f"it could not be read: {why}")


def _lines(values: Mapping[str, Any]) -> str:
    return "".join(f"{name} {json.dumps(value, ensure_ascii=False)}\n" for name, value in values.items()) + "end\n"


# --- the page -------------------------------------------------------------------------------------------------------------

def _page(access: WebEndpoint) -> dict[str, Any]:
    began, url, hops, first = time.monotonic(), access.url, 0, ""
    with _client(access) as client, _in_time(2 * access.timeout_s) as watched:
        while True:
            if hops:
                _may_follow(url, first)
            with client.stream("GET", url, extensions=watched) as response:
                stream = response.extensions["network_stream"]
                ours, theirs = (stream.get_extra_info(end)[0] for end in ("client_addr", "server_addr"))
                first = first or _sort_of(theirs, ours)
                if _sort_of(theirs, ours) not in ("", first):
                    raise ValueError(f"it leads to {_bare(url)[:80]}, which is not followed")
                body = _body(response)
                location = response.headers.get("location", "")
                if not (response.is_redirect and location) or 300 <= access.status < 400:
                    break
                url, hops = urljoin(url, location), hops + 1
                if hops > REDIRECTS or urlsplit(url).scheme not in DEFAULT_PORTS:
                    raise ValueError(f"more than {REDIRECTS} redirects" if hops > REDIRECTS else f"it leads to {_bare(url)[:80]}")
    seconds = time.monotonic() - began
    there = _holds(body, access.text) if access.text else None
    return {"url": _bare(access.url), "status": response.status_code, "seconds": round(seconds, 3), "bytes": len(body), "hops": hops, "final": _bare(url),
            "text": there, "begins": "" if there in (None, True) else _shown(body), "hsts": response.headers.get("strict-transport-security", None)}


def _plain(access: WebEndpoint) -> dict[str, Any]:
    """What is answered without encryption, redirects not followed."""
    url = _without_encryption(access.url)
    with _client(access) as client, _in_time(2 * access.timeout_s) as watched, client.stream("GET", url, extensions=watched) as response:
        location = response.headers.get("location", "")
        return {"asked": _bare(url), "status": response.status_code, "location": _bare(urljoin(url, location)) if location else ""}


def _client(access: WebEndpoint) -> httpx.Client:
    return httpx.Client(verify=_lenient(), trust_env=False, timeout=access.timeout_s, headers=HEADERS, follow_redirects=False)


@contextmanager
def _in_time(seconds: float) -> Iterator[dict[str, Any]]:
    """Hangs up when the time is over: a server that sends a letter now and then would never be late by the client's own clock.

    Yields the extensions of the requests that are watched.
    """
    connections: list[Any] = []
    over = threading.Event()

    def hang_up() -> None:
        over.set()
        for connection in list(connections):
            with suppress(OSError):
                socket.socket.shutdown(connection.get_extra_info("socket"), socket.SHUT_RDWR)

    def note(event: str, about: Mapping[str, Any]) -> None:
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            connections.append(about["return_value"])
            if over.is_set():
                hang_up()

    timer = threading.Timer(seconds, hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield {"trace": note}
    except (httpx.HTTPError, OSError):
        if over.is_set():
            raise TimeoutError("the answer does not come to its end") from None
        raise
    finally:
        timer.cancel()
    if over.is_set():
        raise TimeoutError("the answer does not come to its end")


def _sort_of(address: str, ours: str = "") -> str:
    """What kind of address it is, of those where a customer's page has no business to send us; empty: any other."""
    there = ipaddress.ip_address(address.partition("%")[0])
    there = getattr(there, "ipv4_mapped", None) or there
    if there.is_loopback or there.is_unspecified or address == ours:
        return "this machine"
    return "near" if there.is_link_local or there.is_multicast or str(there) in METADATA else ""


def _may_follow(url: str, first: str) -> None:
    """Whether a redirect leads neither to this machine nor to what only its neighbours see, unless that is what was asked for.

    Raises:
        ValueError: it does. OSError: the name cannot be looked up.
    """
    there = socket.getaddrinfo(urlsplit(url).hostname or "", _port(url), type=socket.SOCK_STREAM)
    if any(_sort_of(str(address[0])) not in ("", first) for *_, address in there):
        raise ValueError(f"it leads to {_bare(url)[:80]}, which is not followed")


def _body(response: httpx.Response) -> bytes:
    """The beginning of the page. Packed answers were not asked for; one is unpacked here, and only so far, since little may become gigabytes."""
    body = bytearray()
    unpack = zlib.decompressobj(wbits=47) if response.headers.get("content-encoding", "").strip().lower() in PACKED else None
    try:
        for piece in response.iter_raw():
            body += unpack.decompress(piece, BYTES - len(body)) if unpack else piece
            if len(body) >= BYTES:
                break
    except zlib.error as problem:
        raise ValueError(f"it cannot be unpacked: {problem}") from None
    return bytes(body[:BYTES])


def _holds(body: bytes, text: str) -> bool:
    return any(text.encode(encoding, errors="replace") in body for encoding in ("utf-8", "gb18030"))


def _shown(body: bytes) -> str:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = body.decode("gb18030", errors="replace")
    return redact(" ".join("".join(letter if letter.isprintable() else " " for letter in text[:4 * BEGINNING]).split()))[:BEGINNING]


def _bare(url: str) -> str:
    """An address without what may be secret in it."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "...=..." if parts.query else "", ""))[:300]


def _without_encryption(url: str) -> str:
    """The same address by http, without its query, which may be secret; where https has a port of its own, http is asked at 80, as a browser would."""
    parts = urlsplit(url)
    if parts.scheme == "http":
        return url
    host = parts.hostname or ""
    return urlunsplit(("http", f"[{host}]" if ":" in host else host, parts.path, "", ""))


# --- the certificate ------------------------------------------------------------------------------------------------------

def _certificate(access: WebEndpoint) -> dict[str, Any]:
    host = urlsplit(access.url).hostname or ""
    with _encrypted(access, _lenient()) as connection:
        raw = connection.getpeercert(binary_form=True) or b""
    certificate = x509.load_der_x509_certificate(raw)
    names = _names(certificate)
    why = _not_trusted(access)
    key, fingerprint, digest = certificate.public_key(), hashlib.sha256(raw).hexdigest(), certificate.signature_hash_algorithm
    kinds = {"RSA": rsa.RSAPublicKey, "EC": ec.EllipticCurvePublicKey, "DSA": dsa.DSAPublicKey}
    return {"subject": certificate.subject.rfc4514_string()[:200], "issuer": certificate.issuer.rfc4514_string()[:200], "names": names[:NAMES],
            "not_before": certificate.not_valid_before_utc.isoformat(), "not_after": certificate.not_valid_after_utc.isoformat(),
            "key": next((name for name, kind in kinds.items() if isinstance(key, kind)), type(key).__name__.removesuffix("PublicKey")),
            "bits": getattr(key, "key_size", 256), "signature": digest.name if digest else "none", "fingerprint": fingerprint,
            "trusted": why is None, "why": why or "", "fits": fits(host, names), "pinned": fingerprint == access.pinned if access.pinned else None}


def _names(certificate: x509.Certificate) -> list[str]:
    """The names and addresses it is for; those of the subject count no more (RFC 9525)."""
    try:
        other = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [*map(str, other.get_values_for_type(x509.DNSName)), *map(str, other.get_values_for_type(x509.IPAddress))]


def fits(host: str, names: Sequence[str]) -> bool:
    """Whether a certificate for these names is one for this host. A star stands for one whole first label."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        wanted = host.casefold().rstrip(".")
        return any(name.casefold().rstrip(".") in (wanted, f"*.{wanted.partition('.')[2]}") for name in names)
    return str(address) in names


def _not_trusted(access: WebEndpoint) -> str | None:
    """Why nobody we trust has signed it; None: somebody has. Its times and its name are looked at elsewhere."""
    context = ssl.create_default_context(cafile=access.ca_file)
    context.check_hostname = False
    context.verify_flags |= WHENEVER
    try:
        with _encrypted(access, context):
            return None
    except ssl.SSLCertVerificationError as problem:
        return problem.verify_message
    except (ssl.SSLError, OSError) as problem:
        return _in_words(problem, access.timeout_s)


def _protocols(access: WebEndpoint) -> dict[str, Any]:
    with _encrypted(access, _lenient()) as connection:
        version, cipher = connection.version(), connection.cipher()
    return {"version": version or "?", "cipher": cipher[0] if cipher else "?", "old": _old_versions(access)}


def _old_versions(access: WebEndpoint) -> list[str] | None:
    accepted = []
    for version in OLD_VERSIONS:
        try:
            context = _lenient()
            context.minimum_version = context.maximum_version = version
        except (ValueError, ssl.SSLError):
            return None
        try:
            with _encrypted(access, context) as connection:
                accepted.append(str(connection.version()))
        except ssl.SSLError as problem:
            if "NO_PROTOCOLS_AVAILABLE" in str(problem) or "NO_CIPHERS_AVAILABLE" in str(problem):
                return None  # this machine's own OpenSSL does not know it any more
        except OSError:
            continue  # hung up on: not accepted
    return accepted


def _lenient() -> ssl.SSLContext:
    """Talks to whoever is there, by whatever means: looking is not trusting, and nothing secret is sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


@contextmanager
def _encrypted(access: WebEndpoint, context: ssl.SSLContext) -> Iterator[ssl.SSLSocket]:
    with _connected(access) as plain, context.wrap_socket(plain, server_hostname=urlsplit(access.url).hostname) as connection:
        yield connection


@contextmanager
def _connected(access: WebEndpoint) -> Iterator[socket.socket]:
    with socket.create_connection((urlsplit(access.url).hostname or "", _port(access.url)), timeout=access.timeout_s) as connection:
        yield connection


def _port(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or DEFAULT_PORTS[parts.scheme]


# --- what went wrong ------------------------------------------------------------------------------------------------------

def _in_words(problem: BaseException, timeout_s: float) -> str:
    """In words that need no language of their own: what the system says."""
    if isinstance(problem, TimeoutError | httpx.TimeoutException):
        return f"timeout, {timeout_s:g} s"
    if isinstance(problem, ssl.SSLError) and problem.reason:
        return f"TLS: {problem.reason.replace('_', ' ').lower()}"
    words = problem.strerror if isinstance(problem, OSError) and problem.strerror else str(problem)
    return redact(" ".join(words.split()))[:160] or type(problem).__name__


def _unreached(host: str, port: int, problem: OSError, timeout_s: float) -> Text:
    why = _in_words(problem, timeout_s)
    if isinstance(problem, socket.gaierror):
        return Text(zh=f"名称 {host} 无法解析({why});请检查网址与 DNS", en=f"the name {host} cannot be looked up ({why}); check the url and the DNS")
    return Text(zh=f"{host}:{port} 无法连接({why});请检查服务、网址与防火墙",
                en=f"{host}:{port} cannot be reached ({why}); check the service, the url and firewalls")
