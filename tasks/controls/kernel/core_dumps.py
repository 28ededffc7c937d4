"""H-SYS-06 Core dumps are not kept (R008 安全加固)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.accounts import OF_SESSIONS
from tasks.controls.kinds import Bounds, HostControl, failed, passed, so
from tasks.operations.file_lines import FileLines, Line, setting
from tasks.operations.mend import Mend


def judge(found: dict[str, list[str]], bounds: Bounds, known: Known) -> Iterator[Row]:
    """systemd keeps them whatever the limit says; without it the hard limit decides."""
    storage = [line.split()[1].lower() for line in found["coredump"] if line.startswith("Storage ")]
    if found["coredumps"] == ["systemd"]:
        yield so(bool(storage) and storage[-1] == "none", "Storage", storage[-1] if storage else "external", "none")
    else:
        limited = any(re.fullmatch(r"\*\s+(hard|-)\s+core\s+0", line) for line in found["limit"])
        yield passed("核心转储上限为 0", "the limit of core dumps is 0") if limited else failed("核心转储没有上限 0", "nothing limits core dumps to 0")


def mend(row: Row, found: dict[str, list[str]], known: Known) -> Mend:
    if found["coredumps"] == ["systemd"]:
        return FileLines("/etc/systemd/coredump.conf.d/zz-standfast.conf", (setting("Storage", "Storage=none"),), head=("# by Standfast", "[Coredump]")).mend()
    return FileLines("/etc/security/limits.d/standfast.conf", (Line(r"\*[[:space:]]+hard[[:space:]]+core", "* hard core 0"),)).mend()


CONTROL = HostControl(
    id="H-SYS-06",
    **OF_SESSIONS | {"family": "kernel", "source": "limits.conf(5); coredump.conf(5)"},
    title=Text(zh="不保存核心转储", en="Core dumps are not kept"),
    severity="medium",
    judge=judge,
    mend=mend,
    remedy=Text(zh="limits.d:* hard core 0;coredump.conf:Storage=none", en="limits.d: * hard core 0; coredump.conf: Storage=none"),
    clause="1.4.10 a",
    level=3,
    rule="disable_users_coredumps", cis="1.5.3",
    breaks=Text(zh="厂家分析崩溃需要转储时拿不到", en="the vendor gets no dump when he needs one"),
)
