"""Settings of the kernel, by sysctl: what they are, which file says so, and what becomes of them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from reports.records import SettingChange, Survey, Text
from reports.records.measurement import EFFECT
from tasks.operations.sysctl import FILE, set_kernel
from tasks.planning.tuning.kinds import System, Tuned, refused
from tasks.requests import SettingWish
from tasks.sections import Answer, Part

CONFIRM_S = 120  # for new logins, where a setting of the network might cut everybody off
NAME = re.compile(r"(vm|net|fs|kernel)(\.[a-z0-9_-]+)+")
# The kernel takes some values without a word that are good for nothing, or worse. From its own documentation (sysctl/vm, kernel, net, fs).
BOUNDS = {
    "vm.swappiness": (0, 200), "vm.dirty_ratio": (1, 100), "vm.dirty_background_ratio": (0, 100), "vm.overcommit_memory": (0, 2),
    "vm.overcommit_ratio": (0, 1000), "vm.vfs_cache_pressure": (1, 10_000), "vm.max_map_count": (65_530, 1 << 30),
    "vm.dirty_expire_centisecs": (1, 360_000),
    "vm.dirty_writeback_centisecs": (0, 360_000), "vm.zone_reclaim_mode": (0, 7), "net.core.somaxconn": (1, 65_535),
    "net.core.netdev_max_backlog": (1, 1 << 24),
    "net.ipv4.tcp_max_syn_backlog": (1, 1 << 20), "net.ipv4.tcp_fin_timeout": (5, 600), "net.ipv4.tcp_keepalive_time": (10, 86_400),
    "net.ipv4.tcp_keepalive_intvl": (1, 3600), "net.ipv4.tcp_keepalive_probes": (1, 127), "net.ipv4.tcp_tw_reuse": (0, 2), "net.ipv4.tcp_syncookies": (0, 2),
    "net.ipv4.tcp_slow_start_after_idle": (0, 1), "net.core.rmem_max": (4096, 1 << 30), "net.core.wmem_max": (4096, 1 << 30), "fs.file-max": (8192, 1 << 40),
    "fs.nr_open": (1024, 1 << 30), "fs.aio-max-nr": (1, 1 << 30), "fs.inotify.max_user_watches": (1, 1 << 30), "kernel.pid_max": (1024, 4_194_304),
    "kernel.threads-max": (1024, 1 << 30), "kernel.sched_autogroup_enabled": (0, 1), "kernel.numa_balancing": (0, 2),
}
MEMORY = {"vm.min_free_kbytes": 1, "vm.nr_hugepages": 2048}  # in KiB each: what they take away from everybody else
CONGESTION = "net.ipv4.tcp_congestion_control"


def facts(wishes: Sequence[SettingWish], survey: Survey) -> list[Part]:
    names = " ".join(wish.name for wish in wishes if NAME.fullmatch(wish.name))
    return [Part("kernel", f"""for name in {names or ':'}; do
  path=/proc/sys/$(echo "$name" | tr . /)
  [ -f "$path" ] || continue
  may=no; if [ -w "$path" ]; then may=yes; fi
  echo "now $name $may $(tr '\\t' ' ' <"$path")"
done
echo "congestion $(cat /proc/sys/net/ipv4/tcp_available_congestion_control 2>/dev/null)"
# in the order of sysctl --system: by file name over all folders, /etc/sysctl.conf last; the last line of a name counts
{{ for folder in /usr/lib/sysctl.d /lib/sysctl.d /run/sysctl.d /etc/sysctl.d; do for file in "$folder"/*.conf; do
    [ -f "$file" ] && echo "${{file##*/}} $file"; done; done |
  awk '{{ path[$1] = $2 }} END {{ for (name in path) print name, path[name] }}' | sort | cut -d' ' -f2-
  [ ! -f /etc/sysctl.conf ] || echo /etc/sysctl.conf; }} | while read -r file; do
  for name in {names or ':'}; do
    pattern=$(echo "$name" | sed 's/[.]/[.\\/]/g')
    grep -nE "^[[:space:]]*-?$pattern[[:space:]]*=" "$file" | tail -n 1 | sed "s|^\\([0-9]*\\):.*|said $name $file \\1|"
  done
