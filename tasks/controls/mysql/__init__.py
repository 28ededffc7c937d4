"""MySQL and MariaDB, over the read-only account of inspections; their files through their host."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import Known, Mender, Row, number
from tasks.checks.tables import findings, my_settings, or_nothing, quoted, settings, word
from tasks.controls.kinds import Bounds, failed, passed, so
from tasks.operations.mariadb_setting import tune
from tasks.operations.mend import Mend

SOURCE = "MySQL and MariaDB manuals; dev-sec mysql-baseline"
FOLDER = "/etc/mysql/mariadb.conf.d"  # Debian's; where the server does not read it, the mend says so and leaves nothing there


def setting(name: str, *allowed: str) -> dict[str, Any]:
    """A control of one variable that has one of these values, however they are written."""
    def judge(values: dict[str, str], bounds: Bounds, known: Known) -> Iterator[Row]:
        yield so(values[name].upper() in {one.upper() for one in allowed}, name, values[name] or "''", " | ".join(allowed))
    return of(judge, name)


def figure(name: str, bound: str) -> dict[str, Any]:
    """A control of one variable whose figure is within the bound."""
    def judge(values: dict[str, str], bounds: Bounds, known: Known) -> Iterator[Row]:
        value = number(values[name], name)
        yield so(bounds[bound].fits(value), name, values[name], bounds[bound].wanted, value=value, unit=bounds[bound].unit)
    return of(judge, name)


def of(judge: Callable[[dict[str, str], Bounds, Known], Iterator[Row]], name: str, *more: str) -> dict[str, Any]:
    """A control of variables; `name` must be there, `more` need not (not every version has them)."""
    return {**OF_MYSQL, **my_settings(name, *more), "parse": lambda rows: settings(rows, name), "judge": judge}


def accounts(mysql: str, mariadb: str, zh: str, en: str, well: Text) -> dict[str, Any]:
    """A control of accounts: none that is not locked fits the condition, on mysql.user or on mysql.global_priv. zh, en: with {} for the account.

    MariaDB's roles are no accounts; its access rights are one figure, a bit for each.
    """
    def judge(answer: tuple[list[str], list[dict[str, Any]]], bounds: Bounds, known: Known) -> Iterator[Row]:
        clean, told = answer
        for row in told:
            who = quoted(word(row, "who"), mark="'") + "@" + quoted(word(row, "place"), mark="'")
            yield failed(zh.format(who), en.format(who), object=who)
        for _ in clean:
            yield passed(well.zh, well.en)
    return {**OF_MYSQL, "parse": lambda rows: findings(rows, "who"), "judge": judge,
            "queries": {(5, 7): or_nothing(f"SELECT user AS who, host AS place FROM mysql.user WHERE account_locked = 'N' AND ({mysql}) ORDER BY 1, 2")},
            "mariadb_queries": {(10, 4): or_nothing(f"""
                SELECT user AS who, host AS place FROM mysql.global_priv WHERE coalesce(json_value(priv, '$.account_locked'), 0) <> 1
                AND json_value(priv, '$.is_role') IS NULL AND ({mariadb}) ORDER BY 1, 2""")},
            "needs": Text(zh="mysql.user(MySQL)或 mysql.global_priv(MariaDB)的 SELECT", en="SELECT on mysql.user (MySQL) or mysql.global_priv (MariaDB)")}


def sets(name: str, value: str | None = None, bound: str = "") -> Mender:
    """Sets it in the running MariaDB and for every start, without a restart: to the value, or to the bound's figure."""
    def mend(row: Row, values: dict[str, str], known: Known) -> Mend | Text:
        if known.kind == "mysql":
            return Text(zh="MySQL 的参数须人工修改", en="settings of MySQL are changed by hand")
        if name not in values:
            return Text(zh=f"该服务器没有参数 {name}，须人工处理", en=f"this server has no setting {name}: look at it by hand")
        wanted = f"{known.limits[bound].figure:.0f}" if value is None else value
        return tune(FOLDER, {name: wanted}, {name: f"{name} = {values[name]}  # in force"}, {name} if wanted.isdigit() else set(), unit="mariadb.service",
                    restart=False)
    return mend


OF_MYSQL: dict[str, Any] = {"family": "mysql", "kinds": ("mysql", "mariadb"), "source": SOURCE}
