"""LOG-09c Logs are being rotated (R129 系统日志检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, whole
from tasks.checks.lines import pairs
from tasks.operations import unit
from tasks.operations.mend import Mend


def parse(output: str) -> tuple[int, int, str]:
    """Now, when logrotate last wrote its state, and how its timer is: loaded or not, active or not."""
    found = pairs(output, "now", "state")
    return whole(found["now"], "now"), whole(found["state"], "a moment"), found.get("timer", "")


def judge(answer: tuple[int, int, str], limits: Limits, known: Known) -> Iterator[Row]:
    days = (answer[0] - answer[1]) / 86400
    yield Row(limits["age"].grade(days), f"logrotate 上次运行在 {days:.1f} 天前", f"logrotate last ran {days:.1f} days ago", value=round(days, 2), unit="days")


def mend(row: Row, answer: tuple[int, int, str], known: Known) -> Mend | Text:
    if answer[2] != "loaded inactive":
        return Text(zh="定时器已在运行或不存在:用 logrotate -d /etc/logrotate.conf 查明原因",
                    en="its timer runs, or there is none: find out why by logrotate -d /etc/logrotate.conf")
    return unit.start("logrotate.timer", enable=True, settles_s=60,
                      breaks=Text(zh="积压的日志会立即轮转,轮转过的日志不会恢复原名", en="logs that waited are rotated at once, and are not renamed back"))


CHECK = HostCheck(
    id="LOG-09c",
    title=Text(zh="日志轮转", en="Log rotation"),
    chapter="log",
    command=r"""
command -v logrotate >/dev/null || na "没有安装 logrotate" "logrotate is not installed"
state=$(stat -c %Y /var/lib/logrotate/status /var/lib/logrotate/logrotate.status /var/lib/logrotate.status 2>/dev/null | sort -rn | head -n 1)
[ -n "$state" ] || cannot "已安装 logrotate,但从未运行" "logrotate is installed and never ran"
[ -d /run/systemd/system ] && echo "timer $(systemctl show -p LoadState --value logrotate.timer) $(systemctl show -p ActiveState --value logrotate.timer)"
echo "now $(date +%s)
state $state
end"
""",
    parse=parse,
    judge=judge,
    limits={"age": Limit(2, 8, "days", Text(zh="logrotate 的定时器每天运行;经验值", en="logrotate's timer runs daily; own judgement"))},
    remedy=Text(zh="systemctl status logrotate.timer,或 /etc/cron.daily/logrotate;logrotate -d /etc/logrotate.conf",
                en="systemctl status logrotate.timer, or /etc/cron.daily/logrotate; logrotate -d /etc/logrotate.conf"),
    mend=mend,
    source="logrotate(8)",
)
