"""RES-13 Deleted files that still take room because a process holds them open (R134 系统资源使用状况检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, whole
from tasks.checks.lines import listed, until_end, words


def parse(output: str) -> list[tuple[int, str, str]]:
    """Size, process, file; the largest first."""
    found = []
    for line in until_end(output):
        size, name, path = words(line, 3)
        found.append((whole(size, "a size"), name, path))
    return found


def judge(files: list[tuple[int, str, str]], limits: Limits, known: Known) -> Iterator[Row]:
    total = sum(size for size, _, _ in files)
    yield Row(limits["size"].grade(total / (1 << 30)), f"已删除但仍被打开的文件共 {total >> 20} MiB", f"{total >> 20} MiB in deleted files that are still open",
              value=total, unit="bytes", evidence=listed([f"{name} {size >> 20} MiB {path}" for size, name, path in files if size], 5))


CHECK = HostCheck(
    id="RES-13",
    title=Text(zh="已删除但仍被打开的文件", en="Deleted files held open"),
    chapter="resources",
    # stat only of files that are deleted, so none on a dead network mount is touched; one inode may be open many times
    command=r"""
find /proc/[0-9]*/fd -lname '/*(deleted)' ! -lname '/memfd:*' ! -lname '/dev/*' ! -lname '/SYSV*' ! -lname '/\[*' -printf '%p\n' 2>/dev/null |
  head -n 500 | xargs -r stat -L -c '%s %d:%i %n' 2>/dev/null | sort -rn | awk '!seen[$2]++' | head -n 50 | while read -r size _ path; do
  pid=${path#/proc/}; pid=${pid%%/*}
  read -r name 2>/dev/null <"/proc/$pid/comm" || name=?
  echo "$size $(echo "$name" | tr ' ' _)[$pid] $(readlink "$path")"
done
echo end
""",
    parse=parse,
    judge=judge,
    limits={"size": Limit(1, 10, "GiB", "own judgement")},
    remedy=Text(zh="重启持有文件的进程(见证据),空间才会释放", en="Restart the process that holds them (see evidence); only then the room is free"),
    source="proc_pid_fd(5)",
)
