"""H-SSH-15 Groups for key exchange (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row, Unreadable
from tasks.controls.kinds import Bounds, HostControl, at_least, failed, not_applicable, passed
from tasks.controls.ssh import OF_SSHD, Sshd
from tasks.operations.host_keys import long_groups
from tasks.operations.mend import Mend


def judge(found: Sshd, bounds: Bounds, known: Known) -> Iterator[Row]:
    if "diffie-hellman-group-exchange" not in found.value("KexAlgorithms"):
        yield not_applicable("不适用:没有启用群交换", "not applicable: groups are not exchanged")
        return
    if not found.moduli:
        raise Unreadable("/etc/ssh/moduli is not told", "没有给出 /etc/ssh/moduli")
    short = sum(n for bits, n in found.moduli.items() if not bounds["bits"].fits(bits))
    if short:
        yield failed(f"/etc/ssh/moduli 中有 {short} 个过短的群", f"{short} groups in /etc/ssh/moduli are too short", value=min(found.moduli), unit="bits")
    else:
        yield passed("没有过短的群", "no group is too short", value=min(found.moduli), unit="bits")


def mend(row: Row, found: Sshd, known: Known) -> Mend | Text:
    least = known.limits["bits"].figure
    if not any(bits >= least for bits in found.moduli):
        return Text(zh="没有足够长的群，须先用 ssh-keygen -M 生成", en="there is none that is long enough: make some with ssh-keygen -M first")
    return long_groups(round(least))


CONTROL = HostControl(
    id="H-SSH-15",
    **OF_SSHD | {"source": "moduli(5); ssh-audit, policy for Debian 12"},
    title=Text(zh="密钥交换的群", en="Groups for key exchange"),
    severity="low",
    judge=judge,
    mend=mend,
    bounds={"bits": at_least(3072, "bits", "ssh-audit, policy for Debian 12")},
    remedy=Text(zh="/etc/ssh/moduli 中去掉短于 3072 位的行", en="take the lines of fewer than 3072 bits out of /etc/ssh/moduli"),
    clause="1.4.8 a",
    level=3,
    breaks=Text(zh="只支持更短群的旧客户端无法连接", en="old clients that can do only shorter groups may fail to connect"),
    cuts_off=True,
)
