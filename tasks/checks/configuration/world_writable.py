"""CFG-09b Files of the configuration that everybody may change (R132 系统配置检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, critical, ok, whole
from tasks.checks.lines import until_end
from tasks.operations import attributes
from tasks.operations.mend import Mend


def parse(output: str) -> tuple[list[str], int]:
    """Paths; and how many entries of /etc were looked at."""
    lines = until_end(output)
    if not lines or not lines[-1].startswith("looked "):
        raise Unreadable("/etc was not looked at", "没有查看 /etc")
    looked = whole(lines[-1].split()[1], "a count")
    if looked < 10:
        raise Unreadable(f"only {looked} entries in /etc", f"/etc 中只有 {looked} 项")
    return lines[:-1], looked


def judge(answer: tuple[list[str], int], limits: Limits, known: Known) -> Iterator[Row]:
    files, looked = answer
    for path in files:
        yield critical(f"任何人都能改写 {path}", f"everybody may change {path}", object=path)
    if not files:
        yield ok("/etc 与系统程序目录中没有人人可写的文件", "nothing in /etc and the system's program folders may be changed by everybody")


def mend(row: Row, answer: tuple[list[str], int], known: Known) -> Mend | Text:
    if not attributes.mendable(row.object):
        return Text(zh=f"路径 {row.object!r} 含有特殊字符,请人工处理", en=f"the path {row.object!r} has signs of a special kind; do it by hand")
    return attributes.narrow(
        [attributes.TooWide(row.object, 0o002)],
        Text(zh=f"取消任何人对 {row.object} 的写权限", en=f"Take from everybody the right to write {row.object}"),
        Text(zh="以其他账户写入此处的程序将失败", en="programs that write there as other accounts fail"))


CHECK = HostCheck(
    id="CFG-09b",
    title=Text(zh="人人可写的配置", en="Configuration everybody may change"),
    chapter="configuration",
    command=r"""
find /etc /usr/local/bin /usr/local/sbin /usr/bin /usr/sbin /boot -xdev \( -type f -o -type d ! -perm -1000 \) -perm -0002 -print 2>/dev/null | head -n 200
set -- /etc/*
echo "looked $#"
echo end
""",
    parse=parse,
    judge=judge,
    remedy=Text(zh="chmod o-w <文件>", en="chmod o-w <file>"),
    mend=mend,
    source="find(1); CIS Debian 12 7.1.11",
    clause="GB/T 22239-2019 8.1.4.2 f",
)
