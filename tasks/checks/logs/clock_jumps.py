"""LOG-11 Jumps of the clock, by the journal: each entry has the time of day and the time since the start (R129 系统日志检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, Unreadable, number, whole
from tasks.checks.lines import until_end, words


def parse(output: str) -> tuple[int, list[tuple[float, str]]]:
    """How many entries were read; by how many seconds the clock jumped, and where."""
    jumps, read = [], 0
    for line in until_end(output):
        kind, rest = words(line, 2)
        if kind == "jump":
            seconds, moment = words(rest, 2)
            jumps.append((number(seconds, "a jump"), moment))
        elif kind == "read":
            read = whole(rest, "a count")
        else:
            raise Unreadable(f"{line[:60]!r} is no jump", f"{line[:60]!r} 不是跳变")
    if not read:
        raise Unreadable("the journal has no entry", "systemd 日志没有记录")
    return read, jumps


def judge(answer: tuple[int, list[tuple[float, str]]], limits: Limits, known: Known) -> Iterator[Row]:
    _, jumps = answer
    worst = max((abs(seconds) for seconds, _ in jumps), default=0)
    yield Row(limits["jumps"].grade(len(jumps)), f"90 天内时钟跳变 {len(jumps)} 次" + (f",最大 {worst:.1f} 秒" if jumps else ""),
              f"the clock jumped {len(jumps)} times in 90 days" + (f", by {worst:.1f} s at most" if jumps else ""), value=len(jumps), unit="jumps",
              evidence="\n".join(f"{seconds:+.1f} s {moment}" for seconds, moment in jumps[-5:]))


CHECK = HostCheck(
    id="LOG-11",
    title=Text(zh="时钟跳变", en="Jumps of the clock"),
    chapter="log",
    # Between two entries of one boot, both clocks must have gone on alike; what PID 1 says is enough to see it. The first ten minutes of a boot are
    # left out: then the clock is set for the first time.
    command=r"""
{ [ -e /run/systemd/container ] || [ -e /.dockerenv ]; } && na "由容器的宿主机决定" "the container's host decides"
{ [ -d /var/log/journal ] || [ -d /run/log/journal ]; } || na "没有 systemd 日志" "no journal here"
timeout 15 journalctl -q --no-pager -o export --since -90d -n 5000 _PID=1 2>/dev/null | awk '
  function judge_entry() {
    if (boot == "" || real == 0) return
    read++
    jump = (real - since) - last
    if (boot == last_boot && begun > 600000000 && (jump > 1000000 || jump < -1000000)) printf "jump %.1f %.0f\n", jump / 1000000, real / 1000000
    last = real - since; begun = since; last_boot = boot; boot = ""; real = 0
  }
  /^__REALTIME_TIMESTAMP=/ { real = substr($0, 22) + 0 }
  /^__MONOTONIC_TIMESTAMP=/ { since = substr($0, 23) + 0 }
  /^_BOOT_ID=/ { boot = substr($0, 10) }
  /^$/ { judge_entry() }
  END { judge_entry(); print "read", read + 0 }' | tail -n 200 | while read -r kind seconds at; do
  [ "$kind" = jump ] && echo "jump $seconds $(date -d "@$at" '+%F %T')" || echo "$kind $seconds"
done
echo end
""",
    parse=parse,
    judge=judge,
    limits={"jumps": Limit(1, None, "jumps", "own judgement")},
    remedy=Text(zh="查明是谁改了时间(timedatectl、虚拟化平台、NTP);跳变时段的日志与定时任务需核对",
                en="Find what set it (timedatectl, the hypervisor, NTP); look through logs and jobs of that time"),
    source="journalctl(1), systemd.journal-fields(7)",
    clause="GB/T 22239-2019 8.1.5.4 d",
)
