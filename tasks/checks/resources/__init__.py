"""Use of resources. Most checks of this folder read small kernel files: one command asks for all of them, without starting a program."""

from __future__ import annotations

from tasks.checks.kinds import Unreadable, number, whole
from tasks.checks.lines import until_end

FIGURES = r"""
cores() { while read -r name rest; do case $name in cpu[0-9]*) echo core;; esac; done; }
cores </proc/stat
for f in loadavg uptime; do read -r line </proc/$f && echo "$f $line"; done
# A sysctl file gives its figure to the first read only, and read(1) of a shell asks for one letter at a time.
grep -sH . /proc/sys/kernel/pid_max /proc/sys/kernel/threads-max /proc/sys/fs/file-nr /proc/sys/net/netfilter/nf_conntrack_count \
  /proc/sys/net/netfilter/nf_conntrack_max /proc/pressure/memory /proc/pressure/io
while read -r name value rest; do
  case $name in MemTotal:|MemAvailable:|MemFree:|Cached:|SwapTotal:|SwapFree:) echo "${name%:} $value";; esac
done </proc/meminfo
while read -r name value; do case $name in oom_kill) echo "$name $value";; esac; done </proc/vmstat
echo end
"""

# Over a span of a second or more: the reading itself, so this is asked late, and waits only where it comes early.
SPAN = r"""
read -r up rest </proc/uptime
[ $((${up%%.*} - ${UPTIME_BEFORE%%.*})) -ge 2 ] || sleep 1
first() { while read -r name rest; do case $name in cpu|procs_blocked) echo "$1_$name $rest";; cpu[0-9]*) [ "$1" = now ] && echo core;; esac; done; }
first before <<X
$STAT_BEFORE
X
first now </proc/stat
read -r line </proc/loadavg && echo "loadavg $line"
echo end
"""


def figures(output: str, *needed: str) -> dict[str, list[str]]:
    """The answer of FIGURES or SPAN by name; `core` has one word for each processor. Raises Unreadable where a needed name is missing."""
    found: dict[str, list[str]] = {"core": []}
    for line in until_end(output):
        path, _, value = line.partition(":")
        name, *rest = [path.rpartition("/")[2], *value.split()] if line.startswith("/") else line.split()
        if name == "core":
            found["core"].append(name)
        elif line.startswith("/proc/pressure"):
            found[f"pressure_{name}_{rest[0]}"] = rest[1:]
        else:
            found[name] = rest
    for name in needed:
        if not found.get(name):
            raise Unreadable(f"{name} is missing from the answer", f"回答缺少 {name}")
    return found


def cpu_shares(output: str) -> tuple[dict[str, float], float]:
    """Shares of processor time in percent since the reading began, and the load of 15 minutes in percent of the processors."""
    found = figures(output, "before_cpu", "now_cpu", "loadavg", "core")
    before, now = ([whole(word, "processor time") for word in found[name]] for name in ("before_cpu", "now_cpu"))
    spans = [max(0, later - sooner) for sooner, later in zip(before, now, strict=True)]
    if len(spans) < 8 or sum(spans[:8]) < 50 * len(found["core"]):
        raise Unreadable("less than half a second passed between the two looks at /proc/stat", "两次读取 /proc/stat 的间隔不足半秒")
    _, nice, _, idle, iowait, _, _, steal = spans[:8]
    total = sum(spans[:8])
    # Work of low priority, this reading among it, gives way to any other and is no load.
    shares = {"busy": 100 * (total - idle - iowait - nice) / total, "iowait": 100 * iowait / total, "steal": 100 * steal / total}
    return shares, 100 * number(found["loadavg"][2], "load") / len(found["core"])
