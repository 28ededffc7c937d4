"""H-UPD-02 Packages must be signed (R008 安全加固)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.kinds import Bounds, HostControl, failed, passed
from tasks.controls.updates import OF_APT

SWITCHES = ("APT::Get::AllowUnauthenticated", "Acquire::AllowInsecureRepositories", "Acquire::AllowWeakRepositories",
            "Acquire::AllowDowngradeToInsecureRepositories")


def judge(found: tuple[dict[str, str], list[tuple[str, str]]], bounds: Bounds, known: Known) -> Iterator[Row]:
    settings, sources = found
    bad = [name for name in SWITCHES if settings.get(name, "false").lower() in ("1", "true", "yes", "on")]
    bad += [file for file, line in sources if re.search(r"(?i)\[[^\]]*trusted=yes|^Trusted:\s*yes", line)]
    for name in dict.fromkeys(bad):
        yield failed(f"{name} 允许未签名的软件包", f"{name} takes packages that nobody signed", object=name)
    if not bad:
        yield passed("只接受有签名的软件包", "only signed packages are taken")


CONTROL = HostControl(
    id="H-UPD-02",
    **OF_APT,
    title=Text(zh="软件包必须有签名", en="Packages must be signed"),
    severity="high",
    judge=judge,
    remedy=Text(zh="去掉 trusted=yes,导入来源的公钥(signed-by)", en="take trusted=yes away and name the source's key (signed-by)"),
    clause="1.4.7 a", clause_2="1.4.7",
    breaks=Text(zh="没有签名的自建软件源将无法使用", en="sources of your own without a signature stop working"),
)
