"""LOG-10a Room the logs take (R129 系统日志检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, Unreadable, whole
from tasks.checks.lines import pairs


def parse(output: str) -> tuple[int, int, int]:
    """KiB of /var/log, size and free room of its file system."""
    found = pairs(output, "used", "size", "free")
    used, size, free = (whole(found[name], name) for name in ("used", "size", "free"))
    if size <= 0:
        raise Unreadable("the file system has no size", "文件系统没有大小")
    return used, size, free


def judge(answer: tuple[int, int, int], limits: Limits, known: Known) -> Iterator[Row]:
    used, size, _ = answer
    share = 100 * used / size
    yield Row(limits["share"].grade(share), f"/var/log 占 {used >> 10} MiB,为所在文件系统的 {share:.0f} %",
              f"/var/log takes {used >> 10} MiB, {share:.0f} % of its file system", value=used * 1024, unit="bytes", capacity=size * 1024)


CHECK = HostCheck(
    id="LOG-10a",
    title=Text(zh="日志占用空间", en="Room of logs"),
    chapter="log",
    command=r"""
used=$(timeout 10 du -xsk /var/log 2>/dev/null) || [ -n "$used" ] || cannot "du 在 10 秒内没有结束" "du did not end in 10 s"
echo "used ${used%%[!0-9]*}"
df -P -k /var/log | while read -r _ size _ free _ mount; do [ "$mount" = "${mount#/}" ] || echo "size $size
free $free"; done
echo end
""",
    parse=parse,
    judge=judge,
    limits={"share": Limit(50, 80, "% of the file system", "own judgement")},
    remedy=Text(zh="logrotate 规则;journalctl --vacuum-size", en="Rules of logrotate; journalctl --vacuum-size"),
    source="du(1)",
)
