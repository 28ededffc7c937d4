"""H-SSH-13 Kinds of host keys (R008 安全加固)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.kinds import Bounds, HostControl, failed, passed
from tasks.controls.ssh import OF_SSHD, Sshd
from tasks.operations.host_keys import offer
from tasks.operations.mend import Mend

WEAK = re.compile(r"_(dsa|ecdsa)_key$")


def judge(found: Sshd, bounds: Bounds, known: Known) -> Iterator[Row]:
    weak = [path for path in found.value("HostKey").split() if WEAK.search(path)]
    if weak:
        yield failed(f"仍使用 {' '.join(weak)}", f"{' '.join(weak)} is still used", evidence=found.value("HostKey"))
    else:
        yield passed("只有 ed25519 与 RSA 密钥", "there are ed25519 and RSA keys only", evidence=found.value("HostKey"))


def mend(row: Row, found: Sshd, known: Known) -> Mend | Text:
    good = [path for path in found.value("HostKey").split() if not WEAK.search(path)]
    if not any("ed25519" in path for path in good):
        return Text(zh="没有 ed25519 密钥，其余去掉后客户端无从核对", en="there is no ed25519 key that clients could know us by")
    return offer(sorted(good, key=lambda path: "ed25519" not in path)).mend()


CONTROL = HostControl(
    id="H-SSH-13",
    **OF_SSHD | {"source": "sshd_config(5); ssh-audit, policy for Debian 12"},
    title=Text(zh="主机密钥类型", en="Kinds of host keys"),
    severity="low",
    judge=judge,
    mend=mend,
    remedy=Text(zh="先让各客户端记下 ed25519 公钥,再从 HostKey 中去掉 ecdsa",
                en="have clients learn the ed25519 key first, then leave ecdsa out of HostKey"),
    clause="1.4.8 a",
    level=3,
    risk="high",
    breaks=Text(zh="只记得被移除公钥的客户端会拒绝连接(含我方)",
                en="clients that know only the key that is taken away refuse to connect, ours among them"),
    cuts_off=True,
)
