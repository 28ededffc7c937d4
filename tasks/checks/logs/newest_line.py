"""LOG-08b The log is still being written (R129 系统日志检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, number, whole
from tasks.checks.lines import pairs, words


def parse(output: str) -> tuple[int, int, str]:
    """Now, moment of the newest entry, where it was found."""
    found = pairs(output, "now", "newest")
    moment, where = words(found["newest"], 2)
    return whole(found["now"], "now"), int(number(moment, "a moment")), where


def judge(answer: tuple[int, int, str], limits: Limits, known: Known) -> Iterator[Row]:
    now, newest, where = answer
    hours = (now - newest) / 3600
    yield Row(limits["age"].grade(hours), f"最新的日志在 {hours:.1f} 小时前({where})", f"the newest log entry is {hours:.1f} hours old ({where})",
              value=round(hours, 2), unit="hours")


CHECK = HostCheck(
    id="LOG-08b",
    title=Text(zh="日志是否仍在写入", en="Log still written"),
    chapter="log",
    command=r"""
echo "now $(date +%s)"
line=$(journalctl -q --no-pager -n 1 -o short-unix 2>/dev/null)
if [ -n "$line" ]; then echo "newest ${line%% *} journal"
else
  newest=$(stat -c '%Y %n' /var/log/syslog /var/log/messages 2>/dev/null | sort -rn | head -n 1)
  [ -n "$newest" ] || cannot "systemd 日志与 syslog 都没有记录" "neither journal nor syslog has an entry"
  echo "newest $newest"
fi
echo end
""",
    parse=parse,
    judge=judge,
    limits={"age": Limit(6, 24, "hours", Text(zh="经验值:仅 cron 就每小时写一次日志", en="own judgement: cron alone writes every hour"))},
    remedy=Text(zh="重启日志服务,检查 /var 的空间与只读状态", en="Restart the log services; check whether /var is full or read-only"),
    source="journalctl(1)",
    clause="GB/T 22239-2019 8.1.4.3 c",
)
