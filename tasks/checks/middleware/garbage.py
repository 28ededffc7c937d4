"""MID-05b How much of their time Java servers spend on collecting garbage (R127 其他设备和软件)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, Unreadable, not_applicable, number, whole
from tasks.checks.lines import until_end, words

YOUNG_S = 600  # a server that just started has loaded its classes and little else


@dataclass(frozen=True)
class Machine:
    """collecting_s: since its start. old: how full its old generation is, in per cent; one that is full until the next collection is usual."""

    name: str
    seconds: int
    collecting_s: float
    old: float


def parse(output: str) -> list[Machine]:
    """For each a line `jvm SECONDS NAME`, and jstat's two lines, head and figures."""
    lines = until_end(output)
    found: list[Machine] = []
    while lines:
        if len(lines) < 3:
            raise Unreadable("jstat's figures are missing", "缺少 jstat 的数值")
        (first, head, figures), lines = lines[:3], lines[3:]
        kind, seconds, name = words(first, 3)
        told = dict(zip(head.split(), figures.split(), strict=False))
        if kind != "jvm" or "GCT" not in told:
            raise Unreadable(f"jstat printed {head[:60]!r}", f"jstat 输出了 {head[:60]!r}")
        found.append(Machine(name, whole(seconds, "seconds"), number(told["GCT"], "GCT"), number(told.get("O", 0), "O")))
    return found


def judge(found: list[Machine], limits: Limits, known: Known) -> Iterator[Row]:
    for one in found:
        share = 100 * one.collecting_s / max(1, one.seconds)
        if one.seconds < YOUNG_S:
            yield not_applicable(f"{one.name} 刚启动 {one.seconds} 秒", f"{one.name} started {one.seconds} s ago", object=one.name)
        else:
            yield Row(limits["share"].grade(share), f"{one.name} 的 {share:.1f} % 时间用于垃圾回收,老年代已用 {one.old:.0f} %",
                      f"{one.name} collects garbage {share:.1f} % of the time, its old generation is {one.old:.0f} % full",
                      object=one.name, value=share, unit="%")
    if not found:
        yield not_applicable("没有可询问的 Java 进程", "no Java server can be asked")


CHECK = HostCheck(
    id="MID-05b",
    title=Text(zh="Java 垃圾回收", en="Garbage collection of Java servers"),
    chapter="middleware",
    # jstat comes with a JDK only; by unit and account, as a number would be another one next time
    command=r"""
pids=$(pgrep -x java | head -n 8)
[ -n "$pids" ] || na "没有 Java 进程" "no Java server runs here"
jstat=$(command -v jstat || ls /usr/lib/jvm/*/bin/jstat /opt/*/bin/jstat /usr/java/*/bin/jstat /usr/local/*/bin/jstat 2>/dev/null | head -n 1)
found=
for pid in $pids; do
  near=$(readlink "/proc/$pid/exe" 2>/dev/null); near=${near%/java}/jstat
  [ -x "$near" ] || near=$jstat
  [ -n "$near" ] || continue
  found=1
  out=$(timeout 6 "$near" -gcutil "$pid" 2>/dev/null) || continue
  name=$(ps -o unit= -p "$pid" 2>/dev/null | tr -d ' '); case $name in ''|-|*.scope) name=java;; esac
  echo "jvm $(ps -o etimes= -p "$pid" | tr -d ' ') $name ($(ps -o user= -p "$pid" | tr -d ' '))"
  echo "$out" | head -n 2
done
[ -n "$found" ] || na "只有 Java 运行环境,没有 jstat" "there is a Java runtime only, without jstat"
echo end
""",
    parse=parse,
    judge=judge,
    limits={"share": Limit(10, 25, "%", "own judgement")},
    remedy=Text(zh="调大 -Xmx,或查内存泄漏(jcmd <进程号> GC.heap_dump)", en="Raise -Xmx, or find the leak (jcmd <pid> GC.heap_dump)"),
    source="jstat(1), -gcutil",
    time_limit_s=60,
)
