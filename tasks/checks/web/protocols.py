"""WEB-06 Old versions of TLS are not accepted (R127 其他设备和软件)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Limits, Row, Unreadable, WebCheck, ok, unknown, warning
from tasks.checks.lines import listed
from tasks.checks.web import said, word

OLD = ("SSLv2", "SSLv3", "TLSv1", "TLSv1.1")


def parse(output: str) -> tuple[str, str, list[str] | None]:
    """Version and cipher that were agreed on, and the old versions that are accepted; None: they could not be tried."""
    found = said(output, "version", "cipher", "old")
    if found["old"] is not None and not isinstance(found["old"], list):
        raise Unreadable("the old versions are no list", "旧版本不是列表")
    old = None if found["old"] is None else [word(one, "a version") for one in found["old"]]
    return word(found["version"], "the version"), word(found["cipher"], "the cipher"), old


def judge(answer: tuple[str, str, list[str] | None], limits: Limits, known: Known) -> Iterator[Row]:
    version, cipher, old = answer
    if version in OLD:
        yield warning(f"只支持过时的 {version}", f"it knows nothing newer than {version}", evidence=cipher)
    elif old is None:
        yield unknown(f"使用 {version};本机无法试探旧版本", f"it uses {version}; this machine cannot try older versions")
    elif old:
        yield warning(f"仍接受过时的 {listed(old)}", f"it still accepts {listed(old)}", evidence=cipher)
    else:
        yield ok(f"使用 {version},不接受 TLS 1.1 及更早版本", f"it uses {version}, and nothing before TLS 1.2")


CHECK = WebCheck(
    id="WEB-06",
    title=Text(zh="TLS 版本", en="TLS versions"),
    asks="protocols",
    parse=parse,
    judge=judge,
    clause="GB/T 22239-2019 8.1.2.2 b",
    remedy=Text(zh="只启用 TLS 1.2 与 1.3,例如 nginx:ssl_protocols TLSv1.2 TLSv1.3;",
                en="Allow TLS 1.2 and 1.3 only, in nginx: ssl_protocols TLSv1.2 TLSv1.3;"),
    source="RFC 8996",
)
