"""CFG-14b What sshd allows: no empty passwords, no password of root (R132 系统配置检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, critical, ok, warning
from tasks.checks.lines import pairs
from tasks.operations.mend import Mend
from tasks.operations.sshd_setting import set_sshd


def parse(output: str) -> dict[str, str]:
    """Settings in force, by sshd -T."""
    return pairs(output, "permitrootlogin", "permitemptypasswords", "passwordauthentication")


def judge(found: dict[str, str], limits: Limits, known: Known) -> Iterator[Row]:
    bad = False
    if found["permitemptypasswords"] == "yes":
        bad = True
        yield critical("sshd 接受空口令", "sshd accepts empty passwords", object="PermitEmptyPasswords")
    if found["permitrootlogin"] == "yes" and found["passwordauthentication"] == "yes":
        bad = True
        yield warning("root 可用口令经 SSH 登录", "root may log in over SSH with a password", object="PermitRootLogin")
    if found.get("hostbasedauthentication") == "yes" or found.get("ignorerhosts") == "no":
        bad = True
        yield warning("sshd 信任其他主机(hostbased/rhosts)", "sshd trusts other hosts (hostbased, rhosts)", object="HostbasedAuthentication")
    if not bad:
        yield ok("sshd 设置没有问题", "nothing is wrong with sshd's settings")


def mend(row: Row, found: dict[str, str], known: Known) -> Mend | Text:
    if row.object == "PermitEmptyPasswords":
        return set_sshd("PermitEmptyPasswords", "no", Text(zh="以空口令经 SSH 登录的人员或程序将无法登录",
                                                           en="whoever logs in over SSH with an empty password can no longer do so"))
    return Text(zh=f"{row.object} 决定谁能登录:先确认密钥登录可用,再人工修改",
                en=f"{row.object} decides who gets in: see first that keys work, then change it by hand")


CHECK = HostCheck(
    id="CFG-14b",
    title=Text(zh="sshd 设置", en="Settings of sshd"),
    chapter="configuration",
    command=r"""
sshd=$(command -v sshd) || na "没有安装 sshd" "sshd is not installed"
out=$("$sshd" -T 2>&1) || cannot "sshd -T 报错" "sshd -T failed" "$out"
echo "$out" | grep -E '^(permitrootlogin|permitemptypasswords|passwordauthentication|hostbasedauthentication|ignorerhosts|maxauthtries|x11forwarding) '
echo end
""",
    parse=parse,
    judge=judge,
    remedy=Text(zh="PermitRootLogin prohibit-password;PermitEmptyPasswords no;修改前先确认密钥登录可用",
                en="PermitRootLogin prohibit-password, PermitEmptyPasswords no; make sure keys work first"),
    source="sshd(8) -T; CIS Debian 12 5.1",
    clause="GB/T 22239-2019 8.1.4.1 a",
    mend=mend,
)
