"""Web endpoints, looked at for real: small servers of this test, plain and with certificates that are well, past, or of somebody else."""

from __future__ import annotations

import gzip
import hashlib
import ipaddress
import ssl
import threading
import time
import tracemalloc
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from blocks import WebEndpoint
from tasks.checks.catalogue import limits_for, web_checks
from tasks.checks.kinds import Known
from tasks.endpoints import _sort_of, _without_encryption, fits, read_endpoint

PAGE = "<html>订单系统 orders</html>"
BOMB = gzip.compress(gzip.compress(bytes(64 << 20)))


class Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/slow":
            time.sleep(1.2)
        if path == "/drip":
            return self._drip()
        if path == "/head":
            return self._drip(b"HTTP/1.1 200 OK\r\nX: ")
        if path in ("/packed", "/bomb"):
            return self._packed(path == "/bomb")
        to = {"/moved": "/", "/round": "/round", "/away": "https://elsewhere.example/", "/strange": "gopher://x/",
              "/near": "http://169.254.169.254/latest/", "/cloud": "http://100.100.100.200/",
              "/mapped": "http://[::ffff:169.254.169.254]/"}.get(path)
        body = {"/gbk": PAGE.encode("gb18030"), "/long": b"x" * (2 << 20)}.get(path, PAGE.encode())
        self.send_response(302 if to else 503 if path == "/broken" else 200)
        if to:
            self.send_header("Location", f"{to}?token=geheim")
        self.send_header("Strict-Transport-Security", "max-age=31536000")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _packed(self, twice: bool) -> None:
        """As nobody asked for it: packed, or much in a few letters."""
        body = BOMB if twice else gzip.compress(PAGE.encode())
        self.send_response(200)
        self.send_header("Content-Encoding", "gzip, gzip" if twice else "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _drip(self, head: bytes = b"") -> None:
        if head:
            self.wfile.write(head)
        else:
            self.send_response(200)
            self.end_headers()
        try:
            for _ in range(40):
                self.wfile.write(b"x")
                time.sleep(0.1)
        except OSError:
            pass

    def log_message(self, *_: object) -> None:
        pass


class Servers:
    """Servers on ports of their own, ended with the test."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.running = folder, []

    def plain(self) -> int:
        return self._run(ThreadingHTTPServer(("127.0.0.1", 0), Pages))

    def encrypted(self, certificate: x509.Certificate, key, oldest=ssl.TLSVersion.TLSv1_2, newest=ssl.TLSVersion.TLSv1_3) -> int:
        file = self.folder / f"{len(self.running)}.pem"
        file.write_bytes(certificate.public_bytes(Encoding.PEM) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version, context.maximum_version = oldest, newest
        context.load_cert_chain(file)
        server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        server.handle_error = lambda *_: None  # whoever is refused hangs up
        return self._run(server)

    def _run(self, server: ThreadingHTTPServer) -> int:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        self.running.append(server)
        return server.server_address[1]


@pytest.fixture
def servers(tmp_path):
    there = Servers(tmp_path)
    yield there
    for server in there.running:
        server.shutdown()
        server.server_close()


def certificate(days: float = 90, names: tuple[str, ...] = ("127.0.0.1",), issuer=None, key=None, digest=None, ca: bool = False):
    """A certificate that runs out in so many days, signed by itself or by issuer (certificate, key); returns it with its key."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bureau CA" if ca else "orders")])
    now = datetime.now(UTC)
    builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer[0].subject if issuer else subject).public_key(key.public_key())
               .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=400)).not_valid_after(now + timedelta(days=days))
               .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
               .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False))
    if issuer:
        builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer[0].public_key()), critical=False)
    if names:
        general = [x509.IPAddress(ipaddress.ip_address(name)) if name[0].isdigit() else x509.DNSName(name) for name in names]
        builder = builder.add_extension(x509.SubjectAlternativeName(general), critical=False)
    return builder.sign(issuer[1] if issuer else key, digest or hashes.SHA256()), key


def look(url: str, **more) -> tuple[dict[str, tuple[str, str]], str]:
    """By check: outcome and words; and the evidence."""
    checks = web_checks()
    endpoint = WebEndpoint(name="page", customer="bureau", url=url, **{"timeout_s": 5, **more})
    read, raw = read_endpoint(endpoint, checks, {c.id: limits_for(c) for c in checks}, lambda _: Known(now=datetime.now(UTC)))
    assert read.kind == "web" and bool(read.rows) != bool(read.problem)
    if read.problem:
        return {"": ("not reached", read.problem.en)}, raw
    assert {row.check for row in read.rows} == {check.id for check in checks}
    return {row.check: (row.outcome.value, row.says.en) for row in read.rows}, raw


def grades(said: dict[str, tuple[str, str]]) -> dict[str, str]:
    return {check: outcome for check, (outcome, _) in said.items()}


