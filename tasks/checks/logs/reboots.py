"""LOG-04a Starts that no orderly shutdown came before (R129 系统日志检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, Unreadable
from tasks.checks.lines import listed, until_end


def parse(output: str) -> list[tuple[str, bool]]:
    """Starts of 90 days, the newest first, and whether a shutdown came before each. last -x prints the newest first."""
    lines = until_end(output)
    starts: list[tuple[str, bool]] = []
    found = False
    for line in lines:
        if line.startswith(("reboot ", "shutdown ", "runlevel ")):
            found = True
        if line.startswith("reboot "):
            starts.append((" ".join(line.split()[4:9]), False))
        elif line.startswith("shutdown ") and starts:
            starts[-1] = (starts[-1][0], True)
    if not found and not any(line.startswith("wtmp begins") or " begins " in line for line in lines):
        raise Unreadable("last printed no record", "last 没有输出记录")
    return starts


def judge(starts: list[tuple[str, bool]], limits: Limits, known: Known) -> Iterator[Row]:
    # The oldest start of the file has nothing before it.
    sudden = [moment for moment, orderly in starts[:-1] if not orderly]
    yield Row(limits["sudden"].grade(len(sudden)), f"启动 {len(starts)} 次,其中 {len(sudden)} 次之前没有正常关机",
              f"{len(starts)} starts, {len(sudden)} of them without a shutdown before", value=len(sudden), unit="starts", evidence=listed(sudden))


CHECK = HostCheck(
    id="LOG-04a",
    title=Text(zh="异常重启", en="Unexpected reboots"),
    chapter="log",
    command=r"""
command -v last >/dev/null || na "没有安装 last" "last is not installed"
if [ ! -s /var/log/wtmp ]; then
  { [ -e /run/systemd/container ] || [ -e /.dockerenv ]; } && na "容器不记录启动" "a container keeps no starts"
  cannot "/var/log/wtmp 缺失或为空" "/var/log/wtmp is missing or empty"
fi
last -x -F -n 200 reboot shutdown || cannot "last 失败" "last failed"
echo end
""",
    parse=parse,
    judge=judge,
    limits={"sudden": Limit(1, 1, "starts", "own judgement")},
    remedy=Text(zh="查明原因:电源、宿主机、内核崩溃(LOG-03a、LOG-04b)", en="Find out why: power, hypervisor, kernel crash (LOG-03a, LOG-04b)"),
    source="last(1), util-linux",
)
