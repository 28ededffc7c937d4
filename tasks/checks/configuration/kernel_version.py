"""CFG-03b The newest kernel installed is the one that runs (R132 系统配置检查)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, ok, warning
from tasks.checks.lines import listed, until_end


def _key(version: str) -> list[tuple[int, str]]:
    """As sort -V orders kernels."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.findall(r"\d+|[^\d.+_-]+", version)]


def parse(output: str) -> tuple[str, list[str]]:
    """The kernel that runs, those installed."""
    lines = until_end(output)
    running = [line[8:] for line in lines if line.startswith("running ")]
    installed = [line[10:] for line in lines if line.startswith("installed ")]
    if len(running) != 1 or not installed:
        raise Unreadable("the kernels were not named", "没有列出内核")
    return running[0], installed


def judge(answer: tuple[str, list[str]], limits: Limits, known: Known) -> Iterator[Row]:
    running, installed = answer
    newest = max(installed, key=_key)
    if _key(newest) > _key(running):
        yield warning(f"正在运行内核 {running},已安装 {newest}", f"kernel {running} runs, {newest} is installed", evidence=listed(installed))
    else:
        yield ok(f"正在运行最新安装的内核 {running}", f"the newest kernel installed runs: {running}")


CHECK = HostCheck(
    id="CFG-03b",
    title=Text(zh="内核版本", en="Kernel"),
    chapter="configuration",
    command=r"""
set -- /boot/vmlinuz-[0-9]*
[ -e "$1" ] || na "没有安装内核(容器,或使用外部内核)" "no kernel is installed here (a container, or a kernel from outside)"
echo "running $(uname -r)"
for f do echo "installed ${f#/boot/vmlinuz-}"; done
echo end
""",
    parse=parse,
    judge=judge,
    remedy=Text(zh="安排窗口重启", en="Plan a window for the reboot"),
    source=Text(zh="uname(1);Debian 与 RHEL 的内核在 /boot", en="uname(1); Debian and RHEL keep kernels in /boot"),
)
