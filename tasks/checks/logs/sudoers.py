"""LOG-07 Who may become root changed since the last inspection (R129 系统日志检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, ok, warning, whole
from tasks.checks.lines import until_end, words


def parse(output: str) -> list[tuple[int, str]]:
    """When each file of sudo's rules was changed."""
    found = [(whole(moment, "a moment"), path) for moment, path in (words(line, 2) for line in until_end(output))]
    if not found:
        raise Unreadable("no file was found", "没有找到文件")
    return found


def judge(files: list[tuple[int, str]], limits: Limits, known: Known) -> Iterator[Row]:
    for moment, path in files:
        age = (known.now.timestamp() - moment) / 86400
        if known.days_since is not None and age < known.days_since:
            yield warning(f"{path} 在上次巡检之后改过", f"{path} was changed since the last inspection", object=path)
        else:
            yield ok(f"{path} 于 {age:.0f} 天前修改", f"{path} was changed {age:.0f} days ago", object=path)


CHECK = HostCheck(
    id="LOG-07",
    title=Text(zh="提权规则的变更", en="Changes of sudo's rules"),
    chapter="log",
    command=r"""
[ -e /etc/sudoers ] || na "没有安装 sudo" "sudo is not installed"
find /etc/sudoers /etc/sudoers.d /etc/group -type f -printf '%Ts %p\n' 2>/dev/null | head -n 100
echo end
""",
    parse=parse,
    judge=judge,
    remedy=Text(zh="与变更记录核对", en="Compare with the change records"),
    source="sudoers(5)",
    clause="GB/T 22239-2019 8.1.10.10",
)
