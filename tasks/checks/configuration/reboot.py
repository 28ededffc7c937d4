"""CFG-03a A reboot is waited for: new kernel or C library, old ones running (R132 系统配置检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Outcome, Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, Unreadable, ok, whole
from tasks.checks.lines import listed, until_end, words


def parse(output: str) -> tuple[bool, list[str], int]:
    """Whether the system itself asks for a reboot; what was installed after the start; when the host was started."""
    lines = until_end(output)
    started = next((whole(line.split()[1], "a moment") for line in lines if line.startswith("started ")), None)
    if started is None or not any(line.startswith("package ") for line in lines):
        raise Unreadable("start or packages are missing from the answer", "回答缺少启动时间或软件包")
    newer = []
    for line in lines:
        if line.startswith("package "):
            _, moment, name = words(line, 3)
            if whole(moment, "a moment") > started + 60:
                newer.append(name)
    return "required" in lines, newer, started


def judge(answer: tuple[bool, list[str], int], limits: Limits, known: Known) -> Iterator[Row]:
    required, newer, _ = answer
    if not required and not newer:
        yield ok("不需要重启", "no reboot is waited for")
        return
    before = known.before.get("")
    waits = known.days_since if before and before.outcome in (Outcome.WARNING, Outcome.CRITICAL) and known.days_since else 0
    yield Row(max(limits["waiting"].grade(waits), Outcome.WARNING, key=lambda outcome: outcome.weight), "需要重启才能用上更新:" + (listed(newer) or "系统提示"),
              "a reboot is needed to run what was updated: " + (listed(newer) or "the system says so"), evidence=listed(newer))


CHECK = HostCheck(
    id="CFG-03a",
    title=Text(zh="等待重启", en="Reboot needed"),
    chapter="configuration",
    # process 1 and not /proc/uptime: a container is younger than its host
    command=r"""
echo "started $(($(date +%s) - $(ps -o etimes= -p 1)))"
[ -e /run/reboot-required ] && echo required
if [ -d /var/lib/dpkg/info ]; then
  for f in /var/lib/dpkg/info/libc6*.list /var/lib/dpkg/info/systemd.list /var/lib/dpkg/info/dbus.list /var/lib/dpkg/info/linux-image-[0-9]*.list; do
    [ -e "$f" ] && set -- "$@" "$f"
  done
  [ $# -gt 0 ] && stat -c 'package %Y %n' "$@" | sed 's,/var/lib/dpkg/info/,,; s,\.list$,,'
elif command -v rpm >/dev/null; then
  rpm -q --qf 'package %{INSTALLTIME} %{NAME}-%{VERSION}-%{RELEASE}\n' kernel kernel-core glibc systemd dbus openssl-libs linux-firmware 2>/dev/null |
    grep '^package '
else
  na "没有 dpkg 或 rpm" "neither dpkg nor rpm here"
fi
echo end
""",
    parse=parse,
    judge=judge,
    limits={"waiting": Limit(None, 30, "days since the last inspection, waiting then too", "own judgement")},
    remedy=Text(zh="安排窗口重启", en="Plan a window for the reboot"),
    source="needs-restarting(1); Debian reboot-notifier",
)
