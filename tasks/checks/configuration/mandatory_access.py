"""CFG-13 SELinux or AppArmor is on (R132 系统配置检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, ok, warning
from tasks.checks.lines import pairs


def parse(output: str) -> dict[str, str]:
    """What the kernel says of each."""
    found = pairs(output)
    if not found:
        raise Unreadable("the kernel was not asked", "没有询问内核")
    return found


def judge(found: dict[str, str], limits: Limits, known: Known) -> Iterator[Row]:
    if found.get("selinux") == "1":
        yield ok("SELinux 为 enforcing", "SELinux is enforcing")
    elif found.get("apparmor") == "Y":
        yield ok("AppArmor 已启用", "AppArmor is on")
    elif found.get("selinux") == "0":
        yield warning("SELinux 为 permissive", "SELinux is permissive")
    else:
        yield warning("SELinux 与 AppArmor 都没有启用", "neither SELinux nor AppArmor is on")


CHECK = HostCheck(
    id="CFG-13",
    title=Text(zh="强制访问控制", en="SELinux, AppArmor"),
    chapter="configuration",
    command=r"""
{ [ -e /run/systemd/container ] || [ -e /.dockerenv ]; } && na "由容器的宿主机决定" "the container's host decides"
[ -r /sys/fs/selinux/enforce ] && echo "selinux $(cat /sys/fs/selinux/enforce)" || echo "selinux absent"
[ -r /sys/module/apparmor/parameters/enabled ] && echo "apparmor $(cat /sys/module/apparmor/parameters/enabled)" || echo "apparmor absent"
echo end
""",
    parse=parse,
    judge=judge,
    remedy=Text(zh="先在 permissive 或 complain 下观察,再启用", en="First watch it permissive or complaining, then enforce"),
    source="selinuxfs; apparmor(7); CIS Debian 12 1.3",
    clause="GB/T 22239-2019 8.1.4.2 g",
)
