"""Reads one database server for an inspection, over SQLAlchemy (R135-R142).

Every session is read-only, names itself, waits for nothing long, and is one of a kind: one connection at a time, one for each database of a
PostgreSQL server. Every check is contained: what one question does to the session is said in its own rows, and the next one is asked.
"""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import URL, Connection, create_engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from blocks.database_access import DatabaseAccess
from reports.records import CheckRow, TargetRead, Text, same
from tasks import desk
from tasks.checks.kinds import DatabaseCheck, Known, Limits, Row, not_applicable, unknown
from tasks.checks.reading import Reading, check_rows, judged
from tasks.errors import HostUnreachable, ProcedureError
from tasks.redaction import redact
from tasks.remote import tunnel

APPLICATION = "standfast-inspection"
LOCK_LIMIT_S = 2
SILENCE_LIMIT_S = 60  # a server that answers nothing for so long is gone
TIME_LIMIT_S = 1800  # for one server; databases that are not begun by then are left out, and that is said
DATABASES_LIMIT = 200  # databases of one server that are looked into
TEXT_LIMIT = 4000  # characters of one value

DRIVERS = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql", "mariadb": "mysql+pymysql"}
NAMES = {"postgresql": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB"}

# What a refusal means. PostgreSQL: SQLSTATE. MySQL and MariaDB: error number.
NOT_ALLOWED = {"42501", 1044, 1045, 1142, 1143, 1227, 1370, 1419}
TOO_LATE = {"57014", 1317, 1969, 3024}
LOCKED = {"55P03", 1205}
NOT_THERE = {"42P01", "42703", "42883", "42704", "3F000", 1049, 1054, 1109, 1146, 1193, 1305}
NOT_NOW = {"55000", "0A000", "58P01"}
LOST = {"57P01", "57P02", "57P03", "08000", "08003", "08006", 2006, 2013, 2055, 1053, 1927, 0}


class _Lost(Exception):
    """The connection broke; nothing more can be asked over it."""


class _NoWay(Exception):
    """The server cannot be read; zh and en say why in one sentence."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass
class _Answers:
    """What came of the questions: rows by check id, and what is said instead where there are none."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    instead: dict[str, list[Row]] = field(default_factory=dict)


def read_database(access: DatabaseAccess, checks: Sequence[DatabaseCheck], limits: Mapping[str, Limits], known_for: Callable[[str], Known],
                  say: Callable[[str], None] = lambda line: None) -> TargetRead:
    """Ask one server all checks of its kind and judge the answers. Nothing is raised for what the server does or does not do.

    limits: by check id. known_for: what is known for a check id; kind and version are put in here. say: gets a line for each part.
    Returns a TargetRead; its `problem` says in one sentence why nothing could be read (unreachable, wrong password, no way through).
    """
    began, read_at = time.monotonic(), datetime.now(UTC)
    secrets = [access.password.get_secret_value()] if access.password else []
    wanted = [check for check in checks if access.kind in check.kinds]
    about: dict[str, str] = {}
    rows: list[CheckRow] = []
    problem = None
    try:
        with _reachable(access) as (address, port):
            answers, version, about = _ask_all(access, address, port, wanted, say)
        for check in wanted:
            known = replace(known_for(check.id), kind=access.kind, version=version)
            rows += check_rows(access.name, check, _judged(check, answers, limits[check.id], known))
    except _NoWay as refused:
        problem = Text(zh=redact(refused.zh, secrets), en=redact(refused.en, secrets))
        say(f"{access.name}: {problem.en}")
    return TargetRead(target=access.name, kind="postgresql" if access.kind == "postgresql" else "mysql", read_at=read_at,
                      seconds=round(time.monotonic() - began, 3), problem=problem, about=about, rows=tuple(rows))


def readings_of(access: DatabaseAccess, checks: Sequence[DatabaseCheck], limits: Mapping[str, Limits], known: Known) -> dict[str, Reading]:
    """As `read_database`, by check id and with the answers: what a finding is mended by.

    Raises:
        HostUnreachable: the server cannot be read.
    """
    try:
        with _reachable(access) as (address, port):
            answers, version, _ = _ask_all(access, address, port, checks, lambda line: None)
    except _NoWay as refused:
        secrets = [access.password.get_secret_value()] if access.password else []
        en, zh = redact(f"{access.name}: {refused.en}", secrets), redact(f"{access.name}：{refused.zh}", secrets)
        raise HostUnreachable(en, zh) from None
    known, found = replace(known, kind=access.kind, version=version), {}
    for check in checks:
        answer = None
        if check.id in answers.rows:
            with suppress(ValueError, TypeError, LookupError, ArithmeticError, AttributeError):  # its rows say so
                answer = check.parse(answers.rows[check.id])
        found[check.id] = Reading(_judged(check, answers, limits[check.id], known), answer, known)
    return found


def _judged(check: DatabaseCheck, answers: _Answers, limits: Limits, known: Known) -> tuple[Row, ...]:
    instead = tuple(answers.instead.get(check.id, ()))
    if check.id not in answers.rows:
        return instead or (unknown("没有收到回答(连接中断)", "no answer arrived: the connection broke before"),)
    return judged(check, answers.rows[check.id], limits, known) + instead


@contextmanager
def _reachable(access: DatabaseAccess) -> Iterator[tuple[str, int]]:
    """Where the server can be reached from here; raises _NoWay if the host in between does not let us through."""
    if not access.through:
        yield access.address, access.port
        return
    try:
        with tunnel(desk.host(access.through), access.address, access.port) as place:
            yield place
    except ProcedureError as problem:
        raise _NoWay(f"经主机 {access.through} 的 SSH 隧道无法建立:{problem.text.zh}",
                     f"there is no way through host {access.through}: {problem.text.en}") from problem


def _ask_all(access: DatabaseAccess, address: str, port: int, checks: Sequence[DatabaseCheck],
             say: Callable[[str], None]) -> tuple[_Answers, tuple[int, int], dict[str, str]]:
    answers, deadline = _Answers(), time.monotonic() + TIME_LIMIT_S
    with _connection(access, address, port, access.database) as connection:
        version, words = _version(access, connection)
        about = {"system": words, "address": f"{access.address}:{access.port}" + (f" ({access.through})" if access.through else "")}
        say(f"{access.name}: {words}")
        names = [access.database]
        per_server = [check for check in checks if not (check.each_database and access.kind == "postgresql")]
        per_database = [check for check in checks if check.each_database and access.kind == "postgresql"]
        try:
            if per_database:
                names = _databases(connection)
                about["databases"] = str(len(names))
            _ask(access, connection, per_server, version, answers, "")
        except _Lost as problem:
            _rest_unknown(per_server, answers, "", str(problem))
    if len(names) > DATABASES_LIMIT:
        for check in per_database:
            answers.instead.setdefault(check.id, []).append(unknown(
                f"有 {len(names)} 个数据库,只检查了前 {DATABASES_LIMIT} 个",
                f"there are {len(names)} databases; only the first {DATABASES_LIMIT} were looked into"))
    for name in names[:DATABASES_LIMIT] if per_database else ():
        if time.monotonic() > deadline:
            _rest_unknown(per_database, answers, name, f"no time is left; the server had {TIME_LIMIT_S // 60} minutes",
                          f"时间已用完,每台服务器 {TIME_LIMIT_S // 60} 分钟")
            continue
        say(f"{access.name}: database {name}")
        try:
            with _connection(access, address, port, name) as connection:
                _ask(access, connection, per_database, version, answers, name)
        except (_Lost, _NoWay) as problem:
            _rest_unknown(per_database, answers, name, str(problem), problem.zh if isinstance(problem, _NoWay) else "")
    return answers, version, about


def _rest_unknown(checks: Sequence[DatabaseCheck], answers: _Answers, database: str, why: str, why_zh: str = "") -> None:
    """Everything that was not asked yet in this database is unknown. why_zh: nothing where `why` are the server's own words."""
    for check in checks:
        if not any(row.object == database for row in answers.instead.get(check.id, ())) \
                and not any(row.get("database") == database if database else True for row in answers.rows.get(check.id, ())):
            answers.instead.setdefault(check.id, []).append(unknown(f"无法询问:{redact(why_zh or why)}", f"could not be asked: {redact(why)}", object=database))


@contextmanager
def _connection(access: DatabaseAccess, address: str, port: int, database: str) -> Iterator[Connection]:
    """An open read-only session; raises _NoWay if there is none to be had."""
    password = access.password.get_secret_value() if access.password else None
    url = URL.create(DRIVERS[access.kind], access.user, password, address, port, database or None)
    try:
        engine = create_engine(url, poolclass=NullPool, connect_args=_arguments(access), hide_parameters=True,
                               execution_options={"isolation_level": "AUTOCOMMIT", "no_parameters": True})
        connection = engine.connect()
    except (SQLAlchemyError, OSError, RuntimeError, ValueError) as problem:
        raise _refused(access, problem) from None  # the chain would hold the address with everything in it
    try:
        try:
            for statement in _guards(access):
                connection.exec_driver_sql(statement)
        except SQLAlchemyError as problem:
            raise _refused(access, problem) from None
        yield connection
    finally:
        try:
            connection.close()
        except (SQLAlchemyError, OSError):
            pass  # it was lost before
        engine.dispose()


def _arguments(access: DatabaseAccess) -> dict[str, Any]:
    seconds = max(1, round(access.connect_timeout_s))
    if access.kind == "postgresql":
        modes = {"off": "disable", "prefer": "prefer", "require": "require", "verify": "verify-full"}
        found: dict[str, Any] = {"connect_timeout": max(2, seconds), "application_name": APPLICATION, "sslmode": modes[access.tls], "gssencmode": "disable",
                                 "client_encoding": "utf8", "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 4,
                                 "tcp_user_timeout": SILENCE_LIMIT_S * 1000}
        # Only what the block says: nothing of the worker's own PGSERVICE, .pgpass or client certificates.
        found |= {"passfile": "", "sslcert": "", "sslkey": ""}
        if access.tls == "verify":
            found["sslrootcert"] = access.ca_file or "system"
        return found
    found = {"connect_timeout": seconds, "read_timeout": SILENCE_LIMIT_S, "write_timeout": SILENCE_LIMIT_S, "charset": "utf8mb4",
             "program_name": APPLICATION, "local_infile": False, "ssl_disabled": access.tls == "off"}
    if access.password:
        found["password"] = access.password.get_secret_value().encode()  # the driver itself would take it for Latin-1
    if access.tls in ("require", "verify"):  # prefer is what the driver does by itself
        context = ssl.create_default_context(cafile=access.ca_file)
        if access.tls == "require":
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        found["ssl"] = context
    return found


def _guards(access: DatabaseAccess) -> tuple[str, ...]:
    """What makes a session harmless. A statement's own time limit is set before each question.

    search_path: the server's own views first, so that nobody's table of the same name is asked instead.
    """
    if access.kind == "postgresql":
        return ("SET default_transaction_read_only = on", f"SET lock_timeout = '{LOCK_LIMIT_S}s'", "SET statement_timeout = '15s'",
                "SET idle_in_transaction_session_timeout = '60s'", "SET search_path = pg_catalog, public", "SET TimeZone = 'UTC'",
                "SET DateStyle = 'ISO'", "SET max_parallel_workers_per_gather = 0", "SET jit = off")
    common = ("SET SESSION TRANSACTION READ ONLY", f"SET SESSION lock_wait_timeout = {LOCK_LIMIT_S}", f"SET SESSION innodb_lock_wait_timeout = {LOCK_LIMIT_S}",
              # INNODB_TRX tells its times in the system's zone, whatever the session says: now() must be in the same.
              "SET SESSION time_zone = 'SYSTEM'", "SET SESSION sql_mode = ''")
    # MySQL 8 would answer with table figures that are up to a day old.
    return common if access.kind == "mariadb" else (*common, "/*!80000 SET SESSION information_schema_stats_expiry = 0 */")


def _version(access: DatabaseAccess, connection: Connection) -> tuple[tuple[int, int], str]:
    """((15, 19), "PostgreSQL 15.19"); a server of another kind than the block says is refused."""
    try:
        said = str(connection.exec_driver_sql("SHOW server_version" if access.kind == "postgresql" else "SELECT version()").scalar())
    except SQLAlchemyError as problem:
        raise _refused(access, problem) from None
    found = re.match(r"(\d+)(?:\.(\d+))?(?:\.\d+)*", said)
    if not found:
        raise _NoWay(f"服务器版本无法识别:{said[:60]}", f"the server's version {said[:60]!r} cannot be understood")
    if access.kind != "postgresql" and (is_maria := "mariadb" in said.lower()) != (access.kind == "mariadb"):
        is_kind = "mariadb" if is_maria else "mysql"
        raise _NoWay(f"这是 {NAMES[is_kind]} 服务器;请在数据库条目中写 kind: {is_kind}",
                     f"this is a {NAMES[is_kind]} server; write kind: {is_kind} in its entry")
    return (int(found[1]), int(found[2] or 0)), f"{NAMES[access.kind]} {found[0]}"


def _databases(connection: Connection) -> list[str]:
    """Every database that takes connections; whether our role may connect is seen when it tries."""
    try:
        return [str(name) for name in connection.exec_driver_sql(
            "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname").scalars()]
    except SQLAlchemyError as problem:
        raise _Lost(_first_line(problem)) from problem


def _ask(access: DatabaseAccess, connection: Connection, checks: Sequence[DatabaseCheck], version: tuple[int, int], answers: _Answers,
         database: str) -> None:
    """Ask each check once. Raises _Lost when the connection broke; what was not asked is then for the caller to say."""
    extensions = _extensions(access, connection) if any(check.extension for check in checks) else frozenset()
    for check in checks:
        query = check.query(version, access.kind)
        if query is None:
            said: list[Row] = [not_applicable(f"{NAMES[access.kind]} {version[0]}.{version[1]} 没有此项", f"{NAMES[access.kind]} {version[0]}.{version[1]} "
                                              "has nothing of the kind", object=database)]
        elif check.extension and extensions is not None and check.extension not in extensions:
            said = [not_applicable(f"未安装扩展 {check.extension}", f"the extension {check.extension} is not installed", object=database)]
        else:
            try:
                rows, said = _rows(access, connection, check, query, database)
                answers.rows.setdefault(check.id, []).extend(rows)
            except SQLAlchemyError as problem:
                said = [_said_instead(check, problem, database)]
                if _is_lost(connection, problem):
                    answers.instead.setdefault(check.id, []).extend(said)
                    raise _Lost(_first_line(problem)) from None
        if said:
            answers.instead.setdefault(check.id, []).extend(said)


def _extensions(access: DatabaseAccess, connection: Connection) -> frozenset[str] | None:
    """Extensions of this database; None: not known, the question itself will show it."""
    if access.kind != "postgresql":
        return None
    try:
        return frozenset(connection.exec_driver_sql("SELECT extname FROM pg_extension").scalars())
    except SQLAlchemyError:
        return None


def _rows(access: DatabaseAccess, connection: Connection, check: DatabaseCheck, query: str, database: str) -> tuple[list[dict[str, Any]], list[Row]]:
    """The rows, at most `row_limit` of them, and a row that says so if there were more."""
    if access.kind == "postgresql":
        connection.exec_driver_sql(f"SET statement_timeout = '{check.time_limit_s}s'")
    elif access.kind == "mariadb":
        connection.exec_driver_sql(f"SET SESSION max_statement_time = {check.time_limit_s}")
    else:
        connection.exec_driver_sql(f"SET SESSION max_execution_time = {check.time_limit_s * 1000}")
    with connection.exec_driver_sql(query.strip()) as result:
        names = list(result.keys())
        found = [{name: _plain(value) for name, value in zip(names, row, strict=True)} for row in result.fetchmany(check.row_limit + 1)]
    if database:
        found = [{"database": database, **row} for row in found]
    if len(found) <= check.row_limit:
        return found, []
    return found[:check.row_limit], [unknown(f"结果超过 {check.row_limit} 行,其余未检查",
                                             f"there are more than {check.row_limit} rows; the rest was not looked at", object=f"{database} ...".strip())]


def _plain(value: Any) -> Any:
    """Figures, words and lists only; times as ISO text, lengths of time in seconds."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode(errors="replace")[:TEXT_LIMIT]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value[:100]]
    return value[:TEXT_LIMIT] if isinstance(value, str) else value


def _code(problem: BaseException) -> str | int | None:
    """SQLSTATE (PostgreSQL) or error number (MySQL, MariaDB)."""
    inner = getattr(problem, "orig", None) or problem
    number = next((part for part in getattr(inner, "args", ())[:1] if isinstance(part, int)), None)
    return getattr(inner, "sqlstate", None) if number is None else number


def _first_line(problem: BaseException) -> str:
    """The server's own words, on one line, without the statement and without secrets."""
    inner = getattr(problem, "orig", None) or problem
    words = inner.args[1] if len(getattr(inner, "args", ())) > 1 and isinstance(inner.args[0], int) else str(inner)
    return redact(" ".join(str(words).split()))[:240]


def _is_lost(connection: Connection, problem: SQLAlchemyError) -> bool:
    return connection.invalidated or connection.closed or bool(getattr(problem, "connection_invalidated", False)) or _code(problem) in LOST \
        or (isinstance(problem, DBAPIError) and bool(getattr(connection.connection.driver_connection, "closed", False)))


def _said_instead(check: DatabaseCheck, problem: SQLAlchemyError, database: str) -> Row:
    """What a refused question comes to; never well."""
    code, words = _code(problem), _first_line(problem)
    if code in NOT_ALLOWED:
        needs = check.needs if isinstance(check.needs, Text) else same(check.needs) or Text(zh="更多权限", en="more rights")
        return unknown(f"权限不足,需要 {needs.zh}(见 docs/database-inspection.md):{words}",
                       f"not allowed; the role needs {needs.en} (see docs/database-inspection.md): {words}", object=database)
    if code in TOO_LATE:
        return unknown(f"查询在 {check.time_limit_s} 秒内没有结束", f"the query did not end within {check.time_limit_s} s", object=database)
    if code in LOCKED:
        return unknown(f"等待锁超过 {LOCK_LIMIT_S} 秒,已放弃", f"it waited for a lock for more than {LOCK_LIMIT_S} s and was given up", object=database)
    if code in NOT_THERE:
        if check.extension:
            return not_applicable(f"扩展 {check.extension} 在此没有所需的对象:{words}", f"the extension {check.extension} lacks what is asked here: {words}",
                                  object=database)
        return unknown(f"此服务器没有所需的视图或列:{words}", f"this server lacks a view or a column that is asked for: {words}", object=database)
    if code in NOT_NOW:
        return not_applicable(f"当前未启用:{words}", f"not in use here: {words}", object=database)
    return unknown(f"查询失败:{words}", f"the query failed: {words}", object=database)


# What the words of a refused login mean; PostgreSQL's driver gives no code for these.
_REFUSALS = (
    (r"password authentication failed|Access denied for user", "{who} 的密码或账号被拒绝;请检查条目中的 user 和 password",
     "the login of {who} is refused; check user and password of its entry"),
    (r"no pg_hba\.conf entry|is not allowed to connect", "服务器不允许从此地址登录:{words};请在服务器上放行(pg_hba.conf 或账号的主机名)",
     "the server lets nobody in from this address ({words}); allow it there (pg_hba.conf, or the account's host)"),
    (r"database .* does not exist|Unknown database", "没有这个数据库:{words};请检查条目中的 database",
     "there is no such database ({words}); check database of its entry"),
    (r"permission denied for database", "账号不能连接此数据库:{words};请授予 CONNECT",
     "the account may not connect to this database ({words}); grant it CONNECT"),
    (r"too many (clients|connections)|remaining connection slots|Too many connections", "服务器的连接数已用尽:{words}",
     "the server has no connection left ({words})"),
    (r"certificate|hostname .* doesn't match|verify failed", "服务器证书未通过验证:{words};请检查 ca_file 与 tls",
     "the server's certificate is not accepted ({words}); check ca_file and tls of its entry"),
    (r"does not support SSL|SSL is required|SSL connection is required|SSL negotiation",
     "服务器不提供所要求的加密:{words};请在服务器上启用 TLS,或修改条目中的 tls",
     "the server does not offer the encryption asked for ({words}); turn on TLS there, or change tls of its entry"),
    (r"starting up|shutting down|in recovery mode|not yet accepting", "服务器正在启动或停止:{words}", "the server is starting or stopping ({words})"),
    (r"refused|timed? ?out|timeout|unreachable|No route|resolve|translate host|Name or service|Can't connect|Lost connection|closed the connection|reset",
     "无法连接 {place}:{words};请检查地址、端口和网络", "{place} cannot be reached ({words}); check address, port and network"),
)


def _refused(access: DatabaseAccess, problem: BaseException) -> _NoWay:
    words = re.sub(r"^connection failed: |connection to server at .*? failed: |FATAL: +|Multiple connection attempts failed.*", "", _first_line(problem))
    place = f"{access.address}:{access.port}" + (f" (through {access.through})" if access.through else "")
    for pattern, zh, en in _REFUSALS:
        if re.search(pattern, words, re.I):
            return _NoWay(zh.format(who=access.user, words=words, place=place), en.format(who=access.user, words=words, place=place))
    return _NoWay(f"无法登录 {place}:{words}", f"no session at {place}: {words}")