done""", 15)]


def tune(wishes: Sequence[SettingWish], answers: Mapping[str, Answer], survey: Survey) -> list[Tuned]:
    lines = [line.split(" ") for line in answers["kernel"].lines] if "kernel" in answers else []
    now = {line[1]: (line[2] == "yes", " ".join(line[3:]).split()) for line in lines if line[0] == "now"}
    said = {line[1]: (line[2], line[3]) for line in lines if line[0] == "said"}
    congestion = next((line[1:] for line in lines if line[0] == "congestion"), [])
    wished = [wish for wish in wishes if _wanted(wish, now.get(wish.name), said.get(wish.name), congestion, survey)]
    if not wished:
        return []
    values = {wish.name: " ".join(wish.value.split()) if wish.name == CONGESTION else "\t".join(wish.value.split()) for wish in wished}
    of = set_kernel(values)
    of = replace(of, in_force=of.in_force + effects(values), is_back=of.is_back + effects(values))
    mend = replace(of.mend(), risk="medium", breaks=Text(zh="内核参数对主机上所有程序生效", en="settings of the kernel hold for every program of the host"),
                   confirm_s=CONFIRM_S if any(name.startswith("net.") for name in values) else 0)
    return [Tuned(mend, tuple(SettingChange(
        target=survey.target, system="kernel", name=wish.name, before=" ".join(now[wish.name][1]), source=_source(said.get(wish.name)),
        after=" ".join(wish.value.split()), takes="at once") for wish in wished))]


def effects(names: Iterable[str]) -> str:
    """Shell that prints what the kernel says of each."""
    return "".join(f'echo "{EFFECT} {name} $(tr "\\t" " " <"$(of_name {name})")"\n' for name in names)


def _wanted(wish: SettingWish, now: tuple[bool, list[str]] | None, said: tuple[str, str] | None, congestion: Sequence[str], survey: Survey) -> bool:
    name, words = wish.name, wish.value.split()
    if not NAME.fullmatch(name) or now is None:
        raise refused(f"the kernel of {survey.target} has no setting {name}; write it as in vm.swappiness (of vm, net, fs or kernel)",
                      f"{survey.target} 的内核没有参数 {name}；写法如 vm.swappiness（限 vm、net、fs、kernel）")
    may, have = now
    if not may:
        raise refused(f"{name} cannot be set on {survey.target}; in a container its host decides", f"{survey.target} 上不能设置 {name}；容器中由宿主机决定")
    if said and (said[0] == "/etc/sysctl.conf" or said[0].rpartition("/")[2] > FILE.rpartition("/")[2]):
        raise refused(f"{said[0]}, line {said[1]}, sets {name} and is read after {FILE}; change it there",
                      f"{said[0]} 第 {said[1]} 行设置了 {name}，且在 {FILE} 之后读取；请在该处修改")
    if name == CONGESTION:
        if wish.value not in congestion:
            raise refused(f"{name} takes one of {', '.join(congestion)}, not {wish.value}", f"{name} 可取 {'、'.join(congestion)}，不能取 {wish.value}")
    elif not all(re.fullmatch(r"-?\d{1,18}", word) for word in have):
        raise refused(f"{name} is no figure; set it by hand", f"{name} 不是数值参数；请人工设置")
    elif len(words) != len(have) or not all(re.fullmatch(r"-?\d{1,18}", word) for word in words):
        raise refused(f"{name} takes {len(have)} whole figure{'s' * (len(have) != 1)}, as now {' '.join(have)}, not {wish.value}",
                      f"{name} 须为 {len(have)} 个整数（现为 {' '.join(have)}），不能取 {wish.value}")
    else:
        low, high = BOUNDS.get(name, (-1, (1 << 63) - 1))
        if name in MEMORY:
            low, high = 0, int(survey.memory_kib * 0.5 / MEMORY[name])
        if not all(low <= int(word) <= high for word in words):
            raise refused(f"{name} = {wish.value} is out of range ({low} to {high})", f"{name} = {wish.value} 超出范围（{low} 至 {high}）")
    return words != have


def _source(said: tuple[str, str] | None) -> Text:
    if said:
        return Text(zh=f"{said[0]} 第 {said[1]} 行", en=f"{said[0]}, line {said[1]}")
    return Text(zh="内核默认值，未写入文件", en="the kernel's default, in no file")


SYSTEM = System("kernel", 10, facts, tune, on_copy=False)
