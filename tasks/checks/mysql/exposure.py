"""MY-51 Encryption, files and reverse look-ups (R135 数据库的运行状态; security)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import DatabaseCheck, Known, Limits, Row, advice, ok, warning
from tasks.checks.tables import flag, my_settings, settings


def parse(rows: list[dict[str, Any]]) -> dict[str, str]:
    return settings(rows, "local_infile", "secure_file_priv", "bind_address")


def judge(values: dict[str, str], limits: Limits, known: Known) -> Iterator[Row]:
    has = values.get("have_ssl", "YES").upper() == "YES"
    needed = values.get("require_secure_transport", "OFF").upper() in ("ON", "1")
    near = values["bind_address"] in ("127.0.0.1", "::1", "localhost")
    yield (ok if needed or near else warning)(
        f"TLS {'可用' if has else '不可用'},"
        f"{'必须加密' if needed else '只监听本机' if near else '不强制;放好证书后执行:SET GLOBAL require_secure_transport = ON;'}",
        f"TLS is {'there' if has else 'not there'}, "
        + ("and needed" if needed else "it listens on this host only" if near else "and not needed; with a certificate in place: "
                                                      "SET GLOBAL require_secure_transport = ON;"), object="tls")
    loads = flag(values, "local_infile")
    zh, en = f"local_infile = {values['local_infile']}", f"local_infile is {values['local_infile']}"
    yield advice(zh, en, "SET GLOBAL local_infile = OFF;", object="local_infile") if loads else ok(zh, en, object="local_infile")
    bound = bool(values["secure_file_priv"])
    zh, en = f"secure_file_priv = {values['secure_file_priv'] or '(空)'}", f"secure_file_priv is {values['secure_file_priv'] or '(empty)'}"
    if bound:
        yield ok(zh, en, object="secure_file_priv")
    else:
        yield advice(f"{zh},FILE 权限可读写任意目录", f"{en}: FILE may read and write anywhere", "secure_file_priv = /var/lib/mysql-files",
                     object="secure_file_priv")


CHECK = DatabaseCheck(
    id="MY-51",
    title=Text(zh="网络与文件暴露面", en="Exposure"),
    chapter="running",
    kinds=("mysql", "mariadb"),
    **my_settings("have_ssl", "require_secure_transport", "local_infile", "secure_file_priv", "bind_address"),
    parse=parse,
    judge=judge,
    objects={"tls": "TLS"},
    remedy=Text(zh="启用 TLS,限制文件读写(语句在各行)", en="Turn on TLS, bound what files can be read (statement in the row)"),
    source="dev-sec mysql-baseline; CIS MySQL 8",
    clause="GB/T 22239-2019 8.1.4.1 c",
)
