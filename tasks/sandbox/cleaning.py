"""The files of a host that bear secrets, made fit for its copy (R174). Pure but for randomness: tar bytes in, tar bytes out."""

from __future__ import annotations

import io
import re
import secrets
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass, field

from reports.records import Text
from tasks.sandbox.keys import KeyRing, NotOurs, public_line
from tasks.sandbox.masking import Replacements, lock_passwords, mask_text, replace_everywhere
from tasks.sandbox.reading import SINGLE_FILES, HostReading, SecretFile

SHADOWS = ("/etc/shadow", "/etc/gshadow", "/etc/shadow-", "/etc/gshadow-")
OWN_ADDRESS = b"@OWN-ADDRESS@"
_HOST_KEY = re.compile(r"/etc/ssh/ssh_host_\w+_key$")
_SAFE_KEY_PLACES = ("/etc/apt/", "/usr/share/", "/usr/local/share/keyrings/")


@dataclass
class Cleaned:
    """What goes into the copy in place of what stays away.

    put: file, content. without: paths that the system's stream must not hold (those of `put`, and those left out).
    masked, left_out: sentences without values. host_keys: the copy's public host keys.
    """

    put: list[tuple[SecretFile, bytes]] = field(default_factory=list)
    without: set[str] = field(default_factory=set)
    masked: list[Text] = field(default_factory=list)
    left_out: list[Text] = field(default_factory=list)
    host_keys: list[str] = field(default_factory=list)
    own_keys: str = ""  # the file with the key that the copy accepts
    replacements: Replacements = field(default_factory=Replacements)


def clean(stream: bytes, reading: HostReading, *, user: str, key_line: str) -> Cleaned:
    """Read the tar stream of the files that may bear secrets, and decide what becomes of each.

    user: the account that the copy is reached by; key_line: the public key that it then accepts.
    """
    done = Cleaned()
    ring, texts = KeyRing(), {}
    known = {file.path: file for file in reading.files}
    with tarfile.open(fileobj=io.BytesIO(stream), mode="r|", errorlevel=1) as archive:
        for member in archive:
            path = "/" + member.name.lstrip("./")
            if not member.isfile():
                continue
            file = known.get(path) or SecretFile(path, member.mode & 0o7777, member.uid, member.gid)
            known[path] = file
            texts[path] = archive.extractfile(member).read()
    own_keys = done.own_keys = _keys_file(reading, user)
    for path in SINGLE_FILES:  # the engine puts empty ones of its own over these; the copy's first process puts them back
        if path in texts:
            content = texts.pop(path)
            for address in reading.own_addresses if path == "/etc/hosts" else ():
                content = re.sub(rb"(?m)^" + re.escape(address.encode()) + rb"(?=[ \t])", OWN_ADDRESS, content)
            if path == "/etc/resolv.conf":  # no name server can be reached; without one, a look-up fails at once
                content = re.sub(rb"(?m)^(nameserver\s+(?!127\.|::1))", rb"# \1", content)
            _put(done, SecretFile(f"/.standfast{path}", known[path].mode, known[path].uid, known[path].gid), content)
    for path, content in sorted(texts.items()):
        _clean_one(done, ring, known[path], content, user)
    for path, content in sorted(texts.items()):  # certificates of the keys just replaced, wherever they lie
        if path in done.without or b"BEGIN CERTIFICATE" not in content:
            continue
        text, count = ring.recertify(content.decode(errors="surrogateescape"))
        if count:
            _put(done, known[path], text.encode(errors="surrogateescape"))
            done.masked.append(
                told(
                    path,
                    f"重新生成 {count} 张自签名证书，名称和有效期不变",
                    f"{count} certificate(s) made anew, self-signed, same names and dates",
                )
            )
    for index, (file, content) in enumerate(done.put):  # a key and its certificate in one file
        if b"BEGIN CERTIFICATE" in content:
            text, count = ring.recertify(content.decode(errors="surrogateescape"))
            if count:
                done.put[index] = (file, text.encode(errors="surrogateescape"))
    pairs = done.replacements.strong_pairs
    done.put = [(file, replace_everywhere(content, pairs)) for file, content in done.put]
    for path, content in sorted(texts.items()):
        if path not in done.without and (other := replace_everywhere(content, pairs)) != content:
            _put(done, known[path], other)
            done.masked.append(told(path, "出现于其他文件的敏感值", "a value known from another file"))
    for file in reading.files:
        if file.path not in texts and file.path not in done.without and file.path not in SINGLE_FILES:
            done.without.add(file.path)
            done.left_out.append(told(file.path, "无法检查", "could not be examined"))
    _put(done, SecretFile(own_keys, 0o600, reading.uid, reading.gid), key_line.encode() + b"\n")
    done.masked.append(told(own_keys, "副本专用密钥", "the copy's own key"))
    return done


