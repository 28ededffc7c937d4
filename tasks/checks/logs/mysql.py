"""LOG-13b What the error log of a MySQL or MariaDB server says of damage, crashes and errors (R129 系统日志检查, R136 日志文件)."""

from __future__ import annotations

from reports.records import Text
from tasks.checks.kinds import HostCheck, Limit
from tasks.checks.logs import class_counts, class_rows, classes_awk

CLASSES = {
    "damage": r"marked as crashed|\[ERROR\].*([Cc]orrupt|checksum mismatch)|Assertion failure|semaphore wait has lasted"
              r"|No space left on device|Disk is full|Errcode: 28",
    "crash": r"got signal (6|7|8|11)|got exception 0x|Starting crash recovery|was not shutdown normally",
    "errors": r"\[ERROR\]",
}
NAMES = {"damage": ("损坏或磁盘满", "damage, or a full disk"), "crash": ("崩溃", "crashes"), "errors": ("其他错误", "other errors")}

CHECK = HostCheck(
    id="LOG-13b",
    title=Text(zh="MySQL、MariaDB 错误日志", en="Error log of MySQL and MariaDB"),
    chapter="log",
    # Debian's MariaDB writes to the journal.
    command=r"""
files=$(find /var/log/mysql /var/log/mariadb /var/log/mysqld.log /var/lib/mysql -maxdepth 1 -type f \
  \( -name '*.err' -o -name 'error.log' -o -name 'error.log.1' -o -name 'mariadb.log' -o -name 'mysqld.log' \) -mtime -90 2>/dev/null | head -n 8)
units=
if command -v journalctl >/dev/null; then
  for unit in mariadb mysql mysqld; do [ -n "$(systemctl show -p FragmentPath --value $unit.service 2>/dev/null)" ] && units="$units -u $unit"; done
fi
[ -n "$files$units" ] || na "没有 MySQL 或 MariaDB 的日志" "no log of MySQL or MariaDB here"
echo "files $(printf '%s\n' "$files" $units | grep -cvE '^(-u)?$')"
{ printf '%s\n' "$files" | while IFS= read -r f; do [ -n "$f" ] && tail -n 20000 "$f"; done
  [ -z "$units" ] || timeout 10 journalctl -q --no-pager -o short-iso --since -90d -n 20000 $units 2>/dev/null; } | awk '
""" + classes_awk(CLASSES) + r"""'
echo end
""",
    parse=lambda output: class_counts(output, *CLASSES),
    judge=lambda answer, limits, known: class_rows(answer, limits, NAMES),
    limits={"damage": Limit(1, 1, "lines", "own judgement"), "crash": Limit(1, 5, "lines", "own judgement"),
            "errors": Limit(5, None, "lines", "own judgement")},
    objects={"damage": "损坏", "crash": "崩溃", "errors": "其他错误"},
    remedy=Text(zh="损坏:立即备份,CHECK TABLE 须经同意;崩溃:查内核日志与内存;其他错误逐条判断",
                en="Damage: back up now, CHECK TABLE by consent only. Crashes: see kernel log and memory. Other errors: judge line by line"),
    source="MySQL manual, error log; MariaDB error log",
)
