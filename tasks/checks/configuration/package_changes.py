"""CFG-15b Which packages came, changed or went since the last inspection (R132 系统配置检查). Information, to be held against the change records."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, ok, whole
from tasks.checks.lines import listed, until_end, words

DAYS = 100  # of a first inspection
# rpm does not tell the first two from each other.
KINDS = {"install": ("新装", "new"), "upgrade": ("升级", "upgraded"), "set": ("安装或升级", "new or upgraded"), "remove": ("卸载", "removed")}


def parse(output: str) -> list[tuple[int, str, str]]:
    """When, what (a word of KINDS), package. The last line says that a log or a database was read."""
    lines = until_end(output)
    if not lines or lines[-1] != "read":
        raise Unreadable("no record of packages was read", "没有读到软件包的记录")
    found = [(whole(moment, "a moment"), what, name) for moment, what, name in (words(line, 3) for line in lines[:-1])]
    if strange := [what for _, what, _ in found if what not in KINDS]:
        raise Unreadable(f"{strange[0][:40]!r} is no change", f"{strange[0][:40]!r} 不是变更")
    return found


def judge(found: list[tuple[int, str, str]], limits: Limits, known: Known) -> Iterator[Row]:
    days = min(DAYS, known.days_since or DAYS)
    lately = [(what, name) for moment, what, name in found if known.now.timestamp() - moment <= days * 86400]
    # A package that was unpacked more than once counts once.
    by = {kind: names for kind in KINDS if (names := sorted({name for what, name in lately if what == kind}))}
    zh = "、".join(f"{KINDS[kind][0]} {len(names)} 个" for kind, names in by.items())
    en = ", ".join(f"{len(names)} {KINDS[kind][1]}" for kind, names in by.items())
    yield ok(f"{days:.0f} 天内软件包:{zh or '没有变化'}", f"packages of the last {days:.0f} days: {en or 'no change'}", value=sum(map(len, by.values())),
             unit="packages", evidence="\n".join(f"{kind}: {listed(names, 12)}" for kind, names in by.items()))


CHECK = HostCheck(
    id="CFG-15b",
    title=Text(zh="软件包的变更", en="Changes of packages"),
    chapter="configuration",
    # rpm remembers what is there and since when; what is gone it does not.
    command=r"""
from=$(($(date +%s) - 101 * 86400))
if [ -r /var/log/dpkg.log ]; then
  { for f in /var/log/dpkg.log.4.gz /var/log/dpkg.log.3.gz /var/log/dpkg.log.2.gz; do [ -r "$f" ] && zcat "$f"; done
    cat /var/log/dpkg.log.1 /var/log/dpkg.log; } 2>/dev/null |
    awk -v from="$(date -d "@$from" +%F)" '$1 >= from && $3 ~ /^(install|upgrade|remove|purge)$/ { sub(/:.*/, "", $4)
      print $1, ($3 == "purge" ? "remove" : $3), $4 }' | sort -u | tail -n 3000 | awk '
    # one look-up for each day
    $1 != day { day = $1; command = "date -d " day " +%s"; command | getline seconds; close(command) } { print seconds + 43200, $2, $3 }'
elif command -v rpm >/dev/null; then
  rpm -qa --qf '%{INSTALLTIME} set %{NAME}\n' 2>/dev/null | awk -v from="$from" '$1 >= from' | sort -n | tail -n 3000
else
  na "没有 dpkg 的日志,也没有 rpm" "no log of dpkg, and no rpm"
fi
echo read
echo end
""",
    parse=parse,
    judge=judge,
    remedy=Text(zh="与变更记录核对;不是变更带来的软件包请查明来源", en="Compare with the change records; find out who brought what is in none"),
    source="dpkg(1), rpm(8)",
    clause="GB/T 22239-2019 8.1.10.10",
)
