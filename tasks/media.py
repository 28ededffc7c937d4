"""Files from vendors: fetched once, checked before anything else is done with them, kept (R173).

The store is a folder; each file lies in `<store>/<sha256>/<name>`, its signature beside it as `<name>.asc`.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import os
import re
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from reports.records import Medium, Text
from tasks.errors import ProcedureError

SIZE_LIMIT_BYTES = 4 * 1024**3
SIGNATURE_LIMIT_BYTES = 1024**2
TIME_LIMIT_S = 1800.0
SILENCE_LIMIT_S = 30.0  # a vendor's server that sends nothing for so long is given up
UNSIGNED = Text(zh="没有签名，仅核对校验值", en="unsigned: checksum only")
PIECE = 1024**2


class MediumRefused(ProcedureError):
    """A vendor's file could not be had, or is not what it should be. Nothing of it is used."""


def obtain(
    source: str,
    sha256: str,
    signature: str,
    keyring: str,
    store: Path,
    *,
    size_limit_bytes: int = SIZE_LIMIT_BYTES,
    time_limit_s: float = TIME_LIMIT_S,
) -> Medium:
    """The vendor's file in the store: fetched if it is not there, its checksum and then its signature checked.

    source, signature: a path on this machine or an http(s) address; signature may be empty: then the medium says "unsigned".
    keyring: the OpenPGP keys that may sign, as a file (binary or armoured).

    Raises MediumRefused with one sentence: not to be had, too large, other checksum, signature missing or not fitting.
    """
    sha256 = sha256.lower()
    if not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise MediumRefused(f"{sha256!r} is no SHA-256; it has 64 hexadecimal digits", f"{sha256!r} 不是 SHA-256；应为 64 位十六进制数")
    if signature and not keyring:
        raise MediumRefused(
            "a signature is given, but no keyring that may sign; give the vendor's keyring",
            "给出了签名，但没有给出可信的公钥环；请提供厂商的公钥环",
        )
    name = _name_of(source)
    folder = store / sha256
    path = _kept(store, sha256)
    if path is not None and _digest(path) != sha256:
        path.unlink()  # the store's disk has damaged it; it is fetched anew
        path = None
    if path is None:
        path = folder / name
        with _beside(path) as part:
            _fetch(source, part, size_limit_bytes, time_limit_s)
            if (found := _digest(part)) != sha256:
                raise MediumRefused(
                    f"{_shown(source)} has the SHA-256 {found}, not {sha256} ({part.stat().st_size} bytes): "
                    "it is not the file that was announced; ask the vendor",
                    f"{_shown(source)} 的 SHA-256 为 {found}，而非 {sha256}（{part.stat().st_size} 字节）："
                    "不是所公布的文件；请联系厂商",
                )
            part.replace(path)
        _settle(folder)
    vouched = UNSIGNED
    if signature:
        sheet = path.with_name(path.name + ".asc")
        with _beside(sheet) as part:
            _fetch(signature, part, SIGNATURE_LIMIT_BYTES, time_limit_s)
            vouched = _signed_by(path, part, Path(keyring))
            part.replace(sheet)
        _settle(folder)
    return Medium(
        name=path.name, source=_shown(source), size=path.stat().st_size, sha256=sha256, signature=vouched, delivered="by us"
    )


def stored(sha256: str, store: Path) -> Path:
    """Where the file of this checksum lies in that folder. Raises MediumRefused if it is not there."""
    path = _kept(store, sha256)
    if path is None:
        raise MediumRefused(
            f"the store {store} has no file with the SHA-256 {sha256}; plan the change again to fetch it",
            f"介质库 {store} 中没有 SHA-256 为 {sha256} 的文件；请重新编制方案以获取",
        )
    return path


def _kept(store: Path, sha256: str) -> Path | None:
    folder = store / sha256
    if not folder.is_dir():
        return None
    return next((path for path in sorted(folder.iterdir()) if path.is_file() and not path.name.endswith((".asc", ".part"))), None)


def _name_of(source: str) -> str:
    """A name that is safe as a file's name on every host."""
    last = unquote(urlsplit(source).path) if _is_address(source) else source
    name = re.sub(r"[^0-9A-Za-z._+~-]", "_", last.rstrip("/").rpartition("/")[2]).lstrip(".-")[-120:]
    if not name or name.endswith((".asc", ".part")):
        raise MediumRefused(
            f"{_shown(source)} does not end in the name of a file that can be installed",
            f"{_shown(source)} 末尾不是可安装的文件名",
        )
    return name


def _is_address(source: str) -> bool:
    return "://" in source


