"""CFG-03c Processes that still run code an update replaced (R132 系统配置检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, Unreadable, whole
from tasks.checks.lines import listed, until_end, words
from tasks.operations import unit
from tasks.operations.mend import Mend


def parse(output: str) -> tuple[int, list[tuple[str, str]]]:
    """Processes looked at, and those with code that is gone: name, and unit ("-": none that could be restarted)."""
    lines = until_end(output)
    if not lines or not lines[-1].startswith("looked "):
        raise Unreadable("no process was looked at", "没有查看任何进程")
    looked = whole(lines[-1].split()[1], "a count")
    if looked < 1:
        raise Unreadable("no process was looked at", "没有查看任何进程")
    found = {(name, told) for _, told, name in (words(line, 3) for line in lines[:-1])}
    return looked, sorted(found)


def judge(answer: tuple[int, list[tuple[str, str]]], limits: Limits, known: Known) -> Iterator[Row]:
    looked, old = answer[0], sorted({name for name, _ in answer[1]})
    yield Row(limits["old"].grade(len(old)), f"{looked} 个进程中 {len(old)} 个仍在用更新前的程序库",
              f"{len(old)} of {looked} processes run code that an update replaced",
              value=len(old), unit="processes", evidence=listed(old, 20))


def mend(row: Row, answer: tuple[int, list[tuple[str, str]]], known: Known) -> Mend | Text:
    others = sorted({name for name, told in answer[1] if not unit.known(told) or unit.NEVER_RESTARTED.fullmatch(told)})
    if others:
        return Text(zh=f"{listed(others)} 不能在运行中重启(会话或系统核心服务),须退出登录或安排窗口重启主机",
                    en=f"{listed(others)} cannot be restarted in a running system (log-ins, or what all stands on): log out, or plan a reboot")
    return unit.restart(sorted({told for _, told in answer[1]}))


CHECK = HostCheck(
    id="CFG-03c",
    title=Text(zh="仍在用旧程序库的进程", en="Processes with old libraries"),
    chapter="configuration",
    command=r"""
set -- /proc/[0-9]*
grep -lE ' r-xp .* /(usr/|usr/local/|opt/[^ ]*/)?(lib|lib64|bin|sbin)[^ ]* \(deleted\)$' /proc/[0-9]*/maps 2>/dev/null | head -n 300 | while read -r path; do
  pid=${path#/proc/}; pid=${pid%%/*}
  read -r name 2>/dev/null <"/proc/$pid/comm" || continue
  unit=$(grep -vE '/(user@|session-)' "/proc/$pid/cgroup" 2>/dev/null | grep -oE '[^/]+\.service' | head -n 1)
  echo "old ${unit:--} $name"
done
echo "looked $#"
echo end
""",
    parse=parse,
    judge=judge,
    limits={"old": Limit(1, None, "processes", "needrestart(1)")},
    remedy=Text(zh="重启这些服务(见证据)", en="Restart those services (see evidence)"),
    source="proc_pid_maps(5); needrestart(1)",
    mend=mend,
)
