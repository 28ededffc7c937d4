"""H-MY-08c Modes of data folder and configuration (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row, Unreadable
from tasks.checks.lines import words
from tasks.controls.files_of_servers import narrowed
from tasks.controls.kinds import Bounds, HostControl, failed, passed
from tasks.controls.mysql import SOURCE
from tasks.controls.reading import by_kind, octal

MOST = {"data": 0o751, "conf": 0o644, "secret": 0o640}  # secret: a file with a password in it


def parse(output: str) -> list[tuple[str, int, str, str]]:
    """Kind, mode, owner, path."""
    found = [(kind, *words(line, 3)) for kind, lines in by_kind(output, *MOST).items() for line in lines]
    if not any(kind == "data" for kind, *_ in found):
        raise Unreadable("no data folder is told", "没有列出数据目录")
    return [(kind, octal(mode), owner, path) for kind, mode, owner, path in found]


def judge(found: list[tuple[str, int, str, str]], bounds: Bounds, known: Known) -> Iterator[Row]:
    bad = {path: (mode, owner) for kind, mode, owner, path in found if mode & ~MOST[kind] or owner not in ("mysql", "root")}
    for path, (mode, owner) in bad.items():
        yield failed(f"{path} 为 {mode:o} {owner}", f"{path} is {mode:o} of {owner}", object=path)
    if not bad:
        yield passed(f"{len(found)} 个文件与目录的权限符合要求", f"the modes of {len(found)} files and folders are as they should be")


CONTROL = HostControl(
    id="H-MY-08c",
    title=Text(zh="数据目录与配置文件的权限", en="Modes of data folder and configuration"),
    severity="medium",
    judge=judge,
    mend=narrowed(lambda kind, path: ~MOST[kind] & 0o777, "mysql"),
    family="mysql",
    command=r"""
    [ -d /var/lib/mysql/mysql ] || na "没有 MySQL 或 MariaDB" "there is neither MySQL nor MariaDB"
    stat -c 'data %a %U %n' /var/lib/mysql
    find /etc/mysql /etc/my.cnf /etc/my.cnf.d -xdev -maxdepth 3 -type f -name '*.cnf' -printf 'conf %m %u %p\n' 2>/dev/null
    grep -lsE '^[[:space:]]*password' /etc/mysql/*.cnf /etc/mysql/*/*.cnf /etc/my.cnf /etc/my.cnf.d/*.cnf 2>/dev/null |
      while read -r f; do stat -c 'secret %a %U %n' "$f"; done
    echo end
    """,
    parse=parse,
    remedy=Text(zh="数据目录 750,含口令的配置 600", en="750 for the data folder, 600 for configuration with a password in it"),
    source=SOURCE,
    clause="1.4.2 e", clause_2="1.4.2 a",
)