def _keys_file(reading: HostReading, user: str) -> str:
    """Where sshd looks for the account's keys."""
    first = (
        reading.keys_files[0].replace("%h", reading.home).replace("%u", user).replace("%U", str(reading.uid)).replace("%%", "%")
    )
    return first if first.startswith("/") else f"{reading.home}/{first}"


def _put(done: Cleaned, file: SecretFile, content: bytes) -> None:
    done.put = [(other, kept) for other, kept in done.put if other.path != file.path]
    done.put.append((file, content))
    done.without.add(file.path)


def _leave_out(done: Cleaned, file: SecretFile, zh: str, en: str) -> None:
    done.without.add(file.path)
    done.left_out.append(told(file.path, zh, en))


def told(path: str, zh: str, en: str) -> Text:
    """What became of a file, or of a service, for the papers."""
    return Text(zh=f"{path}：{zh}", en=f"{path}: {en}")


def _clean_one(done: Cleaned, ring: KeyRing, file: SecretFile, content: bytes, user: str) -> None:
    path = file.path
    base = path.rpartition("/")[2]
    if path in SHADOWS:
        _put(done, file, lock_passwords(content.decode(errors="surrogateescape"), user).encode(errors="surrogateescape"))
        done.masked.append(told(path, "口令已锁定", "password hashes locked"))
        return
    if base in ("authorized_keys", "authorized_keys2") or "/authorized_keys" in path:
        _put(done, file, b"")
        done.masked.append(told(path, "已清空", "emptied"))
        return
    if b"\0" in content:
        if b"PRIVATE KEY-----" in content or (base.endswith(".key") and not path.startswith(_SAFE_KEY_PLACES)):
            _leave_out(done, file, "含密钥的二进制文件", "a binary file with a key")
        return
    text = content.decode(errors="surrogateescape")
    try:
        new, keys = ring.rekey(text)
    except NotOurs as problem:
        _leave_out(done, file, "无法识别的密钥", str(problem))
        return
    if re.search(
        r"BEGIN [A-Z0-9 ]*PRIVATE KEY-----", re.sub(r"(?s)-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----.*?-----END \1-----", "", new)
    ):
        _leave_out(done, file, "不完整的私钥", "a private key that is cut off")
        return
    if keys and _HOST_KEY.search(path):
        line = public_line(new)
        done.host_keys.append(line)
        _put(done, SecretFile(f"{path}.pub", 0o644, file.uid, file.gid), line.encode() + b"\n")
    new, names = mask_text(path, new, done.replacements)
    token = new.strip()
    if (
        base.endswith(".key")
        and not keys
        and not names
        and not path.startswith(_SAFE_KEY_PLACES)
        and "PUBLIC KEY" not in new
        and re.fullmatch(r"\S{8,}", token)
    ):
        new, names = new.replace(token, done.replacements.of(token)), ("key",)
    if new == text:
        return
    _put(done, file, new.encode(errors="surrogateescape"))
    zh = ([f"重新生成 {keys} 个私钥"] if keys else []) + ([f"已替换 {'、'.join(map(_zh, names))}"] if names else [])
    en = ([f"{keys} private key(s) made anew"] if keys else []) + ([", ".join(names) + " re-keyed"] if names else [])
    done.masked.append(told(path, "；".join(zh), "; ".join(en)))


def _zh(name: str) -> str:
    """The name under which a secret stood; those that are ours (see masking.find_secrets) in Chinese."""
    address = re.fullmatch(r"password in a (\S+) address", name)
    return f"{address[1]} 地址中的口令" if address else {"password hash": "口令散列", "password": "口令", "key": "密钥"}.get(name, name)


def pack(files: Iterable[tuple[SecretFile, bytes]], folders: Iterable[SecretFile] = (), now: int = 0) -> bytes:
    """A tar stream of files and folders with owner and mode; for `docker cp`."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for folder in folders:
            archive.addfile(_entry(folder, tarfile.DIRTYPE, now))
        for file, content in files:
            entry = _entry(file, tarfile.REGTYPE, now)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def _entry(file: SecretFile, kind: bytes, now: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(file.path.lstrip("/"))
    entry.type, entry.mode, entry.uid, entry.gid, entry.mtime = kind, file.mode, file.uid, file.gid, file.mtime or now
    return entry


def new_machine_id() -> bytes:
    return f"{secrets.token_hex(16)}\n".encode()
