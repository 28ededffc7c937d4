"""CFG-15 Programs everybody trusts are as their package brought them (R132 系统配置检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, critical, ok, whole
from tasks.checks.lines import until_end


def parse(output: str) -> tuple[list[str], int]:
    """Files that differ; how many were compared."""
    lines = until_end(output)
    if not lines or not lines[-1].startswith("compared "):
        raise Unreadable("nothing was compared", "没有比较任何内容")
    compared = whole(lines[-1].split()[1], "a count")
    if compared < 1:
        raise Unreadable("nothing was compared", "没有比较任何内容")
    return lines[:-1], compared


def judge(answer: tuple[list[str], int], limits: Limits, known: Known) -> Iterator[Row]:
    files, compared = answer
    for path in files:
        yield critical(f"{path} 与软件包中的不同", f"{path} differs from its package", object=path)
    if not files:
        yield ok(f"{compared} 个关键程序与软件包一致", f"{compared} key programs are as their packages brought them")


CHECK = HostCheck(
    id="CFG-15",
    title=Text(zh="关键程序完整性", en="Integrity of key programs"),
    chapter="configuration",
    # a few programs only: all of them would be minutes of reading
    command=r"""
if [ -d /var/lib/dpkg/info ]; then
  cd /
  sums=$(cat /var/lib/dpkg/info/openssh-server.md5sums /var/lib/dpkg/info/sudo.md5sums /var/lib/dpkg/info/login.md5sums /var/lib/dpkg/info/passwd.md5sums \
    /var/lib/dpkg/info/bash.md5sums /var/lib/dpkg/info/libpam-modules*.md5sums 2>/dev/null |
    grep -E ' (usr/)?(bin/(su|sudo|login|passwd|bash|newgrp|chsh)|sbin/(sshd|nologin|usermod|useradd)|lib/[^ ]*/security/pam_(unix|deny|permit)\.so)$')
  [ -n "$sums" ] || cannot "dpkg 没有保存校验和" "dpkg keeps no checksums"
  echo "$sums" | md5sum -c --quiet 2>/dev/null | sed -n 's,^\(.*\): FAILED.*,/\1,p'
  echo "compared $(echo "$sums" | wc -l)"
elif command -v rpm >/dev/null; then
  out=$(rpm -V --nomtime --noconfig openssh-server sudo shadow-utils util-linux bash pam 2>/dev/null)
  echo "$out" | awk '$1 ~ /^..5/ && $2 != "c" { print $NF }'
  echo "compared 6"
else
  na "没有 dpkg 或 rpm" "neither dpkg nor rpm here"
fi
echo end
""",
    parse=parse,
    judge=judge,
    remedy=Text(zh="按入侵处置:保全现场,核实变更记录,从软件包重装", en="Treat it as an intrusion: keep evidence, ask who changed it, install the package anew"),
    source="dpkg(1) --verify; rpm(8) -V",
    clause="GB/T 22239-2019 8.1.4.6",
)
