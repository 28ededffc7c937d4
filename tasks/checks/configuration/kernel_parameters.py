"""CFG-10 Kernel parameters that are not what the files say (R132 系统配置检查)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, ok, warning, whole
from tasks.checks.lines import until_end, words
from tasks.operations.kernel_parameter import set_parameter
from tasks.operations.mend import Mend


def parse(output: str) -> tuple[list[tuple[str, str, str]], int]:
    """Name, what the file says, what is so; and how many were compared."""
    lines = until_end(output)
    if not lines or not lines[-1].startswith("compared "):
        raise Unreadable("nothing was compared", "没有比较任何内容")
    differ = []
    for line in lines[:-1]:
        name, said, real = words(line, 3, "\t")
        # The files may part several figures by any blanks.
        if said.split() != real.split():
            differ.append((name, said, real))
    return differ, whole(lines[-1].split()[1], "a count")


def judge(answer: tuple[list[tuple[str, str, str]], int], limits: Limits, known: Known) -> Iterator[Row]:
    differ, compared = answer
    for name, said, real in differ:
        yield warning(f"{name} 现为 {real},文件中为 {said}", f"{name} is {real}, the file says {said}", object=name)
    if not differ:
        yield ok(f"{compared} 个内核参数与配置文件一致", f"{compared} kernel parameters are as the files say")


def mend(row: Row, answer: tuple[list[tuple[str, str, str]], int], known: Known) -> Mend | Text:
    name, said, real = next(one for one in answer[0] if one[0] == row.object)
    if name.startswith(("net.", "net/")) or not re.fullmatch(r"[A-Za-z0-9_./-]+", name) or ".." in name:
        return Text(zh=f"{name} 影响网络,可能切断登录,请人工核对后处理", en=f"{name} is of the network and might cut off the way in; compare and do it by hand")
    return set_parameter(name, said, real)


CHECK = HostCheck(
    id="CFG-10",
    title=Text(zh="内核参数偏离", en="Drift of kernel parameters"),
    chapter="configuration",
    # The order is that of sysctl --system: by file name over all folders, /etc/sysctl.conf last; of one name the last counts.
    # Patterns (net.ipv4.conf.*.x) and those that may fail (a leading -) are left to sysctl.
    command=r"""
{ [ -e /run/systemd/container ] || [ -e /.dockerenv ]; } && na "由容器的宿主机决定" "the container's host decides"
files=$(for d in /usr/lib/sysctl.d /lib/sysctl.d /run/sysctl.d /etc/sysctl.d; do for f in "$d"/*.conf; do [ -f "$f" ] && echo "${f##*/} $f"; done; done |
  awk '{ path[$1] = $2 } END { for (n in path) print n, path[n] }' | sort | cut -d' ' -f2-)
[ -f /etc/sysctl.conf ] && files="$files /etc/sysctl.conf"
[ -n "$files" ] || na "没有设置内核参数的文件" "no file sets kernel parameters"
awk '/^[[:space:]]*[^#;-].*=/ {
  name = $0; sub(/=.*/, "", name); gsub(/[[:space:]]/, "", name); value = $0; sub(/^[^=]*=[[:space:]]*/, "", value); sub(/[[:space:]]+$/, "", value)
  if (name !~ /[*]/) said[name] = value } END { for (name in said) print name "\t" said[name] }' $files | {
  tab=$(printf '\t'); n=0
  while IFS=$tab read -r name value; do
    case $name in */*) path=$name;; *) path=$(echo "$name" | tr . /);; esac
    [ -r "/proc/sys/$path" ] && real=$(cat "/proc/sys/$path" 2>/dev/null) || continue
    n=$((n + 1))
    printf '%s\t%s\t%s\n' "$name" "$value" "$(echo $real)"
  done
  echo "compared $n"
}
echo end
""",
    parse=parse,
    judge=judge,
    remedy=Text(zh="sysctl --system,或把现值写入文件;查明谁改的", en="sysctl --system, or write the value into the file; find out who changed it"),
    mend=mend,
    source="sysctl.d(5), sysctl(8)",
)
