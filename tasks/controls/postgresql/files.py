"""H-PG-09 Modes of data folder and configuration (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.checks.lines import words
from tasks.controls.files_of_servers import narrowed
from tasks.controls.kinds import Bounds, HostControl, failed, passed, unknown
from tasks.controls.postgresql import SOURCE
from tasks.controls.reading import by_kind, octal

MOST = {"data": 0o750, "conf": 0o644}


def parse(output: str) -> list[tuple[str, int, str, str]]:
    """Kind, mode, owner, path."""
    found = [(kind, *words(line, 3)) for kind, lines in by_kind(output, "data", "conf").items() for line in lines]
    return [(kind, octal(mode), owner, path) for kind, mode, owner, path in found]


def judge(found: list[tuple[str, int, str, str]], bounds: Bounds, known: Known) -> Iterator[Row]:
    if not found:
        yield unknown("没有找到数据目录", "no data folder was found where it should be")
        return
    bad = [(path, mode, owner) for kind, mode, owner, path in found if mode & ~MOST[kind] or owner not in ("postgres", "root")
           or path.endswith("/pg_hba.conf") and mode & 0o007]
    for path, mode, owner in bad:
        yield failed(f"{path} 为 {mode:o} {owner}", f"{path} is {mode:o} of {owner}", object=path)
    if not bad:
        yield passed(f"{len(found)} 个文件与目录的权限符合要求", f"the modes of {len(found)} files and folders are as they should be")


def too_wide(kind: str, path: str) -> int:
    return ~MOST[kind] & 0o777 | (0o007 if path.endswith("/pg_hba.conf") else 0)


CONTROL = HostControl(
    id="H-PG-09",
    title=Text(zh="数据目录与配置文件的权限", en="Modes of data folder and configuration"),
    severity="medium",
    judge=judge,
    mend=narrowed(too_wide, "postgres"),
    family="postgresql",
    command=r"""
    set -- /var/lib/postgresql/*/* /var/lib/pgsql/data /var/lib/pgsql/*/data
    for d in "$@"; do [ -f "$d/PG_VERSION" ] && stat -c 'data %a %U %n' "$d" "$d"/postgresql.auto.conf; done
    for f in /etc/postgresql/*/*/*.conf /var/lib/pgsql/data/*.conf /var/lib/pgsql/*/data/*.conf; do [ -f "$f" ] && stat -c 'conf %a %U %n' "$f"; done
    [ -d /var/lib/postgresql ] || ls /etc/postgresql/*/* /var/lib/pgsql/*/PG_VERSION /var/lib/pgsql/data/PG_VERSION >/dev/null 2>&1 ||
      na "没有 PostgreSQL" "there is no PostgreSQL"
    echo end
    """,
    parse=parse,
    remedy=Text(zh="数据目录 700,配置 640,属主 postgres", en="700 for the data folder, 640 for the configuration, owner postgres"),
    source=SOURCE,
    clause="1.4.2 e", clause_2="1.4.2 a",
)
