"""CFG-09a Owners and permissions of the files that keep a host (R132 系统配置检查)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reports.records import NOTHING, Outcome, Text
from tasks.checks.kinds import HostCheck, Known, Limits, Row, Unreadable, ok
from tasks.checks.lines import until_end, words
from tasks.operations import attributes
from tasks.operations.mend import Mend

# Path, permission bits that may be set at most.
MOST = {"/etc/passwd": 0o644, "/etc/group": 0o644, "/etc/shadow": 0o640, "/etc/gshadow": 0o640, "/etc/sudoers": 0o440, "/etc/ssh/sshd_config": 0o644,
        "/etc/crontab": 0o644, "/etc/passwd-": 0o644, "/etc/shadow-": 0o640, "/etc/group-": 0o644, "/etc/gshadow-": 0o640}


def parse(output: str) -> list[tuple[str, int, str, str]]:
    """Path, permissions, owner, group."""
    found = []
    for line in until_end(output):
        mode, owner, group, path = words(line, 4)
        if not re.fullmatch(r"[0-7]{1,4}", mode):
            raise Unreadable(f"{line[:60]!r} has no permissions", f"{line[:60]!r} 没有权限值")
        found.append((path, int(mode, 8), owner, group))
    if not any(path == "/etc/passwd" for path, *_ in found):
        raise Unreadable("/etc/passwd was not looked at", "没有查看 /etc/passwd")
    return found


def _most(path: str) -> int:
    """Not in the list: sshd's private keys (RHEL: 640, group ssh_keys) and rules of sudo and cron."""
    return MOST.get(path, 0o640 if path.endswith("_key") else 0o755 if path.endswith(".d") else 0o644)


def judge(files: list[tuple[str, int, str, str]], limits: Limits, known: Known) -> Iterator[Row]:
    bad = False
    for path, mode, owner, group in files:
        most = _most(path)
        if mode & ~most & 0o777 or owner != "root" or (mode & 0o040 and path.endswith("_key") and group not in ("ssh_keys", "root")):
            bad = True
            worse = owner != "root" or mode & 0o022 or (mode & 0o007 and most & 0o007 == 0)
            yield Row(Outcome.CRITICAL if worse else Outcome.WARNING, f"{path} 权限 {mode:o} {owner}:{group},应不多于 {most:o} root",
                      f"{path} is {mode:o} {owner}:{group} and may be {most:o} root at most", object=path)
    if not bad:
        yield ok(f"{len(files)} 个关键文件的权限都正确", f"the permissions of {len(files)} key files are right")


def mend(row: Row, files: list[tuple[str, int, str, str]], known: Known) -> Mend | Text:
    path, mode, owner, group = next(file for file in files if file[0] == row.object)
    if not attributes.mendable(path):
        return Text(zh=f"路径 {path!r} 含有特殊字符,请人工处理", en=f"the path {path!r} has signs of a special kind; do it by hand")
    bits = 0o777 & ~_most(path) | (0o040 if path.endswith("_key") and group not in ("ssh_keys", "root") else 0)
    new = mode & ~bits & (0o7777 if owner == "root" else 0o777)  # a new owner takes no setuid over; the kernel sees to that
    return attributes.narrow(
        [attributes.TooWide(path, bits, "root")],
        Text(zh=f"{path} 权限由 {mode:o} {owner} 改为 {new:o} root", en=f"{path} from {mode:o} {owner} to {new:o} root"),
        Text(zh=f"{owner} 不再是属主,以其身份改写该文件的程序将失败", en=f"{owner} no longer owns it: programs that change it as {owner} fail")
        if owner != "root" else NOTHING)


CHECK = HostCheck(
    id="CFG-09a",
    title=Text(zh="关键文件权限", en="Permissions of key files"),
    chapter="configuration",
    command="""
stat -c '%a %U %G %n' /etc/passwd /etc/passwd- /etc/group /etc/group- /etc/shadow /etc/shadow- /etc/gshadow /etc/gshadow- /etc/sudoers /etc/sudoers.d/* \\
  /etc/ssh/sshd_config /etc/ssh/sshd_config.d/*.conf /etc/ssh/ssh_host_*_key /etc/crontab /etc/cron.d /etc/cron.d/* 2>/dev/null
echo end
""",
    parse=parse,
    judge=judge,
    remedy=Text(zh="chown root <文件>;chmod <权限> <文件>", en="chown root <file>; chmod <mode> <file>"),
    mend=mend,
    source="CIS Debian 12 7.1, 5.1.1-5.1.3",
    clause="GB/T 22239-2019 8.1.4.2 f",
)
