"""PG-13 Whether WAL is archived (R137 备份状况)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limit, Limits, Row, critical, not_applicable, ok, warning
from tasks.checks.tables import count, figure, flag, maybe, one, span, word


def parse(rows: list[dict[str, Any]]) -> dict[str, Any]:
    row = one(rows)
    return {"mode": word(row, "mode"), "standby": flag(row, "standby"), "waiting": count(row, "waiting"), "timeout": figure(row, "timeout"),
            "archived": maybe(row, "archived"), "failed": maybe(row, "failed"), "failures": count(row, "failures"), "wal": word(row, "failed_wal"),
            "now": figure(row, "now")}


def judge(now: dict[str, Any], limits: Limits, known: Known) -> Iterator[Row]:
    if now["mode"] == "off":
        yield not_applicable("未启用归档(见 PG-18)", "WAL is not archived (see PG-18)")
        return
    if now["standby"] and now["mode"] != "always":
        yield not_applicable("备库不归档,由主库归档", "a standby does not archive; the primary does")
        return
    if now["failed"] is not None and (now["archived"] is None or now["failed"] > now["archived"]):
        zh, en = span(max(0, now["now"] - now["failed"]))
        yield critical(f"归档失败:{now['wal']}({zh}前,共 {now['failures']} 次)", f"archiving fails: {now['wal']} ({en} ago, {now['failures']} times in all)",
                       object="archiving")
    elif now["archived"] is None:
        yield warning("启用了归档,但还没有归档过任何文件", "archiving is on, and nothing was archived yet", object="archiving")
    else:
        age = max(0, now["now"] - now["archived"])
        zh, en = span(age)
        # A server on which nothing is written has nothing to archive, unless archive_timeout makes it.
        late = now["timeout"] > 0 and age > max(2 * now["timeout"], 300)
        yield (warning if late else ok)(f"最后一次归档在 {zh}前", f"last archived {en} ago", object="archiving", value=age, unit="s")
    yield Row(limits["waiting"].grade(now["waiting"]), f"等待归档的 WAL 文件 {now['waiting']} 个", f"{now['waiting']} WAL files wait to be archived",
              object="waiting",
              value=now["waiting"], unit="files")


CHECK = DatabaseCheck(
    id="PG-13",
    title=Text(zh="WAL 归档", en="WAL archiving"),
    chapter="db backup",
    kinds=("postgresql",),
    queries={(12, 0): """
        SELECT current_setting('archive_mode') AS mode, pg_is_in_recovery() AS standby,
               (SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready') AS waiting,
               (SELECT setting FROM pg_settings WHERE name = 'archive_timeout') AS timeout,
               extract(epoch FROM last_archived_time) AS archived, extract(epoch FROM last_failed_time) AS failed, failed_count AS failures,
               last_failed_wal AS failed_wal, extract(epoch FROM clock_timestamp()) AS now
        FROM pg_stat_archiver
    """},
    parse=parse,
    judge=judge,
    limits={"waiting": Limit(10, 50, "files", Text(zh="check_pgactivity ready_archives,数值为经验值", en="check_pgactivity ready_archives, own figures"))},
    objects={"archiving": "归档", "waiting": "等待归档"},
    remedy=Text(zh="按服务器日志中 archive command failed 的原因修正 archive_command;否则 WAL 会填满磁盘",
                en="Mend archive_command as the server log says (archive command failed); else WAL fills the disk"),
    source="PostgreSQL manual, pg_stat_archiver, pg_ls_archive_statusdir() (12)",
    needs="pg_monitor",
    clause="GB/T 22239-2019 8.1.4.9 a",
)
