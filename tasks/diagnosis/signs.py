"""What is looked for in logs: one entry a sign. Pure. The first that fits a line is what the line says; the particular stand before the general.

To add one: an entry here, a line in tests/tasks/diagnosis/lines.yaml, and where it points to a cause, its name in causes.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from reports.records import Text


@dataclass(frozen=True)
class Sign:
    """patterns: regular expressions over the line in small letters, without its time; one must fit. source: where the words come from."""

    id: str
    title: Text
    severity: Literal["critical", "warning", "info"]
    source: str
    patterns: tuple[str, ...] = ()

    @cached_property
    def stems(self) -> tuple[str, ...]:
        """Plain words of which a line must hold one: looking for these first makes reading a hundred times faster."""
        return tuple(_stem(pattern) for pattern in self.patterns)

    @cached_property
    def found_by(self) -> re.Pattern[str]:
        return re.compile("|".join(f"(?:{pattern})" for pattern in self.patterns))

    def fits(self, low: str) -> bool:
        for stem in self.stems:
            if stem in low:
                return bool(self.found_by.search(low))
        return False


_ESCAPED = {r"\.": "\1", r"\[": "\2", r"\]": "\3", r"\(": "\4", r"\)": "\5"}


def _stem(pattern: str) -> str:
    """The longest run of plain characters that every line which fits the pattern has."""
    left = pattern.replace(r"\b", "")
    for escaped, mark in _ESCAPED.items():
        left = left.replace(escaped, mark)
    for optional in (r"\((?:[^()]|\([^()]*\))*\)[?*]?", r"\\.(?:\{[^}]*\}|[?*+])?", r"\[[^][]*\](?:\{[^}]*\}|[?*+])?", r".(?:\{[^}]*\}|[?*])", r"\+"):
        left = re.sub(optional, "\0", left)
    longest = max(left.split("\0"), key=len)
    for escaped, mark in _ESCAPED.items():
        longest = longest.replace(mark, escaped[1:])
    return longest


def _sign(id: str, zh: str, en: str, severity: Literal["critical", "warning", "info"], source: str, *patterns: str) -> Sign:
    return Sign(id, Text(zh=zh, en=en), severity, source, patterns)


SIGNS = (
    _sign("out-of-memory", "内存耗尽，内核终止进程", "Out of memory, the kernel killed a process", "critical", "Linux mm/oom_kill.c, systemd.service(5)",
          r"out of memory: kill", r"\boom-kill:", r"invoked oom-killer", r"memory cgroup out of memory", r"failed with result 'oom-kill'"),
    _sign("java-memory", "Java 内存不足", "Java ran out of memory", "critical", "java.lang.OutOfMemoryError",
          r"java\.lang\.outofmemoryerror", r"gc overhead limit exceeded"),
    _sign("disk-full", "磁盘空间或配额用尽", "Disk or quota full", "critical", "errno(3)",
          r"no space left on device", r"\benospc\b", r"disk quota exceeded", r"disk full", r"the table '.{1,80}' is full"),
    _sign("disk-error", "磁盘或文件系统错误", "Error of disk or file system", "critical", "Linux block and file system layers",
          r"\bi/o error\b", r"input/output error", r"ext4-fs (error|warning)", r"xfs .{0,80}corruption", r"remounting filesystem read-only",
          r"read-only file system", r"critical (medium|target) error", r"nvme.{0,40}(timeout|reset controller)", r"ata[\d.]{1,8}: failed command"),
    _sign("data-damaged", "数据文件损坏", "Data files are damaged", "critical", "PostgreSQL and MySQL error messages",
          r"invalid page in block", r"could not read block", r"checksum mismatch", r"is marked as crashed", r"innodb: .{0,80}corrupt",
          r"database page corruption", r"wal .{0,60}invalid"),
    _sign("program-crashed", "程序崩溃", "A program crashed", "critical", "Linux traps, systemd.exec(5), PostgreSQL postmaster",
          r"segfault at", r"general protection", r"dumped core", r"core.?dump(ed)?\b", r"code=dumped", r"status=11/segv", r"status=6/abrt",
          r"was terminated by signal", r"mysqld got signal"),
    _sign("kernel-trouble", "内核异常", "Trouble of the kernel", "critical", "Linux kernel",
          r"kernel bug at", r"\boops: ", r"kernel panic", r"soft lockup", r"hard lockup", r"rcu.{0,40}detected stall",
          r"blocked for more than \d{1,9} seconds"),
    _sign("database-down", "数据库拒绝服务或正在停止", "The database was down, stopping or starting", "critical", "PostgreSQL and MySQL error messages",
          r"the database system is (shutting down|starting up|not accepting|in recovery)", r"received (fast|immediate|smart) shutdown request",
          r"terminating connection due to administrator command", r"database system is shut down", r"mysqld: shutdown complete", r"normal shutdown",
          r"\bpanic:  "),
    _sign("connections-used-up", "连接数用尽", "No connection was left", "critical", "PostgreSQL 53300, MySQL 1040, nginx, connection pools",
          r"too many clients already", r"remaining connection slots are reserved", r"too many connections", r"worker_connections are not enough",
          r"connection pool (is )?exhausted", r"timeout waiting for connection from pool", r"cannot get a connection, pool",
          r"unable to acquire (a )?jdbc connection"),
    _sign("files-used-up", "打开文件数用尽", "No file handle was left", "critical", "errno(3)",
          r"too many open files", r"\bemfile\b", r"\benfile\b", r"file-max limit"),
    _sign("service-failed", "服务失败", "A service failed", "critical", "systemd.service(5)",
          r"failed with result '", r"main process exited, code=exited, status=[1-9]", r"start request repeated too quickly", r"\bfailed to start\b",
          r"entered failed state"),
    _sign("service-killed", "服务被强行终止", "A service was killed", "critical", "systemd.exec(5)",
          r"code=killed, (status|signal)="),
    _sign("service-restarted", "服务被自动重启", "A service was restarted by itself", "warning", "systemd.service(5)",
          r"scheduled restart job, restart counter", r"automatically restarting"),
    _sign("service-stopped", "服务被停止", "A service was stopped", "warning", "systemd(1)",
          r"systemd\[1\]: stopp(ed|ing) (?!target |session |user manager|user runtime)(?!.{0,80}\.(target|mount|scope|slice|socket|timer)\b)"),
    _sign("configuration-wrong", "配置有误", "A mistake in a configuration", "critical", "nginx, PostgreSQL, MySQL, systemd",
          r"\[emerg\]", r"configuration file .{1,200} test failed", r"unknown directive", r'configuration file \".{1,200}\" contains errors',
          r"unrecognized configuration parameter", r"unknown variable '", r"bad unit file setting"),
    _sign("port-taken", "端口已被占用", "A port was taken already", "critical", "errno(3)",
          r"address already in use", r"\beaddrinuse\b"),
    _sign("database-password", "数据库登录失败", "Log-ins to the database failed", "warning", "PostgreSQL 28P01, 28000, MySQL 1045",
          r"password authentication failed for user", r"no pg_hba\.conf entry", r"access denied for user",
          r'role \".{1,80}\" (does not exist|is not permitted to log in)'),
    _sign("certificate", "证书无效或过期", "A certificate was not accepted", "critical", "OpenSSL, Java",
          r"certificate (has )?expired", r"certificate verify failed", r"certificate is not yet valid", r"alert (certificate|bad certificate|unknown ca)",
          r"pkix path (building|validation) failed"),
    _sign("name-unknown", "域名解析失败", "A name could not be resolved", "warning", "getaddrinfo(3), nginx",
          r"temporary failure in name resolution", r"name or service not known", r"could not be resolved", r"unknownhostexception",
          r"host not found in upstream"),
    _sign("refused", "连接被拒绝", "A connection was refused", "warning", "errno(3), nginx",
          r"connection refused", r"\beconnrefused\b", r"no live upstreams", r"could not connect to server"),
    _sign("too-slow", "连接或请求超时", "A connection or request took too long", "warning", "errno(3), nginx",
          r"upstream timed out", r"connection timed out", r"\betimedout\b", r"read timed out", r"sockettimeoutexception", r"upstream prematurely closed",
          r"gateway time-?out", r"canceling statement due to statement timeout"),
    _sign("locks", "死锁或等待锁超时", "Deadlock, or a lock was waited for too long", "warning", "PostgreSQL 40P01, 55P03, MySQL 1205, 1213",
          r"deadlock (detected|found)", r"lock wait timeout exceeded", r"canceling statement due to lock timeout",
          r"still waiting for (share|exclusive|access)\w{0,20}lock"),
    _sign("network-down", "网络链路中断", "A network link went down", "critical", "Linux network drivers, errno(3)",
          r"link is down", r"carrier lost", r"no carrier", r"network is unreachable", r"no route to host"),
    _sign("network-full", "网络连接跟踪或队列溢出", "Connection tracking or a queue overflowed", "critical", "Linux netfilter, tcp(7)",
          r"nf_conntrack: (nf_conntrack: )?table full", r"possible syn flooding", r"neighbou?r: .{0,40}table overflow"),
    _sign("clock-jumped", "系统时间跳变", "The clock jumped", "warning", "chrony, systemd-timesyncd",
          r"system clock wrong by", r"clock (was )?stepped", r"time has been changed", r"forward time jump", r"backward time jump"),
    _sign("not-permitted", "权限不足", "A right was missing", "warning", "errno(3), AppArmor, SELinux",
          r"permission denied", r'apparmor=\"denied\"', r"avc: +denied"),
    _sign("log-ins-failed", "登录失败", "Log-ins failed", "info", "sshd(8), PAM",
          r"failed password for", r"authentication failure", r"maximum authentication attempts", r"invalid user \S{1,64} from"),
    _sign("application-error", "应用程序异常", "The application reported an exception", "warning", "Python, Java, Node.js, Go",
          r"traceback \(most recent call last\)", r"exception in thread", r"unhandled exception", r"uncaught exception", r"\bsevere\b.{0,200}exception",
          r"\bpanic: "),
)
BY_ID = {sign.id: sign for sign in SIGNS}

# Made of counts, not of lines.
FAILED_REQUESTS = _sign("failed-requests", "请求失败（5xx）", "Requests failed (5xx)", "critical", "RFC 9110 15.6")
RESTARTED = _sign("restarted", "系统重新启动", "The system was started anew", "critical", "journalctl --list-boots")
NOT_REACHED = _sign("not-reached", "无法连接", "Could not be reached", "critical", "the connection itself")
OTHER = _sign("other-errors", "其他错误", "Other errors", "info", "journal priority err and above; words error, fatal, crit in logs")

_ERRORS = ("error", "fatal", "crit", "alert", "emerg", "severe")
_ERROR = re.compile(r"\b(?:error|errors|fatal|crit|critical|alert|emerg|severe)\b")
_NO_ERROR = re.compile(r"\b(?:no|0|without) errors?\b|errors?[=:] ?0\b")


_kept: dict[str, Sign | None] = {}
_NO_DIGITS = {ord(digit): None for digit in "0123456789"}
KEPT = 20_000


def sign_of(line: str) -> Sign | None:
    """What the line is a sign of; None: nothing known. Lines that differ in figures only are judged once."""
    low = line.lower()
    key = low.translate(_NO_DIGITS)
    if key not in _kept:
        if len(_kept) >= KEPT:
            _kept.clear()
        _kept[key] = next((sign for sign in SIGNS if sign.fits(low)), None)
    return _kept[key]


def is_error(line: str) -> bool:
    """Whether a line calls itself an error."""
    low = line.lower()
    return any(word in low for word in _ERRORS) and bool(_ERROR.search(low)) and not _NO_ERROR.search(low)


def template(line: str) -> str:
    """The line without what differs from one to the next: lines of one template are of one kind."""
    line = re.sub(r"0x[0-9a-f]+|\b[0-9a-f]{8,}\b", "#", line[:400], flags=re.I)
    return " ".join(re.sub(r"\d+", "#", line).split())[:160]
