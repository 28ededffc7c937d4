"""CFG-02b How old the lists of packages are: with old ones no update is seen (R132 系统配置检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, whole
from tasks.checks.lines import pairs
from tasks.operations.mend import Mend
from tasks.operations.package_lists import fetch_lists


def parse(output: str) -> tuple[int, int, str]:
    """Now, the moment of the newest list, whose lists they are."""
    found = pairs(output, "now", "lists")
    return whole(found["now"], "now"), whole(found["lists"], "a moment"), found.get("manager", "")


def judge(answer: tuple[int, int, str], limits: Limits, known: Known) -> Iterator[Row]:
    days = (answer[0] - answer[1]) / 86400
    yield Row(limits["age"].grade(days), f"软件包列表是 {days:.0f} 天前取的", f"the lists of packages are {days:.0f} days old", value=round(days, 1),
              unit="days")


def mend(row: Row, answer: tuple[int, int, str], known: Known) -> Mend | Text:
    if answer[2] != "apt":
        return Text(zh="在主机上执行 dnf makecache,并检查内网镜像", en="run dnf makecache on the host, and check the mirror")
    return fetch_lists()


CHECK = HostCheck(
    id="CFG-02b",
    title=Text(zh="软件包列表的新旧", en="Age of package lists"),
    chapter="configuration",
    # apt keeps the archive's own date on a list; the folder tells when it was fetched
    command=r"""
if [ -d /var/lib/apt/lists ]; then set -- /var/lib/apt/lists/partial /var/lib/apt/lists
elif [ -d /var/cache/dnf ]; then set -- /var/cache/dnf/*/repodata
elif [ -d /var/cache/yum ]; then set -- /var/cache/yum/*/*/*/repomd.xml
else na "没有保存列表的软件包管理器" "no package manager that keeps lists"
fi
newest=$(stat -c %Y "$@" 2>/dev/null | sort -rn | head -n 1)
[ -n "$newest" ] || cannot "从未获取过软件包列表" "no lists were ever fetched"
[ -d /var/lib/apt/lists ] && echo "manager apt"
echo "now $(date +%s)
lists $newest
end"
""",
    parse=parse,
    judge=judge,
    limits={"age": Limit(30, 90, "days", "own judgement")},
    remedy=Text(zh="apt-get update 或 dnf makecache;检查内网镜像", en="apt-get update or dnf makecache; check the mirror"),
    mend=mend,
    source="apt-get(8); dnf(8)",
)
