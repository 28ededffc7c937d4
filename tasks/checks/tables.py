"""What queries and parsers of database checks share: rows in, figures and words out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reports.records import Text
from tasks.checks.kinds import Known, Row, Unreadable, number, whole

# Views of PostgreSQL that show nulls instead of refusing: whether our role sees what is there.
SEES_STATISTICS = "pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')"
SEES_SETTINGS = "pg_has_role(current_user, 'pg_read_all_settings', 'USAGE')"

# information_schema of MySQL and MariaDB lists only tables our account has some right on, without a word. SHOW VIEW is one that reads no data.
SEES_TABLES = """EXISTS (SELECT 1 FROM information_schema.user_privileges
    WHERE privilege_type IN ('SELECT', 'SHOW VIEW', 'INSERT', 'UPDATE', 'DELETE', 'ALTER', 'INDEX', 'TRIGGER', 'REFERENCES'))"""
SEES_COLUMNS = """EXISTS (SELECT 1 FROM information_schema.user_privileges WHERE privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES'))"""
SEES_SESSIONS = "EXISTS (SELECT 1 FROM information_schema.user_privileges WHERE privilege_type = 'PROCESS')"


def or_nothing(select: str, allowed: str = "") -> str:
    """The query, with one row of nulls where it finds nothing: so an answer of no row is never taken for "looked, and all is well".

    allowed: an expression that tells whether our role sees all there is; `findings` raises where it says no.
    """
    first = f", {allowed} AS allowed" if allowed else ""
    return f"SELECT found.*{first} FROM (SELECT 1 AS looked) AS looked LEFT JOIN ({select}) AS found ON 1 = 1"


def findings(rows: list[dict[str, Any]], key: str) -> tuple[list[str], list[dict[str, Any]]]:
    """The databases in which `or_nothing` found nothing ("" for the server as a whole), and the rows that tell of something.

    Raises Unreadable where there is no row at all, where one lacks the key, and where our role does not see what is there.
    """
    if not rows:
        raise Unreadable("no row at all, not even the one that says it looked", "没有返回任何行,连“已查看”的一行也没有")
    if any(key not in row for row in rows):
        raise Unreadable(f"there is no column {key}", f"没有列 {key}")
    may_see(rows)
    told = [row for row in rows if row[key] is not None]
    return sorted({_database(row) for row in rows} - {_database(row) for row in told}), told


def may_see(rows: Iterable[Mapping[str, Any]]) -> None:
    """Raises Unreadable where the query says that our role does not see what is there."""
    if any(row.get("allowed") in (False, 0, "f") for row in rows):
        raise Unreadable("the role does not see all there is; it lacks rights (docs/database-inspection.md)",
                         "该角色权限不足,看不到全部内容(见 docs/database-inspection.md)")


def _database(row: Mapping[str, Any]) -> str:
    return str(row.get("database") or "")


def one(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The only row. Raises Unreadable for none, for more, and where our role does not see what is there."""
    if len(rows) != 1:
        raise Unreadable(f"{len(rows)} rows instead of one", f"应为一行,实为 {len(rows)} 行")
    may_see(rows)
    return rows[0]


def figure(row: Mapping[str, Any], name: str) -> float:
    if name not in row:
        raise Unreadable(f"there is no column {name}", f"没有列 {name}")
    return number(row[name], name)


def maybe(row: Mapping[str, Any], name: str) -> float | None:
    """A figure that may be null."""
    return None if name in row and row[name] is None else figure(row, name)


def count(row: Mapping[str, Any], name: str) -> int:
    if name not in row:
        raise Unreadable(f"there is no column {name}", f"没有列 {name}")
    return whole(row[name], name)


def word(row: Mapping[str, Any], name: str) -> str:
    """A text; bytes are text too (MySQL gives both), null is empty."""
    if name not in row:
        raise Unreadable(f"there is no column {name}", f"没有列 {name}")
    value = row[name]
    return value.decode(errors="replace") if isinstance(value, bytes) else "" if value is None else str(value)


def flag(row: Mapping[str, Any], name: str) -> bool:
    """Yes or no, in any of the ways servers say it."""
    said = word(row, name).casefold()
    if said in ("true", "t", "on", "yes", "y", "1"):
        return True
    if said in ("false", "f", "off", "no", "n", "0"):
        return False
    raise Unreadable(f"{name} is {said[:40]!r}, neither yes nor no", f"{name} 为 {said[:40]!r},既不是“是”也不是“否”")


def settings(rows: list[dict[str, Any]], *needed: str) -> dict[str, str]:
    """Values by name, from rows of name and value. Raises Unreadable where a needed one is missing."""
    values = {word(row, "name"): word(row, "value") for row in rows}
    if missing := [name for name in needed if name not in values]:
        raise Unreadable(f"{', '.join(missing)} missing in the answer", f"回答缺少 {', '.join(missing)}")
    return values


def pg_settings(*names: str) -> str:
    """A query for settings by name, in their base units; a setting that this version does not have gives no row.

    reset_val: what a session begins with; `setting` would show what our own session set for itself. Of modes only `setting` is octal.
    """
    value = "CASE WHEN name = 'log_file_mode' THEN setting ELSE reset_val END"
    return f"SELECT name, {value} AS value FROM pg_settings WHERE name IN ({_words(names)}) ORDER BY name"


def my_settings(*names: str) -> dict[str, Mapping[tuple[int, int], str]]:
    """`queries` and `mariadb_queries` for status counters and variables by name; every account may read them."""
    def text(schema: str) -> str:
        return " UNION ALL ".join(f"SELECT lower(variable_name) AS name, variable_value AS value FROM {schema}.{table} "
                                  f"WHERE lower(variable_name) IN ({_words(names)})" for table in ("global_status", "global_variables"))
    return {"queries": {(5, 7): text("performance_schema")}, "mariadb_queries": {(10, 3): text("information_schema")}}


def _words(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def quoted(*names: str, mark: str = '"') -> str:
    """Names as they stand in a statement of PostgreSQL; mark: ` for MySQL."""
    return ".".join(mark + name.replace(mark, mark * 2) + mark for name in names)


def dotted(row: Mapping[str, Any], *columns: str) -> str:
    """The name of an object, the same in every inspection: database.schema.table."""
    return ".".join(word(row, column) for column in columns)


def named(rows: Iterable[Mapping[str, Any]], name: str) -> tuple[str, str, str]:
    """Database, schema and name of the object that `dotted` calls so; the words alone cannot tell, since each may have dots in it."""
    row = next(row for row in rows if dotted(row, "database", "schema", "name") == name)
    return word(row, "database"), word(row, "schema"), word(row, "name")


def by_hand(row: Row) -> Text:
    """Why a person mends it."""
    return Text(zh=f"{row.object} 为约束等所依赖、属于系统或名称特殊,请人工核对后处理",
                en=f"something stands on {row.object}, or it is the system's own, or its name is of a special kind; compare and do it by hand")


def size(amount: float) -> str:
    """1536 → "1.5 KiB"."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(amount) < 1024:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"


def span(seconds: float) -> tuple[str, str]:
    """A length of time in Chinese and English: ("3 小时", "3 h")."""
    for least, zh, en in ((2 * 86400, "天", "d"), (2 * 3600, "小时", "h"), (120, "分钟", "min")):
        if seconds >= least:
            per = {"d": 86400, "h": 3600, "min": 60}[en]
            return f"{seconds / per:.0f} {zh}", f"{seconds / per:.0f} {en}"
    return f"{seconds:.0f} 秒", f"{seconds:.0f} s"


def grown(row: Row, known: Known) -> float | None:
    """Growth in per cent a month since the last inspection; None where nothing can be said (first time, less than a day ago, less than 1 MiB then)."""
    before, days = known.before.get(row.object), known.days_since
    if before is None or not before.value or before.value < 1 << 20 or row.value is None or days is None or days < 1:
        return None
    return 100 * (row.value / before.value - 1) * 30 / days


def since(name: str, value: float, known: Known) -> float | None:
    """How far a counter went since the last inspection; None without one, or where it began anew (restart, reset)."""
    before = known.before.get(name)
    return None if before is None or before.value is None or value < before.value else value - before.value
