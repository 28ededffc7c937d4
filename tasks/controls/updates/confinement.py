"""H-MAC-01 Mandatory access control (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row
from tasks.controls.kinds import Bounds, HostControl, failed, passed, so
from tasks.controls.reading import by_kind


def judge(found: dict[str, list[str]], bounds: Bounds, known: Known) -> Iterator[Row]:
    enforced = found["profile"].count("enforce") + found["profile"].count("kill")
    if found["selinux"]:
        yield so(found["selinux"] == ["1"], "SELinux enforce", found["selinux"][0], "1")
    elif found["apparmor"] != ["Y"]:
        yield failed("没有启用 AppArmor 或 SELinux", "neither AppArmor nor SELinux is in use")
    elif not enforced:
        yield failed("AppArmor 没有强制执行的策略", "AppArmor enforces no profile")
    else:
        yield passed(f"AppArmor 强制执行 {enforced} 个策略", f"AppArmor enforces {enforced} profiles")


CONTROL = HostControl(
    id="H-MAC-01",
    title=Text(zh="强制访问控制", en="Mandatory access control"),
    severity="medium",
    judge=judge,
    family="updates",
    command=r"""
    { [ -e /run/systemd/container ] || [ -e /.dockerenv ]; } && na "由容器的宿主机决定" "the container's host decides"
    [ -r /sys/module/apparmor/parameters/enabled ] && echo "apparmor $(cat /sys/module/apparmor/parameters/enabled)"
    [ -r /sys/kernel/security/apparmor/profiles ] && sed -nE 's/.*\((enforce|complain|kill|unconfined)\)$/profile \1/p' /sys/kernel/security/apparmor/profiles
    [ -r /sys/fs/selinux/enforce ] && echo "selinux $(cat /sys/fs/selinux/enforce)"
    echo end
    """,
    parse=lambda output: by_kind(output, "apparmor", "profile", "selinux"),
    remedy=Text(zh="先以 complain 模式观察两周,再 aa-enforce", en="watch in complain mode for two weeks, then aa-enforce"),
    source="apparmor(7); selinux(8)",
    clause="1.4.2 g",
    level=3,
    rule="all_apparmor_profiles_in_enforce_complain_mode", cis="1.3.1.3",
    risk="high",
    breaks=Text(zh="策略过窄时程序会被拒绝访问文件", en="too narrow a profile keeps a program from its files"),
)
