"""WEB-05b The certificate is trusted, and is that of this address (R127 其他设备和软件). Inventory: `ca_file` or `pinned`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reports.records import Text
from tasks.checks.kinds import Known, Limits, Row, Unreadable, WebCheck, critical, ok, warning
from tasks.checks.lines import listed
from tasks.checks.web import flag, said, word


@dataclass(frozen=True)
class Trust:
    """pinned: whether it is the one of the inventory; None: none stands there."""

    pinned: bool | None
    trusted: bool
    why: str
    fits: bool
    names: list[str]
    fingerprint: str


def parse(output: str) -> Trust:
    found = said(output, "pinned", "trusted", "why", "fits", "names", "fingerprint")
    if not isinstance(found["names"], list):
        raise Unreadable("the certificate's names are no list", "证书的名称不是列表")
    return Trust(None if found["pinned"] is None else flag(found["pinned"], "pinned"), flag(found["trusted"], "trusted"), word(found["why"], "the reason"),
                 flag(found["fits"], "fits"), [word(name, "a name") for name in found["names"]], word(found["fingerprint"], "the fingerprint"))


def judge(trust: Trust, limits: Limits, known: Known) -> Iterator[Row]:
    if trust.pinned is not None:
        if trust.pinned:
            yield ok("证书与清单中固定的指纹一致", "the certificate is the pinned one")
        else:
            yield critical("证书与清单中固定的指纹不一致", "the certificate is not the pinned one", evidence=trust.fingerprint)
    elif not trust.trusted:
        yield warning(f"证书不受信任:{trust.why}", f"the certificate is not trusted: {trust.why}", evidence=trust.fingerprint)
    elif not trust.fits:
        yield warning(f"证书不是这个地址的,而是 {listed(trust.names) or '(无名称)'} 的",
                      f"the certificate is not for this address, but for {listed(trust.names) or 'nothing'}")
    else:
        yield ok("证书受信任,名称相符", "the certificate is trusted, and its name fits")


CHECK = WebCheck(
    id="WEB-05b",
    title=Text(zh="网站证书信任与名称", en="Web certificate's trust and name"),
    asks="certificate",
    parse=parse,
    judge=judge,
    remedy=Text(zh="换用受信任的证书并配置完整的证书链;内部 CA 在清单中写 ca_file,自签名写 pinned",
                en="Get a certificate that is trusted, and serve its whole chain; name your own CA as ca_file in the inventory, a self-signed one as pinned"),
    source="RFC 5280, RFC 9525",
)