def test_a_plain_page_that_is_well(servers):
    said, raw = look(f"http://127.0.0.1:{servers.plain()}/?token=geheim", text="订单系统")
    assert grades(said) == {"WEB-01": "ok", "WEB-02": "ok", "WEB-03": "ok", "WEB-04": "ok", "WEB-05a": "not applicable", "WEB-05b": "not applicable",
                            "WEB-05c": "not applicable", "WEB-06": "not applicable", "WEB-07": "not applicable"}
    assert "without encryption" in said["WEB-04"][1] and 'page\nurl "http' in raw and "geheim" not in raw


@pytest.mark.parametrize(("path", "more", "check", "outcome", "says"), [
    ("/broken", {}, "WEB-01", "critical", "it answers 503; 200 is expected"),
    ("/broken", {"status": 503}, "WEB-01", "ok", "it answers 503"),
    ("/moved", {}, "WEB-01", "ok", "it answers 200"),
    ("/moved", {"status": 302}, "WEB-01", "ok", "it answers 302"),
    ("/moved", {}, "WEB-03", "ok", "over 1 redirects"),
    ("/round", {}, "WEB-01", "critical", "more than 5 redirects"),
    ("/strange", {}, "WEB-01", "critical", "it leads to gopher://x/"),
    ("/away", {"timeout_s": 2}, "WEB-04", "ok", "leads to https"),
    ("/", {"text": "维护"}, "WEB-02", "critical", '"维护" does not stand in the answer'),
    ("/", {}, "WEB-02", "not applicable", "expects no text"),
    ("/gbk", {"text": "订单系统"}, "WEB-02", "ok", "stands in the answer"),
    ("/slow", {"limits": {}}, "WEB-03", "ok", "it takes 1."),
    ("/slow", {"timeout_s": 0.4}, "WEB-01", "critical", "there is no answer: timeout, 0.4 s"),
    ("/slow", {"timeout_s": 0.4}, "WEB-03", "unknown", "timeout, 0.4 s"),
    ("/drip", {"timeout_s": 0.4}, "WEB-01", "critical", "there is no answer: timeout"),
    ("/head", {"timeout_s": 0.4}, "WEB-01", "critical", "there is no answer: timeout"),
    ("/long", {"text": "y"}, "WEB-02", "critical", "does not stand"),
    ("/packed", {"text": "订单系统"}, "WEB-02", "ok", "stands in the answer"),
    ("/near", {}, "WEB-01", "critical", "it leads to http://169.254.169.254/latest/?...=..., which is not followed"),
    ("/cloud", {}, "WEB-01", "critical", "which is not followed"),
    ("/mapped", {}, "WEB-01", "critical", "which is not followed"),
])
def test_what_may_be_wrong_with_a_page(servers, path, more, check, outcome, says):
    said, raw = look(f"http://127.0.0.1:{servers.plain()}{path}", **more)
    assert said[check][0] == outcome and says in said[check][1], said[check]
    assert "geheim" not in raw + str(said)


@pytest.mark.parametrize("path", ["/drip", "/head"])
def test_a_server_that_never_ends_holds_nobody_up(servers, path):
    url, began = f"http://127.0.0.1:{servers.plain()}{path}", time.monotonic()
    look(url, timeout_s=0.4)
    assert time.monotonic() - began < 3  # the page, and the page without encryption; each takes 4 s and has 0.8 s


def test_a_small_answer_that_unpacks_to_much_takes_no_memory(servers):
    tracemalloc.start()
    try:
        said, _ = look(f"http://127.0.0.1:{servers.plain()}/bomb")
        assert said["WEB-01"][0] == "ok" and tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("there", "sort"), [("127.0.0.1", "this machine"), ("::1", "this machine"), ("0.0.0.0", "this machine"), ("fe80::1%eth0", "near"),
                                             ("::ffff:127.0.0.1", "this machine"), ("192.0.2.9", "this machine"), ("192.0.2.1", ""), ("10.0.0.1", "")])
def test_where_a_redirect_may_not_lead(there, sort):
    assert _sort_of(there, ours="192.0.2.9") == sort


def test_a_query_is_not_sent_without_encryption():
    assert _without_encryption("https://orders.example:8443/health?key=geheim") == "http://orders.example/health"


def test_a_certificate_with_a_key_of_a_kind_that_nobody_knows_is_unknown(servers, monkeypatch):
    def strange(*_: object) -> None:
        raise UnsupportedAlgorithm("an unknown key")
    monkeypatch.setattr("tasks.endpoints._names", strange)
    said, _ = look(f"https://127.0.0.1:{servers.encrypted(*certificate())}/")
    assert said["WEB-05b"] == ("unknown", "it could not be read: an unknown key") and said["WEB-01"][0] == "ok"


