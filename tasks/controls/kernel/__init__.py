"""Settings of the kernel: what is so now, and what the files say will be so after the next start."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reports.records import Text
from tasks.checks.kinds import Known, Mender, Row, Unreadable
from tasks.controls.kinds import Bounds, failed, not_applicable, passed
from tasks.controls.reading import by_kind
from tasks.operations.mend import Mend
from tasks.operations.sysctl import set_kernel

# A container has some of the network's settings for itself, where /proc/sys can be written; all others are its host's.
# The order of the files is that of sysctl --system: by name over all folders, /etc/sysctl.conf last. What a package ships is there to be overridden
# (sysctl.d(5)); what somebody wrote into /etc or /run is theirs.
PARAMETERS = r"""
command -v sysctl >/dev/null || cannot "缺少 sysctl" "sysctl is missing"
own=all
if [ -e /run/systemd/container ] || [ -e /.dockerenv ]; then own=none; [ -w /proc/sys/net/ipv4/ip_forward ] && own=net; fi
echo "own $own"
sysctl -a 2>/dev/null |
  awk -F' = ' '/^(kernel|fs)\./ && !/sched|keys|random\./ || /^net\.ipv[46]\.(conf\.(all|default)\.|icmp|ip_forward|tcp_syncookies|tcp_rfc1337)/ ||
    /^(net\.core\.bpf_jit_harden|dev\.tty\.ldisc_autoload) / { print "set " $1 " " $2 }'
files=$(for d in /usr/lib/sysctl.d /lib/sysctl.d /run/sysctl.d /etc/sysctl.d; do for f in "$d"/*.conf; do [ -f "$f" ] && echo "${f##*/} $f"; done; done |
  awk '{ path[$1] = $2 } END { for (n in path) print n, path[n] }' | sort | cut -d' ' -f2-)
[ -f /etc/sysctl.conf ] && files="$files /etc/sysctl.conf"
[ -n "$files" ] && awk '/^[[:space:]]*-?[a-z].*=/ {
  name = $0; sub(/=.*/, "", name); gsub(/[[:space:]-]/, "", name); gsub("/", ".", name); value = $0; sub(/^[^=]*=[[:space:]]*/, "", value)
  sub(/[[:space:]]+$/, "", value); print "said " name " " value; theirs[name] = (FILENAME !~ "^(/usr)?/lib/") || theirs[name] }
  END { for (name in theirs) if (!theirs[name]) print "shipped " name }' $files
for i in /sys/class/net/*; do
  [ "${i##*/}" = lo ] || { [ ! -e "$i/device" ] && [ "$(cat "$i/operstate" 2>/dev/null)" = down ]; } || echo "link ${i##*/}"
done
echo end
"""


@dataclass(frozen=True)
class Parameters:
    """own: "all", or of a container "net" or "none". now: in force. said: what the files say; the last counts.

    shipped: names of which only files of packages speak. links: to networks, those of the machine itself also while they are down.
    """

    own: str
    now: dict[str, str]
    said: dict[str, str]
    shipped: frozenset[str]
    links: tuple[str, ...]


def parameters(output: str) -> Parameters:
    found = by_kind(output, "own", "set", "said", "shipped", "link")
    if found["own"] not in (["all"], ["net"], ["none"]):
        raise Unreadable(f"whose the settings are is {found['own']!r}", f"无法判断参数归属:{found['own']!r}")
    now, said = ({name: " ".join(value.split()) for name, _, value in (line.partition(" ") for line in found[kind])} for kind in ("set", "said"))
    if not now:
        raise Unreadable("sysctl -a told nothing", "sysctl -a 没有输出")
    return Parameters(found["own"][0], now, said, frozenset(found["shipped"]), tuple(found["link"]))


def are(wanted: Mapping[str, str | tuple[str, ...]]) -> Callable[[Parameters, Bounds, Known], Iterator[Row]]:
    """These settings have these values (one of several), now and after the next start. One that the kernel does not have is not applicable."""
    def judge(found: Parameters, bounds: Bounds, known: Known) -> Iterator[Row]:
        for name, values in wanted.items():
            good = (values,) if isinstance(values, str) else values
            now, said = found.now.get(name), found.said.get(name)
            if found.own == "none" or found.own == "net" and not name.startswith("net."):
                yield not_applicable("不适用:由容器的宿主机决定", "not applicable: the container's host decides", object=name)
            elif now is None:
                yield not_applicable("不适用:内核没有此参数", "not applicable: the kernel has no such setting", object=name)
            elif now not in good:
                yield failed(f"{name} = {now},应为 {' | '.join(good)}", f"{name} is {now}, and should be {' or '.join(good)}", object=name)
            elif said is not None and said not in good:
                yield failed(f"{name} 现为 {now},但配置文件写的是 {said},重启后失效", f"{name} is {now}, but the files say {said}, which the next start brings",
                             object=name)
            else:
                yield passed(f"{name} = {now}", f"{name} is {now}", object=name)
    return judge


def written(wanted: Mapping[str, str | tuple[str, ...]]) -> Text:
    """The remedy in words: each setting with its value, the first where several pass."""
    lines = [f"{name}={values if isinstance(values, str) else values[0]}" for name, values in wanted.items()]
    return Text(zh=f"写入 /etc/sysctl.d 并 sysctl -p:{';'.join(lines)}", en=f"in a file of /etc/sysctl.d, then sysctl -p: {', '.join(lines)}")


# Where several values pass: one that can be taken back while the machine runs (bpf), one that drops nobody's packets (rp_filter: the strict one only
# where all packets come and go by one link), and one that hides addresses also from programs that root starts with fewer rights (kptr_restrict).
CHOSEN = {"kernel.kptr_restrict": "2", "kernel.unprivileged_bpf_disabled": "2", "net.ipv4.conf.all.rp_filter": "2", "net.ipv4.conf.default.rp_filter": "2"}
WITH_ONE_LINK = {"net.ipv4.conf.all.rp_filter": "1", "net.ipv4.conf.default.rp_filter": "1"}


def values(wanted: Mapping[str, str | tuple[str, ...]]) -> Mender:
    """Sets the setting that the row names, now and after every start."""
    def mend(row: Row, found: Parameters, known: Known) -> Mend | Text:
        chosen = CHOSEN | WITH_ONE_LINK if len(found.links) == 1 else CHOSEN
        value = chosen.get(row.object) or (wanted[row.object] if isinstance(wanted[row.object], str) else wanted[row.object][0])
        said = found.said.get(row.object)
        if said is not None and said != value and row.object not in found.shipped:
            return Text(zh=f"另有配置文件写了 {row.object} = {said}，须先查明原因并在该文件中修改",
                        en=f"another file sets {row.object} to {said}; find out why, and change it there")
        return set_kernel({row.object: value}).mend()
    return mend


OF_KERNEL: dict[str, Any] = {"family": "kernel", "command": PARAMETERS, "parse": parameters, "source": "sysctl(8); sysctl.d(5)"}
