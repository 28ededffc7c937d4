"""H-SSH-16 Length of the host's RSA key (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row, Unreadable
from tasks.controls.kinds import Bounds, HostControl, at_least, not_applicable, so
from tasks.controls.ssh import OF_SSHD, Sshd
from tasks.operations.host_keys import longer_rsa
from tasks.operations.mend import Mend


def judge(found: Sshd, bounds: Bounds, known: Known) -> Iterator[Row]:
    if not found.keys:
        raise Unreadable("the host's keys are not told", "没有给出主机密钥")
    rsa = [(bits, path) for bits, kind, path in found.keys if kind == "RSA"]
    for bits, path in rsa:
        yield so(bounds["bits"].fits(bits), path, bits, bounds["bits"].wanted, object=path, value=bits, unit="bits")
    if not rsa:
        yield not_applicable("不适用:没有 RSA 密钥", "not applicable: there is no RSA key")


def mend(row: Row, found: Sshd, known: Known) -> Mend | Text:
    if not any(kind == "ED25519" for _, kind, _ in found.keys):
        return Text(zh="没有 ed25519 密钥，换掉 RSA 密钥后客户端无从核对", en="there is no ed25519 key that clients could know us by meanwhile")
    return longer_rsa(row.object, round(known.limits["bits"].figure))


CONTROL = HostControl(
    id="H-SSH-16",
    **OF_SSHD | {"source": "ssh-keygen(1); ssh-audit, policy for Debian 12"},
    title=Text(zh="主机 RSA 密钥长度", en="Length of the host's RSA key"),
    severity="low",
    judge=judge,
    mend=mend,
    bounds={"bits": at_least(3072, "bits", "NIST SP 800-57; ssh-audit, policy for Debian 12", level_3=4096)},
    remedy=Text(zh="先让各客户端记下 ed25519 公钥,再 ssh-keygen -t rsa -b 4096", en="have clients learn the ed25519 key first, then ssh-keygen -t rsa -b 4096"),
    clause="1.4.8 a",
    level=3,
    risk="high",
    breaks=Text(zh="只记得旧 RSA 公钥的客户端会拒绝连接", en="clients that know only the old RSA key refuse to connect"),
    cuts_off=True,
)