def test_an_endpoint_that_is_not_there_is_not_reached(servers):
    assert "127.0.0.1:9 cannot be reached" in look("http://127.0.0.1:9/")[0][""][1]
    assert "the name nowhere.invalid cannot be looked up" in look("https://nowhere.invalid/")[0][""][1]


def test_a_certificate_of_our_own_ca(servers, tmp_path):
    ca = certificate(ca=True, names=())
    (tmp_path / "ca.pem").write_bytes(ca[0].public_bytes(Encoding.PEM))
    said, raw = look(f"https://127.0.0.1:{servers.encrypted(*certificate(issuer=ca))}/", ca_file=str(tmp_path / "ca.pem"))
    assert grades(said) == {"WEB-01": "ok", "WEB-02": "not applicable", "WEB-03": "ok", "WEB-04": "ok", "WEB-05a": "ok", "WEB-05b": "ok", "WEB-05c": "ok",
                            "WEB-06": "ok", "WEB-07": "ok"}
    assert "trusted, and its name fits" in said["WEB-05b"][1] and 'version "TLSv1.3"' in raw and "names [\"127.0.0.1\"]" in raw


@pytest.mark.parametrize(("made", "check", "outcome", "says"), [
    (dict(days=-3), "WEB-05a", "critical", "ran out 3 days ago"),
    (dict(days=3.5), "WEB-05a", "critical", "runs out in 3 days"),
    (dict(days=20), "WEB-05a", "warning", "runs out in 20 days"),
    (dict(days=-3), "WEB-05b", "ok", "trusted"),  # its end is one finding, not two
    (dict(names=("orders.example",)), "WEB-05b", "warning", "not for this address, but for orders.example"),
    (dict(names=()), "WEB-05b", "warning", "but for nothing"),
    (dict(key=rsa.generate_private_key(65537, 1024)), "WEB-05c", "warning", "RSA, 1024 bits"),
])
def test_a_certificate_is_judged_also_where_it_is_no_good(servers, tmp_path, made, check, outcome, says):
    ca = certificate(ca=True, names=())
    (tmp_path / "ca.pem").write_bytes(ca[0].public_bytes(Encoding.PEM))
    said, _ = look(f"https://127.0.0.1:{servers.encrypted(*certificate(issuer=ca, **made))}/", ca_file=str(tmp_path / "ca.pem"), text="订单系统")
    assert said[check][0] == outcome and says in said[check][1], said[check]
    assert said["WEB-01"][0] == said["WEB-02"][0] == "ok"  # the page is read all the same


def test_a_certificate_that_nobody_signed_may_be_pinned(servers):
    one, other = certificate(names=("orders.example",)), certificate()
    port = servers.encrypted(*one)
    pinned = hashlib.sha256(one[0].public_bytes(Encoding.DER)).hexdigest()
    assert look(f"https://127.0.0.1:{port}/")[0]["WEB-05b"] == ("warning", "the certificate is not trusted: self-signed certificate")
    assert look(f"https://127.0.0.1:{port}/", pinned=pinned)[0]["WEB-05b"][0] == "ok"
    assert look(f"https://127.0.0.1:{servers.encrypted(*other)}/", pinned=pinned)[0]["WEB-05b"] == ("critical", "the certificate is not the pinned one")


def test_old_versions_of_tls_are_found(servers):
    made = certificate()
    said = look(f"https://127.0.0.1:{servers.encrypted(*made, oldest=ssl.TLSVersion.TLSv1)}/")[0]["WEB-06"]
    assert said == ("warning", "it still accepts TLSv1, TLSv1.1")
    said = look(f"https://127.0.0.1:{servers.encrypted(*made, oldest=ssl.TLSVersion.TLSv1, newest=ssl.TLSVersion.TLSv1_1)}/")[0]
    assert said["WEB-06"] == ("warning", "it knows nothing newer than TLSv1.1") and said["WEB-01"][0] == "ok"


def test_a_port_that_speaks_no_tls_is_said(servers):
    said, _ = look(f"https://127.0.0.1:{servers.plain()}/")
    assert said["WEB-01"][0] == "critical" and said["WEB-05a"][0] == said["WEB-06"][0] == said["WEB-07"][0] == "unknown", said


@pytest.mark.parametrize(("host", "names", "does"), [
    ("orders.example", ["ORDERS.example"], True), ("a.orders.example", ["*.orders.example"], True), ("orders.example", ["*.orders.example"], False),
    ("a.b.orders.example", ["*.orders.example"], False), ("192.0.2.1", ["192.0.2.1"], True), ("192.0.2.1", ["*.0.2.1"], False),
    ("2001:db8:0::1", ["2001:db8::1"], True), ("x.example", [], False), ("example", ["*."], False),
])
def test_names_of_certificates(host, names, does):
    assert fits(host, names) is does
