"""LOG-09a Logs are kept for six months (R129 系统日志检查; Cybersecurity Law article 21: no less than six months)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, number, warning, whole
from tasks.checks.lines import listed, pairs


def parse(output: str) -> dict[str, int]:
    """Days between now and the oldest entry kept, by log; and since the system was installed."""
    found = pairs(output, "now", "installed")
    now = whole(found.pop("now"), "now")
    return {name: (now - int(number(moment, "a moment"))) // 86400 for name, moment in found.items()}


def judge(days: dict[str, int], limits: Limits, known: Known) -> Iterator[Row]:
    installed = days["installed"]
    logs = {name: age for name, age in days.items() if name != "installed"}
    if not logs:
        yield warning("没有保存任何日志", "no log is kept")
        return
    longest = max(logs.values())
    # A young system cannot have old logs.
    outcome = limits["kept"].grade(longest) if installed > longest + 7 else limits["kept"].grade(10 ** 6)
    yield Row(outcome, f"最早的日志在 {longest} 天前", f"the oldest log is {longest} days old", value=longest, unit="days",
              evidence=listed([f"{name} {age} d" for name, age in logs.items()]))


CHECK = HostCheck(
    id="LOG-09a",
    title=Text(zh="日志保存时间", en="Logs kept"),
    chapter="log",
    # the oldest of syslog's files; of the journal the first entry; installed: birth of the root's first folders
    command=r"""
echo "now $(date +%s)"
installed=$(stat -c %Y /etc/machine-id /etc/hostname /lost+found /var/log/installer /root/anaconda-ks.cfg 2>/dev/null | sort -n | head -n 1)
echo "installed ${installed:-0}"
first=$(find /var/log -maxdepth 1 -type f \( -name 'syslog*' -o -name 'messages*' \) -size +0 -printf '%T@ %p\n' 2>/dev/null | sort -n | head -n 1)
[ -n "$first" ] && echo "syslog ${first%% *}"
if [ -d /var/log/journal ]; then
  line=$(journalctl -q --no-pager -o short-unix 2>/dev/null | head -n 1)
  [ -n "$line" ] && echo "journal ${line%% *}"
fi
echo end
""",
    parse=parse,
    judge=judge,
    limits={"kept": Limit(180, None, "days", Text(zh="网络安全法 第二十一条:不少于六个月",
                                                  en="Cybersecurity Law of China, article 21: no less than six months"), over=False)},
    remedy=Text(zh="logrotate:weekly、rotate 27;journald:MaxRetentionSec 与 SystemMaxUse 放宽",
                en="logrotate: weekly, rotate 27; journald: raise MaxRetentionSec and SystemMaxUse"),
    source="journalctl(1); logrotate(8)",
    clause="GB/T 22239-2019 8.1.4.3 c",
)
