"""CFG-11b Open files of single processes against their limit (R132 系统配置检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, Unreadable, whole
from tasks.checks.lines import listed, until_end, words


def parse(output: str) -> list[tuple[str, int, int]]:
    """Process, files open, how many it may open; those with most first. The command counts at least its own shell."""
    found = []
    for line in until_end(output):
        taken, most, name = words(line, 3)
        if most != "unlimited":
            found.append((name, whole(taken, "a count"), whole(most, "a limit")))
    if not found:
        raise Unreadable("no process was counted", "没有给出进程数量")
    return found


def judge(found: list[tuple[str, int, int]], limits: Limits, known: Known) -> Iterator[Row]:
    shares = sorted(((100 * taken / max(1, most), taken, most, name) for name, taken, most in found), reverse=True)
    share, taken, most, name = shares[0]
    yield Row(limits["used"].grade(share), f"打开文件最接近上限的进程:{name} {taken}/{most}", f"nearest to its limit of open files: {name}, {taken} of {most}",
              value=round(share, 1), unit="%", evidence=listed([f"{name} {taken}/{most}" for _, taken, most, name in shares], 5))


CHECK = HostCheck(
    id="CFG-11b",
    title=Text(zh="进程打开的文件", en="Open files of processes"),
    chapter="configuration",
    # The size of /proc/PID/fd is the count of its files since kernel 6.2; before that the folder has to be read.
    command=r"""
{ find /proc/[0-9]*/fd -maxdepth 1 -mindepth 1 -printf '%h\n' 2>/dev/null | uniq -c | sort -rn | head -n 8; } | while read -r count path; do
  pid=${path#/proc/}; pid=${pid%%/*}; most=
  while read -r a b c soft rest; do [ "$a $b $c" = "Max open files" ] && most=$soft; done 2>/dev/null <"/proc/$pid/limits"
  read -r name 2>/dev/null <"/proc/$pid/comm" || continue
  [ -n "$most" ] && echo "$count $most $name[$pid]"
done
echo end
""",
    parse=parse,
    judge=judge,
    limits={"used": Limit(70, 90, "%", "node-exporter mixin NodeFileDescriptorLimit")},
    remedy=Text(zh="调大单元的 LimitNOFILE,或查明文件泄漏:ls -l /proc/<pid>/fd", en="Raise LimitNOFILE of its unit, or find the leak: ls -l /proc/<pid>/fd"),
    source="proc_pid_limits(5), proc_pid_fd(5)",
)