def _shown(source: str) -> str:
    """The source as it may be written into a plan: without a query, which can carry a secret."""
    if not _is_address(source):
        return source
    parts = urlsplit(source)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "…" if parts.query else "", ""))


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A file to write that becomes `path` by rename, or goes away."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
        os.close(handle)
    except OSError as problem:
        raise MediumRefused(
            f"the media store {path.parent} cannot be written: {problem.strerror}",
            f"介质库 {path.parent} 无法写入：{problem.strerror}",
        ) from problem
    part = Path(name)
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)
        if not any(path.parent.iterdir()):
            path.parent.rmdir()


def _settle(folder: Path) -> None:
    """The folder's entries reach the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows a redirect to http(s) only, and never from https to http."""

    max_redirections = 5

    def redirect_request(self, request, answer, code, message, headers, address):
        scheme = urlsplit(address).scheme
        if scheme not in ("http", "https") or (request.type == "https" and scheme != "https"):
            raise MediumRefused(
                f"{_shown(request.full_url)} leads on to {_shown(address)}, which is less safe; give that address yourself",
                f"{_shown(request.full_url)} 转向安全性更低的 {_shown(address)}；如确需使用，请直接填写该地址",
            )
        return super().redirect_request(request, answer, code, message, headers, address)


def _fetch(source: str, part: Path, size_limit_bytes: int, time_limit_s: float) -> None:
    if _is_address(source):
        parts = urlsplit(source)
        if parts.scheme not in ("http", "https"):
            raise MediumRefused(
                f"{_shown(source)} is neither a path nor an http(s) address",
                f"{_shown(source)} 既不是路径，也不是 http(s) 地址",
            )
        if "@" in parts.netloc:
            raise MediumRefused(
                f"the address {_shown(source)} carries a password; fetch the file yourself and give its path",
                f"地址 {_shown(source)} 中带有口令；请自行下载文件并填写其路径",
            )
    give_up = time.monotonic() + time_limit_s
    try:
        if _is_address(source):
            opener = urllib.request.build_opener(_SafeRedirects)
            reader = opener.open(urllib.request.Request(source, headers={"User-Agent": "standfast"}), timeout=SILENCE_LIMIT_S)
        else:
            reader = open(source, "rb")
    except urllib.error.HTTPError as problem:
        raise MediumRefused(
            f"{_shown(source)} answers {problem.code} {problem.reason}; check the address",
            f"{_shown(source)} 返回 {problem.code} {problem.reason}；请检查地址",
        ) from problem
    except (urllib.error.URLError, http.client.HTTPException, ValueError) as problem:
        raise MediumRefused(
            f"{_shown(source)} cannot be reached: {getattr(problem, 'reason', problem)}",
            f"{_shown(source)} 无法访问：{getattr(problem, 'reason', problem)}",
        ) from problem
    except OSError as problem:
        raise MediumRefused(
            f"{_shown(source)} cannot be read: {problem.strerror or problem}",
            f"{_shown(source)} 无法读取：{problem.strerror or problem}",
        ) from problem
    with reader, part.open("wb") as file:
        size = 0
        while True:
            try:
                piece = reader.read1(PIECE) if hasattr(reader, "read1") else reader.read(PIECE)
            except (OSError, http.client.HTTPException) as problem:
                raise MediumRefused(
                    f"{_shown(source)} broke off after {size} bytes: {problem}; try again",
                    f"{_shown(source)} 在传输 {size} 字节后中断：{problem}；请重试",
                ) from problem
            if not piece:
                break
            size += len(piece)
            if size > size_limit_bytes:
                raise MediumRefused(
                    f"{_shown(source)} is larger than the limit of {size_limit_bytes} bytes",
                    f"{_shown(source)} 超过 {size_limit_bytes} 字节的上限",
                )
            if time.monotonic() > give_up:
                raise MediumRefused(
                    f"{_shown(source)} was not here after {time_limit_s:.0f} s ({size} bytes); try again or give a path",
                    f"{_shown(source)} 在 {time_limit_s:.0f} 秒内未下载完（已收到 {size} 字节）；请重试，或填写本地路径",
                )
            try:
                file.write(piece)
            except OSError as problem:
                raise MediumRefused(
                    f"the media store {part.parent.parent} cannot be written: {problem.strerror}",
                    f"介质库 {part.parent.parent} 无法写入：{problem.strerror}",
                ) from problem
        announced = reader.headers.get("Content-Length") if _is_address(source) else None
        if announced and announced.isdigit() and size < int(announced):
            raise MediumRefused(
                f"{_shown(source)} broke off after {size} of {announced} bytes; try again",
                f"{_shown(source)} 在传输 {announced} 字节中的 {size} 字节后中断；请重试",
            )
        if not size:
            raise MediumRefused(f"{_shown(source)} is empty", f"{_shown(source)} 是空文件")
        try:
            file.flush()
            os.fsync(file.fileno())
        except OSError as problem:
            raise MediumRefused(
                f"the media store {part.parent.parent} cannot be written: {problem.strerror}",
                f"介质库 {part.parent.parent} 无法写入：{problem.strerror}",
            ) from problem


