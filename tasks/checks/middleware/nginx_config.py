"""MID-04a The configuration of nginx and Apache on disk is valid: a reload or reboot would come back (R127 其他设备和软件)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, critical, ok, whole
from tasks.checks.lines import until_end


def parse(output: str) -> list[tuple[str, bool, str]]:
    """Server, whether it accepts its configuration, what it says."""
    found = []
    for line in until_end(output):
        name, status, *said = line.split(None, 2)
        found.append((name, whole(status, "a status") == 0, " ".join(said)))
    if not found:
        raise Unreadable("no server was asked", "没有询问任何服务器")
    return found


def judge(found: list[tuple[str, bool, str]], limits: Limits, known: Known) -> Iterator[Row]:
    for name, good, said in found:
        if good:
            yield ok(f"{name} 的配置有效", f"{name}'s configuration is valid", object=name)
        else:
            yield critical(f"{name} 的配置无效,重载或重启将失败:{said}", f"{name}'s configuration is broken, a reload or restart will fail: {said}",
                           object=name)


CHECK = HostCheck(
    id="MID-04a",
    title=Text(zh="nginx 与 Apache 配置", en="Configuration of nginx and Apache"),
    chapter="middleware",
    # nginx -t opens the log files it would write, and writes nothing; -q: only errors
    command=r"""
n=0
ask() { name=$1; shift; out=$("$@" 2>&1); status=$?; echo "$name $status $(echo "$out" | grep -vE '^$|Syntax OK' | tail -n 1)"; n=1; }
command -v nginx >/dev/null && ask nginx nginx -t -q
if command -v apache2ctl >/dev/null; then ask apache apache2ctl -t; elif command -v httpd >/dev/null; then ask apache httpd -t; fi
[ $n = 1 ] || na "没有 nginx 或 Apache" "neither nginx nor Apache here"
echo end
""",
    parse=parse,
    judge=judge,
    remedy=Text(zh="改正所指的文件与行,再 nginx -t", en="Mend the file and line named, then nginx -t again"),
    source="nginx(8) -t; apachectl(8) -t",
)
