"""WEB-05c The certificate's key and signature are strong enough (R127 其他设备和软件)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Limits, Row, WebCheck, ok, warning, whole
from tasks.checks.web import said, word

LEAST_BITS = {"RSA": 2048, "DSA": 2048, "EC": 224}
WEAK_DIGESTS = ("md2", "md4", "md5", "sha1")


def parse(output: str) -> tuple[str, int, str]:
    """Kind of key, its bits, digest of the signature."""
    found = said(output, "key", "bits", "signature")
    return word(found["key"], "the key"), whole(found["bits"], "the key's length"), word(found["signature"], "the signature")


def judge(answer: tuple[str, int, str], limits: Limits, known: Known) -> Iterator[Row]:
    key, bits, signature = answer
    if bits < LEAST_BITS.get(key, 0):
        yield warning(f"证书密钥过短:{key} {bits} 位", f"the certificate's key is too short: {key}, {bits} bits", value=bits, unit="bits")
    elif signature.lower().replace("-", "") in WEAK_DIGESTS:
        yield warning(f"证书签名算法过弱:{signature}", f"the certificate's signature is weak: {signature}")
    else:
        yield ok(f"证书密钥 {key} {bits} 位,签名 {signature}", f"key {key}, {bits} bits; signature {signature}", value=bits, unit="bits")


CHECK = WebCheck(
    id="WEB-05c",
    title=Text(zh="网站证书强度", en="Web certificate's strength"),
    asks="certificate",
    parse=parse,
    judge=judge,
    remedy=Text(zh="换用 RSA 2048 位以上或 ECDSA、SHA-256 签名的证书", en="Get a certificate with RSA of 2048 bits or more, or ECDSA, signed with SHA-256"),
    source="CA/Browser Forum Baseline Requirements 6.1.5",
)
