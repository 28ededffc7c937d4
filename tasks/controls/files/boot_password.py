"""H-BOOT-01b Changing how the system starts needs a password (R008 安全加固)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import Known, Row, Unreadable, whole
from tasks.checks.lines import until_end
from tasks.controls.kinds import Bounds, HostControl, failed, passed


def parse(output: str) -> dict[str, int]:
    """How many lines name superusers, how many a password."""
    found = {name: whole(count, "a count") for name, _, count in (line.partition(" ") for line in until_end(output))}
    if set(found) != {"superusers", "passwords"}:
        raise Unreadable("GRUB's configuration was not counted", "没有统计 GRUB 配置")
    return found


def judge(found: dict[str, int], bounds: Bounds, known: Known) -> Iterator[Row]:
    if all(found.values()):
        yield passed("修改引导参数需要口令", "a password is needed")
    else:
        yield failed("在控制台可不经口令修改引导参数", "at the console anybody may change how the system starts")


CONTROL = HostControl(
    id="H-BOOT-01b",
    title=Text(zh="修改引导参数需要口令", en="Changing how the system starts needs a password"),
    severity="high",
    judge=judge,
    family="files",
    command=r"""
    f=$(ls /boot/grub/grub.cfg /boot/grub2/grub.cfg 2>/dev/null | head -n 1)
    [ -n "$f" ] || na "没有 GRUB" "there is no GRUB"
    grep -cE '^[[:space:]]*set superusers=' "$f" | sed 's/^/superusers /'
    grep -cE '^[[:space:]]*password(_pbkdf2)? ' "$f" | sed 's/^/passwords /'
    echo end
    """,
    parse=parse,
    remedy=Text(zh="grub-mkpasswd-pbkdf2,在 /etc/grub.d/40_custom 设 superusers 与 password_pbkdf2,菜单项加 --unrestricted",
                en="grub-mkpasswd-pbkdf2; superusers and password_pbkdf2 in /etc/grub.d/40_custom; --unrestricted for the menu entries"),
    source="GRUB manual, Security",
    clause="1.4.1 a",
    level=3,
    rule="grub2_password", cis="1.4.1",
    risk="high",
    breaks=Text(zh="没有 --unrestricted 时,主机会停在启动菜单等待口令", en="without --unrestricted the host waits for the password at its menu"),
)
