"""CFG-07a Scheduled jobs whose program is gone or may be changed by others (R132 系统配置检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Outcome, Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, critical, ok, warning, whole
from tasks.checks.lines import until_end, words
from tasks.operations import attributes
from tasks.operations.mend import Mend


def parse(output: str) -> list[tuple[str, str]]:
    """What is wrong, with which path; the last line counts the jobs."""
    lines = until_end(output)
    if not lines or not lines[-1].startswith("jobs "):
        raise Unreadable("the jobs were not counted", "没有给出任务数量")
    whole(lines[-1].split()[1], "a count")
    return [tuple(words(line, 2)) for line in lines[:-1]] + [("jobs", lines[-1].split()[1])]  # type: ignore[misc]


def judge(found: list[tuple[str, str]], limits: Limits, known: Known) -> Iterator[Row]:
    for problem, path in found[:-1]:
        if problem == "missing":
            yield warning(f"计划任务的程序 {path} 不存在", f"a scheduled job's program {path} is not there", object=path)
        else:
            yield critical(f"计划任务用到的 {path} 可被他人改写", f"{path}, used by a scheduled job, can be changed by others", object=path)
    if len(found) == 1:
        yield ok(f"{found[-1][1]} 个计划任务都正常", f"nothing is wrong with {found[-1][1]} scheduled jobs")


def mend(row: Row, found: list[tuple[str, str]], known: Known) -> Mend | Text:
    if row.outcome is not Outcome.CRITICAL or not attributes.mendable(row.object):
        return Text(zh=f"{row.object} 缺失:由负责人恢复程序,或删除该计划任务",
                    en=f"{row.object} is missing: its owner brings the program back, or takes the job out")
    return attributes.narrow(
        [attributes.TooWide(row.object, 0o022)],
        Text(zh=f"取消组和其他人对 {row.object} 的写权限", en=f"Take from group and others the right to write {row.object}"),
        Text(zh="以属主以外的账户更新该文件的做法将失效", en="nobody but its owner can change it any more"))


CHECK = HostCheck(
    id="CFG-07a",
    title=Text(zh="计划任务", en="Scheduled jobs"),
    chapter="configuration",
    # of each line the first path after time and user; what is tested first ([ -x /path ] && ...) may be missing
    command=r"""
set --
for f in /etc/crontab /etc/cron.d/* /etc/cron.hourly/* /etc/cron.daily/* /etc/cron.weekly/* /etc/cron.monthly/* /var/spool/cron/crontabs/* /var/spool/cron/*; do
  [ -f "$f" ] && set -- "$@" "$f"
done
[ $# -gt 0 ] || na "没有计划任务" "no scheduled jobs"
find "$@" /etc/cron.d /etc/cron.daily -maxdepth 0 -perm /022 ! -type l -printf 'writable %p\n' 2>/dev/null
jobs=$(grep -hsE '^[[:space:]]*([0-9*@])' /etc/crontab /etc/cron.d/* /var/spool/cron/crontabs/* /var/spool/cron/*)
echo "$jobs" | grep -vE 'test -x|\[ -x|command -v' | grep -oE '[[:space:]]/[^[:space:];|&>)"]+' | sort -u | head -n 100 | while read -r path; do
  case $path in /dev/*|*'*'*|*'$'*) continue;; esac
  # a redirection's file need not be there; a program's name has no ending or that of a script
  [ -e "$path" ] || case ${path##*/} in *.log|*.txt|*.out|*.pid|*.lock) ;; *) echo "missing $path";; esac
  [ -f "$path" ] && find -L "$path" -maxdepth 0 -perm /022 -printf 'writable %p\n'
done
echo "jobs $(($(echo "$jobs" | grep -c .) + $#))"
echo end
""",
    parse=parse,
    judge=judge,
    remedy=Text(zh="删除失效的任务;chmod go-w <文件>", en="Remove jobs that are void; chmod go-w <file>"),
    mend=mend,
    source="crontab(5); CIS Debian 12 2.4.1",
)
