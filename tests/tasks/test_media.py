import hashlib
import shutil
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tasks import media
from tasks.media import MediumRefused, obtain, stored

needs_gpg = pytest.mark.skipif(
    shutil.which("gpg") is None or shutil.which("gpgv") is None, reason="gpg and gpgv are not installed"
)
CONTENT = b"the release" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def archive(tmp_path) -> Path:
    path = tmp_path / "orders-1.1.0.tar.gz"
    path.write_bytes(CONTENT)
    return path


def left_over(store: Path) -> list[str]:
    return [path.name for path in store.rglob("*.part")]


def test_a_file_is_fetched_once_and_says_that_nobody_signed_it(archive, tmp_path):
    store = tmp_path / "store"
    got = obtain(str(archive), SHA256, "", "", store)
    assert (got.name, got.size, got.sha256, got.delivered, got.signature.en) == (
        archive.name,
        len(CONTENT),
        SHA256,
        "by us",
        "unsigned: checksum only",
    )
    assert stored(SHA256, store).read_bytes() == CONTENT
    archive.unlink()
    assert obtain(str(archive), SHA256.upper(), "", "", store) == got
    assert left_over(store) == []


def test_a_damaged_copy_in_the_store_is_fetched_anew(archive, tmp_path):
    obtain(str(archive), SHA256, "", "", tmp_path / "store")
    stored(SHA256, tmp_path / "store").write_bytes(b"damaged")
    obtain(str(archive), SHA256, "", "", tmp_path / "store")
    assert stored(SHA256, tmp_path / "store").read_bytes() == CONTENT


def test_the_checksum_comes_before_everything_else(archive, tmp_path):
    with pytest.raises(MediumRefused, match="it is not the file that was announced"):
        obtain(str(archive), "0" * 64, "/no/signature", "/no/keyring", tmp_path / "store")
    assert not list((tmp_path / "store").rglob("*"))


@pytest.mark.parametrize(
    ("source", "sha256", "signature", "keyring", "word"),
    [
        ("/no/such/file.tar.gz", SHA256, "", "", "No such file"),
        ("/", SHA256, "", "", "does not end in the name"),
        ("ftp://vendor.example/a.tar.gz", SHA256, "", "", "neither a path nor"),
        ("x.tar.gz", "abc", "", "", "64 hexadecimal digits"),
        ("x.tar.gz", SHA256, "x.asc", "", "no keyring"),
        ("http://me:geheim@vendor.example/a.tar.gz", SHA256, "", "", "carries a password"),
        ("http://127.0.0.1:9/a.tar.gz", SHA256, "", "", "cannot be reached"),
    ],
)
def test_what_cannot_be_had_is_one_sentence(tmp_path, source, sha256, signature, keyring, word):
    with pytest.raises(MediumRefused, match=word) as refused:
        obtain(source, sha256, signature, keyring, tmp_path / "store")
    assert "\n" not in str(refused.value) and "geheim" not in str(refused.value)


def test_a_store_that_cannot_be_written(archive, tmp_path):
    (tmp_path / "store").write_text("a file")
    with pytest.raises(MediumRefused, match="cannot be written"):
        obtain(str(archive), SHA256, "", "", tmp_path / "store")


def test_what_is_not_stored_is_said(tmp_path):
    with pytest.raises(MediumRefused, match="has no file with the SHA-256"):
        stored(SHA256, tmp_path)


class Vendor(BaseHTTPRequestHandler):
    def do_GET(self):
        path = self.path.partition("?")[0]
        if path == "/moved.tar.gz":
            self.send_response(302)
            self.send_header("Location", "/orders.tar.gz")
            self.end_headers()
        elif path == "/file.tar.gz":
            self.send_response(302)
            self.send_header("Location", "ftp://vendor.example/etc/passwd")
            self.end_headers()
        elif path in ("/orders.tar.gz", "/cut.tar.gz", "/slow.tar.gz"):
            self.send_response(200)
            self.send_header("Content-Length", str(len(CONTENT)))
            self.end_headers()
            if path == "/slow.tar.gz":
                for byte in CONTENT[:40]:
                    try:
                        self.wfile.write(bytes([byte]))
                        self.wfile.flush()
                    except OSError:
                        return
                    time.sleep(0.1)
                return
            self.wfile.write(CONTENT if path == "/orders.tar.gz" else CONTENT[:100])
        else:
            self.send_error(404)

    def log_message(self, *_):
        pass


