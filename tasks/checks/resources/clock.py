"""RES-14a The clock is kept by a time server (R134 系统资源使用状况检查; GB/T 22239 8.1.5.4 needs one time for all logs)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, number, ok, warning, whole
from tasks.checks.lines import until_end, words
from tasks.operations import unit
from tasks.operations.mend import Mend

CLOCK = r"""
if [ -S /run/chrony/chronyd.sock ] || [ -S /var/run/chrony/chronyd.sock ]; then
  out=$(chronyc -n -c tracking) || cannot "chronyc 报错" "chronyc failed" "$out"
  echo "chrony $out"
elif [ -d /run/systemd/timesync ]; then
  read -r up rest </proc/uptime
  now=$(date +%s); last=$(stat -c %Y /run/systemd/timesync/synchronized 2>/dev/null || echo 0)
  echo "timesyncd $now $last"
elif command -v ntpq >/dev/null && out=$(ntpq -c 'rv 0 leap,stratum,offset' 2>&1); then
  echo "ntp $out" | tr '\n' ' '; echo
elif [ -e /run/systemd/container ] || [ -e /.dockerenv ] || [ -e /run/.containerenv ]; then
  na "时钟由容器的宿主机决定" "the clock is the container host's"
else
  echo none
  for unit in chrony.service chronyd.service systemd-timesyncd.service ntpsec.service ntp.service; do
    [ "$(systemctl show -p LoadState --value $unit 2>/dev/null)" = loaded ] && echo "installed $unit"
  done
fi
echo end
"""


def parse(output: str) -> tuple[str, bool, float | None, list[str]]:
    """Who keeps the clock (empty: nobody), whether it is synchronised, the offset in seconds where that is told, services that could keep it."""
    lines = until_end(output)
    kind, _, rest = (lines or [""])[0].partition(" ")
    if kind == "none":
        return "", False, None, [line.removeprefix("installed ") for line in lines[1:]]
    if kind == "chrony":
        parts = rest.split(",")
        if len(parts) < 14:
            raise Unreadable(f"chronyc printed {rest[:60]!r}", f"chronyc 输出了 {rest[:60]!r}")
        return "chrony", parts[-1].startswith(("Normal", "Insert", "Delete")) and whole(parts[2], "stratum") > 0, number(parts[4], "offset"), []
    if kind == "timesyncd":
        now, last = (whole(word, "a moment") for word in words(rest, 2))
        return "systemd-timesyncd", 0 < last <= now + 60, None, []
    if kind == "ntp":
        told = dict(re.findall(r"(\w+)=([^,\s]+)", rest))
        # leap 3, "11": not synchronised; the offset is in milliseconds
        return "ntpd", told["leap"] not in ("11", "3"), number(told["offset"], "offset") / 1000, []
    raise Unreadable(f"{kind[:40]!r} is no time service", f"{kind[:40]!r} 不是时间服务")


def judge(answer: tuple[str, bool, float | None, list[str]], limits: Limits, known: Known) -> Iterator[Row]:
    service, synchronised, *_ = answer
    if not service:
        yield warning("没有时间同步服务", "no time service runs")
    elif not synchronised:
        yield warning(f"{service} 没有同步", f"{service} is not synchronised")
    else:
        yield ok(f"{service} 已同步", f"{service} is synchronised")


def mend(row: Row, answer: tuple[str, bool, float | None, list[str]], known: Known) -> Mend | Text:
    service, _, _, installed = answer
    if service:
        return Text(zh=f"{service} 在运行而没有同步:检查其时间服务器与 UDP 123 端口",
                    en=f"{service} runs and is not synchronised: look at its servers and at UDP port 123")
    if not installed:
        return Text(zh="没有安装时间同步服务:先安装 chrony", en="no time service is installed: install chrony first")
    return unit.start(installed[0], enable=True, settles_s=120,
                      breaks=Text(zh="时钟若偏差较大,会被校正而跳变", en="a clock that is far off is set right, which is a jump"))


CHECK = HostCheck(
    id="RES-14a",
    title=Text(zh="时间同步", en="Time synchronisation"),
    chapter="resources",
    command=CLOCK,
    parse=parse,
    judge=judge,
    remedy=Text(zh="启用 chrony 或 systemd-timesyncd,检查 NTP 服务器与 UDP 123", en="Run chrony or systemd-timesyncd; check its servers and UDP port 123"),
    mend=mend,
    source="chronyc(1) tracking; systemd-timesyncd.service(8); ntpq(8)",
    clause="GB/T 22239-2019 8.1.5.4 d",
)
