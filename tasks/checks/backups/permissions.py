"""BAK-09 Backups cannot be read by everybody (R133 系统备份检查). Inventory: `backups`: path."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.backups import FILES, Place, each, nothing, places
from tasks.checks.kinds import HostCheck, Known, Limits, Row, critical, ok
from tasks.operations import attributes
from tasks.operations.mend import Mend


def judge(found: dict[tuple[str, str], Place], limits: Limits, known: Known) -> Iterator[Row]:
    rows = False
    for path, _, place in each(found, known):
        rows = True
        readable = [file for file in place.files if file.mode & 0o004]
        writable = [file for file in place.files if file.mode & 0o002]
        if writable:
            yield critical(f"{path} 中 {len(writable)} 个备份任何人都能改写", f"everybody may change {len(writable)} backups in {path}", object=path,
                           evidence=writable[0].path)
        elif readable:
            yield critical(f"{path} 中 {len(readable)} 个备份任何人都能读取", f"everybody may read {len(readable)} backups in {path}", object=path,
                           evidence=readable[0].path)
        else:
            yield ok(f"{path} 中的备份权限正确", f"the permissions of the backups in {path} are right", object=path)
    if not rows:
        yield nothing(known)


def mend(row: Row, found: dict[tuple[str, str], Place], known: Known) -> Mend | Text:
    paths = [file.path for file in found["first", row.object].files if file.mode & 0o007]
    if not all(map(attributes.mendable, paths)):
        return Text(zh=f"{row.object} 中有含特殊字符的文件名,请人工处理", en=f"{row.object} holds names with signs of a special kind; do it by hand")
    return attributes.narrow(
        [attributes.TooWide(path, 0o007) for path in paths],
        Text(zh=f"收紧 {row.object} 中 {len(paths)} 个备份的权限", en=f"Narrow the permissions of {len(paths)} backups in {row.object}"),
        Text(zh="今后的备份须由备份任务自己设置 umask 077", en="backups to come need umask 077 in their own job"))


CHECK = HostCheck(
    id="BAK-09",
    title=Text(zh="备份文件权限", en="Permissions of backups"),
    chapter="backup",
    command=FILES,
    parse=places,
    judge=judge,
    remedy=Text(zh="chmod o-rwx <文件>,并在备份任务中设置 umask 077", en="chmod o-rwx <file>; umask 077 in the job"),
    mend=mend,
    source="find(1)",
    clause="GB/T 22239-2019 8.1.4.8",
    time_limit_s=60,
)