@pytest.fixture
def vendor():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Vendor)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_fetching_over_http(vendor, tmp_path):
    got = obtain(f"{vendor}/moved.tar.gz?token=geheim", SHA256, "", "", tmp_path)
    assert got.name == "moved.tar.gz" and "geheim" not in got.source and stored(SHA256, tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("/none.tar.gz", "answers 404"),
        ("/cut.tar.gz", "broke off after 100"),
        ("/file.tar.gz", "less safe"),
        ("/slow.tar.gz", "was not here after 1 s"),
    ],
)
def test_a_vendors_server_that_fails(vendor, tmp_path, path, word):
    with pytest.raises(MediumRefused, match=word):
        obtain(vendor + path, SHA256, "", "", tmp_path, time_limit_s=1)
    assert not list(tmp_path.rglob("*"))


def test_a_file_that_is_too_large(vendor, archive, tmp_path):
    for source in (f"{vendor}/orders.tar.gz", str(archive)):
        with pytest.raises(MediumRefused, match="larger than the limit"):
            obtain(source, SHA256, "", "", tmp_path / "store", size_limit_bytes=1000)


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """Two keyrings, and a function that signs with the key of one of them."""
    home = tmp_path_factory.mktemp("gpg")
    home.chmod(0o700)

    def gpg(*arguments: str) -> None:
        subprocess.run(
            ["gpg", "--homedir", home, "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "", *arguments],
            check=True,
            capture_output=True,
            timeout=60,
        )

    for name in ("vendor", "stranger"):
        gpg("--quick-generate-key", f"{name} <{name}@example.com>", "ed25519", "sign", "1y")
        gpg("--output", str(home / f"{name}.gpg"), "--export", name)
        gpg("--armor", "--output", str(home / f"{name}.asc"), "--export", name)
    gpg("--faked-system-time", "20200101T000000", "--quick-generate-key", "late <late@example.com>", "ed25519", "sign", "1d")
    gpg("--output", str(home / "late.gpg"), "--export", "late")

    def sign(path: Path, name: str, *more: str) -> Path:
        signature = path.with_name(f"{name}.sig.asc")
        gpg("--yes", "--armor", "--local-user", name, "--output", str(signature), *more, "--detach-sign", str(path))
        return signature

    yield home, sign
    subprocess.run(["gpgconf", "--homedir", home, "--kill", "gpg-agent"], check=False, capture_output=True, timeout=30)


@needs_gpg
@pytest.mark.parametrize("keyring", ["vendor.gpg", "vendor.asc"])
def test_a_good_signature_names_its_signer(archive, tmp_path, keys, keyring):
    home, sign = keys
    got = obtain(str(archive), SHA256, str(sign(archive, "vendor")), str(home / keyring), tmp_path / "store")
    assert got.signature.en.startswith("OpenPGP: vendor <vendor@example.com>, key ") and keyring in got.signature.en
    assert stored(SHA256, tmp_path / "store").read_bytes() == CONTENT
    assert left_over(tmp_path / "store") == []


@needs_gpg
def test_signatures_that_are_not_good(archive, tmp_path, keys):
    home, sign = keys
    store = tmp_path / "store"
    with pytest.raises(MediumRefused, match="not in the keyring"):
        obtain(str(archive), SHA256, str(sign(archive, "stranger")), str(home / "vendor.gpg"), store)
    other = tmp_path / "other"
    other.write_bytes(b"another file")
    with pytest.raises(MediumRefused, match="does not fit"):
        obtain(str(archive), SHA256, str(sign(other, "vendor")), str(home / "vendor.gpg"), store)
    nonsense = tmp_path / "nonsense.asc"
    nonsense.write_text("no signature")
    with pytest.raises(MediumRefused, match="cannot be checked"):
        obtain(str(archive), SHA256, str(nonsense), str(home / "vendor.gpg"), store)
    with pytest.raises(MediumRefused, match="keyring .* cannot be read|cannot be checked"):
        obtain(str(archive), SHA256, str(sign(archive, "vendor")), str(home / "none.asc"), store)
    late = sign(archive, "late", "--faked-system-time", "20200101T010000")
    with pytest.raises(MediumRefused, match="key that has expired"):
        obtain(str(archive), SHA256, str(late), str(home / "late.gpg"), store)
    assert left_over(store) == []


@needs_gpg
def test_a_machine_without_gpgv_says_so(archive, tmp_path, keys, monkeypatch):
    home, sign = keys
    signature = sign(archive, "vendor")
    monkeypatch.setattr(media.shutil, "which", lambda name: None)
    with pytest.raises(MediumRefused, match="has no gpgv"):
        obtain(str(archive), SHA256, str(signature), str(home / "vendor.gpg"), tmp_path / "store")
