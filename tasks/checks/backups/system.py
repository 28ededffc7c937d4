"""BAK-08 The system's own configuration is kept somewhere: package list, accounts, LVM (R133 系统备份检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Outcome, Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, unknown, warning, whole
from tasks.checks.lines import pairs


def parse(output: str) -> tuple[int, dict[str, int]]:
    """Now; newest copy of each kind."""
    found = pairs(output, "now")
    now = whole(found.pop("now"), "now")
    return now, {name: whole(moment, "a moment") for name, moment in found.items()}


def judge(answer: tuple[int, dict[str, int]], limits: Limits, known: Known) -> Iterator[Row]:
    now, copies = answer
    for name, zh, en in (("etc", "/etc 的备份", "a copy of /etc"), ("lvm", "LVM 元数据备份", "a copy of LVM's metadata")):
        if name in copies:
            days = (now - copies[name]) / 86400
            # LVM writes one at every change and not otherwise: its age says nothing.
            outcome = limits["age"].grade(days) if name == "etc" else Outcome.OK
            yield Row(outcome, f"{zh}在 {days:.0f} 天前", f"{en} is {days:.0f} days old", object=name, value=round(days, 1), unit="days")
    if "etc" not in copies and not known.expected.get("backups"):
        yield unknown("本机没有 /etc 的备份,清单也未说明另有备份", "there is no copy of /etc here, and the inventory names no other",
                      object="etc")
    elif "etc" not in copies:
        yield warning("没有找到 /etc 的备份(etckeeper、/var/backups)", "no copy of /etc was found (etckeeper, /var/backups)", object="etc")


CHECK = HostCheck(
    id="BAK-08",
    title=Text(zh="系统配置备份", en="Copy of the system's configuration"),
    chapter="backup",
    command=r"""
echo "now $(date +%s)"
newest() { name=$1; shift; moment=$(stat -c %Y "$@" 2>/dev/null | sort -rn | head -n 1); [ -n "$moment" ] && echo "$name $moment"; }
newest etc /etc/.git/index /etc/.git/HEAD /var/backups/etc*.tar* /var/backups/etc*.tgz /backup*/etc* /srv/backup*/etc*
newest lvm /etc/lvm/backup/*
newest packages /var/backups/dpkg.status* /var/lib/rpm/Packages /var/lib/rpm/rpmdb.sqlite
echo end
""",
    parse=parse,
    judge=judge,
    limits={"age": Limit(90, None, "days", Text(zh="经验值:一个巡检周期", en="own judgement: one inspection"))},
    objects={"etc": "/etc", "lvm": "LVM"},
    remedy=Text(zh="安装 etckeeper,或把 /etc 纳入备份", en="Install etckeeper, or put /etc into the backup"),
    source="etckeeper(8); vgcfgbackup(8)",
)
