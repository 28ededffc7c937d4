"""MID-05 Java application servers (Tomcat, TongWeb, BES, WebLogic) said nothing of being out of memory (R127 其他设备和软件)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, Unreadable, whole
from tasks.checks.lines import until_end, words


def parse(output: str) -> list[tuple[str, int, int]]:
    """Log file, lines of OutOfMemoryError, lines of too many open files."""
    found = []
    for line in until_end(output):
        memory, files, path = words(line, 3)
        found.append((path, whole(memory, "a count"), whole(files, "a count")))
    if not found:
        raise Unreadable("no log was read", "没有读到日志")
    return found


def judge(found: list[tuple[str, int, int]], limits: Limits, known: Known) -> Iterator[Row]:
    for path, memory, files in found:
        outcome = max(limits["memory"].grade(memory), limits["files"].grade(files), key=lambda outcome: outcome.weight)
        yield Row(outcome, f"{path}:OutOfMemoryError {memory} 次,Too many open files {files} 次",
                  f"{path}: OutOfMemoryError {memory} times, too many open files {files} times", object=path, value=memory + files, unit="lines")


CHECK = HostCheck(
    id="MID-05",
    title=Text(zh="Java 应用服务器日志", en="Logs of Java servers"),
    chapter="middleware",
    command=r"""
set --
for f in /var/log/tomcat*/catalina.out /opt/*/logs/catalina.out /usr/local/*/logs/catalina.out /srv/*/logs/catalina.out /opt/TongWeb*/logs/server.log \
  /opt/BES*/logs/server.log /opt/*/user_projects/domains/*/servers/*/logs/*Server.log; do [ -f "$f" ] && set -- "$@" "$f"; done
[ $# -gt 0 ] || na "没有 Java 应用服务器的日志" "no log of a Java server here"
for f do
  tail -c 5000000 "$f" | awk -v f="$f" '/java\.lang\.OutOfMemoryError/ { m++ } /Too many open files/ { o++ } END { print m + 0, o + 0, f }'
done
echo end
""",
    parse=parse,
    judge=judge,
    limits={"memory": Limit(1, 1, "lines", "own judgement"), "files": Limit(1, 10, "lines", "own judgement")},
    remedy=Text(zh="调整 -Xmx 或查内存泄漏(堆转储);调大 LimitNOFILE", en="Raise -Xmx or find the leak in a heap dump; raise LimitNOFILE"),
    source="Java SE troubleshooting guide; Tomcat logging",
)