def _binary_keyring(keyring: Path, folder: Path) -> Path:
    """gpgv reads binary keyrings only; an armoured one is taken out of its armour."""
    try:
        content = keyring.read_bytes()
    except OSError as problem:
        raise MediumRefused(
            f"the vendor's keyring {keyring} cannot be read: {problem.strerror}",
            f"厂商公钥环 {keyring} 无法读取：{problem.strerror}",
        ) from problem
    if not content.startswith(b"-----BEGIN PGP"):
        return keyring.absolute()
    blocks = re.findall(
        rb"-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n(?:[^\r\n]+: [^\r\n]*\r?\n)*\r?\n(.*?)\r?\n(?:=[^\r\n]{4}\r?\n)?-----END",
        content,
        re.S,
    )
    bare = folder / "keyring.gpg"
    try:
        bare.write_bytes(b"".join(base64.b64decode(block) for block in blocks))
    except ValueError as problem:
        raise MediumRefused(f"the vendor's keyring {keyring} is damaged", f"厂商公钥环 {keyring} 已损坏") from problem
    return bare


def _signed_by(path: Path, signature: Path, keyring: Path) -> Text:
    """Who signed the file, in words that can be checked again.

    Raises MediumRefused if nobody of the keyring did, or the signature or its key is no longer good.
    """
    if shutil.which("gpgv") is None:
        raise MediumRefused(
            "this machine has no gpgv to check the vendor's signature with; install the package gpgv",
            "本机没有用于核对厂商签名的 gpgv；请安装软件包 gpgv",
        )
    with tempfile.TemporaryDirectory() as home:
        command = [
            "gpgv",
            "--homedir",
            home,
            "--status-fd",
            "1",
            "--keyring",
            str(_binary_keyring(keyring, Path(home))),
            str(signature),
            str(path),
        ]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=600,
                check=False,
                env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"},
            )
        except subprocess.TimeoutExpired as problem:
            raise MediumRefused(
                f"checking the signature of {path.name} took more than 600 s",
                f"核对 {path.name} 的签名超过 600 秒",
            ) from problem
    said = {}
    for line in done.stdout.splitlines():
        words = line.removeprefix("[GNUPG:] ").split(" ", 1)
        said.setdefault(words[0], words[1] if len(words) > 1 else "")
    if "BADSIG" in said:
        raise MediumRefused(
            f"the signature does not fit {path.name}: the file or the signature was altered; ask the vendor",
            f"签名与 {path.name} 不符：文件或签名被改动；请联系厂商",
        )
    for word, reason, zh in (
        ("REVKEYSIG", "was made with a key that is revoked", "所用密钥已吊销"),
        ("EXPKEYSIG", "was made with a key that has expired", "所用密钥已过期"),
        ("EXPSIG", "has expired", "已过期"),
    ):
        if word in said:
            raise MediumRefused(
                f"the signature of {path.name} {reason} ({said[word]}); ask the vendor for a new one",
                f"{path.name} 的签名{zh}（{said[word]}）；请向厂商索取新的签名",
            )
    if "NO_PUBKEY" in said:
        raise MediumRefused(
            f"{path.name} was signed with the key {said['NO_PUBKEY']}, which is not in the keyring {keyring}; "
            "do not use it unless the vendor confirms that key",
            f"{path.name} 由密钥 {said['NO_PUBKEY']} 签名，该密钥不在公钥环 {keyring} 中；未经厂商确认不得使用",
        )
    if done.returncode != 0 or "GOODSIG" not in said or "VALIDSIG" not in said:
        last = (done.stderr.strip().splitlines() or ["gpgv says nothing"])[-1]
        raise MediumRefused(
            f"the signature of {path.name} cannot be checked against {keyring}: {last}",
            f"无法用 {keyring} 核对 {path.name} 的签名：{last}",
        )
    fingerprint, day = said["VALIDSIG"].split()[:2]
    signer = said["GOODSIG"].partition(" ")[2]
    return Text(
        zh=f"OpenPGP：{signer}，密钥 {fingerprint}，签名日期 {day}，已用 gpgv 对照 {keyring.name} 核对",
        en=f"OpenPGP: {signer}, key {fingerprint}, signed on {day}, checked with gpgv against {keyring.name}",
    )
