"""LOG-13a What the log of a PostgreSQL server says of damage, crashes and want (R129 系统日志检查, R136 日志文件)."""

from __future__ import annotations

from reports.records import Text
from tasks.checks.kinds import HostCheck, Limit
from tasks.checks.logs import class_counts, class_rows, classes_awk

CLASSES = {
    "damage": r"PANIC: |invalid page in block|page verification failed|could not (read|write|fsync|extend) (to )?(file|block)|missing chunk number"
              r"|unexpected data beyond EOF|No space left on device|could not access status of transaction",
    "crash": r"was terminated by signal|was not properly shut down",
    "want": r"too many clients|remaining connection slots|ERROR: +out of memory|archive command failed|checkpoints are occurring too frequently"
            r"|deadlock detected|conflict with recovery",
}
NAMES = {"damage": ("损坏、磁盘满或无法读写", "damage, a full disk, or files that cannot be read or written"), "crash": ("崩溃", "crashes"),
         "want": ("连接或内存不足、归档失败、死锁等", "want of connections or memory, failed archiving, deadlocks")}

CHECK = HostCheck(
    id="LOG-13a",
    title=Text(zh="PostgreSQL 服务器日志", en="Log of PostgreSQL"),
    chapter="log",
    # The newest twelve files of 90 days, the newest 20 000 lines of each.
    command=r"""
files=$(find /var/log/postgresql /var/lib/postgresql/*/*/log /var/lib/pgsql/data/log /var/lib/pgsql/*/data/log -maxdepth 1 -type f \
  \( -name '*.log' -o -name '*.log.1' \) -mtime -90 -printf '%T@ %p\n' 2>/dev/null | sort -rn | head -n 12 | cut -d ' ' -f 2-)
[ -n "$files" ] || na "没有 PostgreSQL 的日志" "no log of PostgreSQL here"
echo "files $(printf '%s\n' "$files" | wc -l)"
printf '%s\n' "$files" | while IFS= read -r f; do tail -n 20000 "$f"; done | awk '
""" + classes_awk(CLASSES) + r"""'
echo end
""",
    parse=lambda output: class_counts(output, *CLASSES),
    judge=lambda answer, limits, known: class_rows(answer, limits, NAMES),
    limits={"damage": Limit(1, 1, "lines", "own judgement"), "crash": Limit(1, 5, "lines", "own judgement"), "want": Limit(10, 1000, "lines", "own judgement")},
    objects={"damage": "损坏", "crash": "崩溃", "want": "资源不足"},
    remedy=Text(zh="损坏:立即备份,检查磁盘与 pg_amcheck;崩溃:查信号与内核日志;其余按证据调整连接数、内存与归档",
                en="Damage: back up now, look at disks, run pg_amcheck. Crashes: see signal and kernel log. "
                   "The rest: connections, memory, archiving, as the evidence says"),
    source="PostgreSQL manual, error severities and reporting",
)
