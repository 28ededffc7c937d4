"""CFG-02c Packages that are only half installed (R132 系统配置检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, Unreadable, whole
from tasks.checks.lines import listed, until_end


def parse(output: str) -> tuple[int, list[str]]:
    """Packages counted, and those that are not whole."""
    lines = until_end(output)
    if not lines or not lines[-1].startswith("counted "):
        raise Unreadable("the packages were not counted", "没有给出软件包数量")
    counted = whole(lines[-1].split()[1], "a count")
    if counted < 1:
        raise Unreadable("no package is installed", "没有安装任何软件包")
    return counted, [line.removeprefix("broken ") for line in lines[:-1]]


def judge(answer: tuple[int, list[str]], limits: Limits, known: Known) -> Iterator[Row]:
    counted, broken = answer
    yield Row(limits["broken"].grade(len(broken)), f"{counted} 个软件包,其中 {len(broken)} 个没有装完整",
              f"{counted} packages, {len(broken)} of them not whole",
              value=len(broken), unit="packages", evidence=listed(broken))


CHECK = HostCheck(
    id="CFG-02c",
    title=Text(zh="未装完整的软件包", en="Half-installed packages"),
    chapter="configuration",
    command=r"""
if [ -r /var/lib/dpkg/status ]; then
  awk '/^Package: / { name = $2 } /^Status: / { n++; if ($4 !~ /^(installed|config-files|not-installed)$/ || $3 != "ok") print "broken", name, $4 }
    END { print "counted", n + 0 }' /var/lib/dpkg/status
elif command -v rpm >/dev/null; then
  # Two versions of one package, of those that can have one only, are an update that was torn off.
  rpm -qa --qf '%{NAME}.%{ARCH} %{VERSION}\n' | awk '{ n++ } $1 !~ /^(kernel|gpg-pubkey)/ && seen[$1]++ == 1 { print "broken", $1, "twice" }
    END { print "counted", n + 0 }'
else
  na "没有 dpkg 或 rpm" "neither dpkg nor rpm here"
fi
echo end
""",
    parse=parse,
    judge=judge,
    limits={"broken": Limit(1, None, "packages", "dpkg(1), --audit")},
    remedy=Text(zh="dpkg --configure -a 与 apt-get -f install;dnf remove --duplicates",
                en="dpkg --configure -a and apt-get -f install; dnf remove --duplicates"),
    source="dpkg(1); package-cleanup(1)",
)
