"""CFG-01 The operating system is still supported by its makers (R132 系统配置检查)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, Unreadable, unknown
from tasks.checks.lines import until_end

# Last day of free security support (of LTS where the distribution itself gives it), by ID and VERSION_ID as in /etc/os-release.
END_OF_SUPPORT = {
    "debian 8": "2020-06-30", "debian 9": "2022-06-30",
    "debian 10": "2024-06-30", "debian 11": "2026-08-31", "debian 12": "2028-06-30", "debian 13": "2030-06-30",
    "ubuntu 16.04": "2021-04-30", "ubuntu 18.04": "2023-05-31", "ubuntu 20.04": "2025-05-31", "ubuntu 22.04": "2027-06-01", "ubuntu 24.04": "2029-05-31",
    "centos 6": "2020-11-30", "centos 7": "2024-06-30", "centos 8": "2021-12-31", "rhel 7": "2024-06-30", "rhel 8": "2029-05-31",
    "rhel 9": "2032-05-31", "rhel 10": "2035-05-31", "rocky 8": "2029-05-31", "rocky 9": "2032-05-31", "rocky 10": "2035-05-31", "almalinux 8": "2029-03-01",
    "almalinux 9": "2032-05-31", "almalinux 10": "2035-05-31", "ol 7": "2024-12-31", "ol 8": "2029-07-31",
    "ol 9": "2032-06-30", "openEuler 20.03": "2024-04-01",
    "openEuler 22.03": "2026-03-30", "openEuler 24.03": "2028-05-31", "anolis 7": "2024-06-30",
    "anolis 8": "2031-06-30", "sles 12": "2024-10-31", "sles 15": "2031-07-31",
}


def parse(output: str) -> tuple[str, str, str]:
    """ID, VERSION_ID, kernel."""
    kernel = next((line[7:] for line in until_end(output) if line.startswith("kernel ")), "")
    told = dict(re.findall(r'^([A-Z_]+)="?([^"\n]*)"?$', output, re.M))
    if not told.get("ID") or not kernel:
        raise Unreadable("/etc/os-release has no ID", "/etc/os-release 没有 ID")
    return told["ID"], told.get("VERSION_ID", ""), kernel


def judge(answer: tuple[str, str, str], limits: Limits, known: Known) -> Iterator[Row]:
    name, version, kernel = answer
    end = END_OF_SUPPORT.get(f"{name} {version}") or END_OF_SUPPORT.get(f"{name} {version.partition('.')[0]}")
    if end is None:
        yield unknown(f"不知道 {name} {version} 的支持期限", f"nobody told this check how long {name} {version} is supported", evidence=kernel)
        return
    days = (date.fromisoformat(end) - known.now.date()).days
    yield Row(limits["left"].grade(days), f"{name} {version} 支持到 {end}(内核 {kernel})", f"{name} {version} is supported until {end}, kernel {kernel}",
              value=days, unit="days")


CHECK = HostCheck(
    id="CFG-01",
    title=Text(zh="操作系统支持期限", en="Support of the operating system"),
    chapter="configuration",
    command="cat /etc/os-release && echo && echo kernel $(uname -r) && echo end",
    parse=parse,
    about=lambda answer: {"system": f"{answer[0]} {answer[1]}", "kernel": answer[2]},
    judge=judge,
    limits={"left": Limit(180, -1, "days", Text(zh="经验值;日期取自 endoflife.date 与厂商网页",
                                                en="own judgement; the dates: endoflife.date and the makers' pages"), over=False)},
    remedy=Text(zh="规划升级(先在测试环境)", en="Plan the upgrade, first on a test system"),
    source=Text(zh="os-release(5);厂商的生命周期网页", en="os-release(5); the makers' life cycle pages"),
    clause="GB/T 22239-2019 8.1.4.4 e",
)
