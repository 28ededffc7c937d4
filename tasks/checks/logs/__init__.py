"""Logs of a host. The kernel's log is read once for all checks that look into it, the log-ins' once for theirs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tasks.checks.kinds import Limit, Limits, Row, Unreadable, not_applicable, whole
from tasks.checks.lines import until_end, words

# Class, and what the kernel says of it (tolower'ed). Not the mere word "error": that is said of much that is well.
KERNEL_CLASSES = {
    "oom": r"out of memory: kill|memory cgroup out of memory",
    "disk": r"i\/o error, dev|buffer i\/o error|critical (medium|target) error|ext4-fs (error|warning)|xfs .*(corruption|metadata i\/o error)"
            r"|btrfs.*(error|corrupt)|ata[0-9.]+: (failed command|serror)|nvme.*(timeout|reset controller)|remounting filesystem read-only",
    "hung": r"blocked for more than [0-9]+ seconds",
    "kernel": r"kernel bug|[^a-z]bug: |[^a-z]oops: |kernel panic|soft lockup|hard lockup|rcu.*(self-detected stall|detected stalls)",
    "mce": r"mce: \[hardware error\]|machine check events|hardware error|edac .*(ce|ue) ",
    "segfault": r"segfault at|traps: .*(general protection|divide error|trap invalid opcode)",
}

# Journal where it outlives a reboot, else the kernel's file; newest 20 000 lines of 90 days; of each class the last 20 and their count.
KERNEL_LOG = """
if [ -d /var/log/journal ]; then
  lines() { journalctl -q --no-pager -o short-iso --since -90d -n 20000 _TRANSPORT=kernel 2>&1; }
elif [ -r /var/log/kern.log ]; then
  lines() { tail -n 20000 /var/log/kern.log; }
elif [ -r /var/log/messages ]; then
  lines() { tail -n 50000 /var/log/messages | grep ' kernel: '; }
elif command -v journalctl >/dev/null; then
  lines() { journalctl -q --no-pager -o short-iso -n 20000 _TRANSPORT=kernel 2>&1; }
else
  cannot "没有保存内核日志" "no log of the kernel is kept"
fi
lines | awk '
  function keep(class) { n[class]++; line[class, n[class] % 20] = $0 }
  { low = tolower($0) }
""" + "".join(f"  low ~ /{pattern}/ {{ keep(\"{name}\") }}\n" for name, pattern in KERNEL_CLASSES.items()) + """
  END {
    for (class in n) { print "count", class, n[class]; for (i = n[class] > 20 ? n[class] - 19 : 1; i <= n[class]; i++) print class, line[class, i % 20] }
    print "read", NR
  }'
if [ -e /run/systemd/container ] || [ -e /.dockerenv ]; then echo container; fi
echo end
"""


def kernel_lines(output: str, *classes: str) -> tuple[int, list[str]]:
    """How many lines of these classes there are, and the last of them. Raises Unreadable where no log was read."""
    count, found, read, container = 0, [], None, False
    for line in until_end(output):
        kind, _, rest = line.partition(" ")
        if kind == "count":
            name, many = words(rest, 2)
            count += whole(many, "a count") if name in classes else 0
        elif kind == "read":
            read = whole(rest, "a count")
        elif kind == "container":
            container = True
        elif kind in classes:
            found.append(rest)
    # A container has no kernel of its own; a host whose kernel never said anything has no log.
    if not read and not container:
        raise Unreadable("the kernel's log is empty", "内核日志为空")
    return (-1 if not read else count), found


def kernel_rows(answer: tuple[int, list[str]], limit: Limit, zh: str, en: str) -> Iterator[Row]:
    """One row for lines of the kernel's log."""
    count, lines = answer
    if count < 0:
        yield not_applicable("容器没有自己的内核日志", "a container has no kernel log of its own")
    else:
        yield Row(limit.grade(count), f"90 天内{zh} {count} 次" if count else f"90 天内没有{zh}",
                  f"{count} {en} in 90 days" if count else f"no {en} in 90 days",
                  value=count, unit="lines", evidence="\n".join(lines[-5:]))


# Failed and accepted log-ins by day and address, as sshd tells them.
LOGINS = r"""
if [ -d /var/log/journal ]; then
  lines() { journalctl -q --no-pager -o short-iso --since -30d -n 20000 -t sshd -t sshd-session 2>&1; }
elif [ -r /var/log/auth.log ]; then
  lines() { tail -n 20000 /var/log/auth.log | grep -E 'sshd(-session)?\['; }
elif [ -r /var/log/secure ]; then
  lines() { tail -n 20000 /var/log/secure | grep -E 'sshd(-session)?\['; }
else
  lines() { journalctl -q --no-pager -o short-iso -n 20000 -t sshd -t sshd-session 2>&1; }
fi
lines | awk '
  { day = $1 ~ /^[0-9][0-9][0-9][0-9]-/ ? substr($1, 1, 10) : $1 "-" $2; from = "?"; for (i = 1; i < NF; i++) if ($i == "from") from = $(i + 1) }
  / Failed (password|keyboard-interactive|none) | maximum authentication attempts | Invalid user / { fails[day " " from]++; total[from]++ }
  / Accepted / { if (total[from] >= 20) broken[from] = total[from]; accepted++ }
  END {
    for (key in fails) if (fails[key] >= 20 || ++few <= 50) print "failed", fails[key], key
    for (from in broken) print "broken", broken[from], from
    print "read", NR, accepted + 0
  }' | head -n 1000
echo end
"""


def logins(output: str) -> tuple[list[tuple[int, str, str]], list[tuple[int, str]], int]:
    """Failed log-ins (count, day, address), addresses let in after many failures (count, address), lines read."""
    failed, broken, read = [], [], None
    for line in until_end(output):
        kind, count, rest = words(line, 3)
        if kind == "failed":
            day, address = words(rest, 2)
            failed.append((whole(count, "a count"), day, address))
        elif kind == "broken":
            broken.append((whole(count, "a count"), rest))
        elif kind == "read":
            read = whole(count, "a count")
        else:
            raise Unreadable(f"{line[:60]!r} says nothing of log-ins", f"{line[:60]!r} 与登录无关")
    if not read:
        raise Unreadable("sshd's log is empty, and this very reading came by sshd", "sshd 的日志为空,而本次读取正是经 sshd 登录的")
    return failed, broken, read


def classes_awk(classes: Mapping[str, str]) -> str:
    """An awk program that counts lines by class and shows the last of each, for a log where the mere word "error" says little."""
    rules = "".join(f"/{pattern}/ {{ n[\"{name}\"]++; last[\"{name}\", n[\"{name}\"] % 3] = substr($0, 1, 180); next }}\n" for name, pattern in classes.items())
    names = " ".join(classes)
    return rules + f"""END {{ split("{names}", names, " "); for (i in names) {{ name = names[i]; print "count", name, n[name] + 0
      for (j = 0; j < 3; j++) if ((name, j) in last) print "sample", name, last[name, j] }}
    print "read", NR }}"""


def class_counts(output: str, *needed: str) -> tuple[dict[str, int], dict[str, list[str]]]:
    """The answer of `classes_awk` behind a line `files COUNT`: counts and samples by class. Raises Unreadable where a class or the logs are missing."""
    counts: dict[str, int] = {}
    samples: dict[str, list[str]] = {}
    files = 0
    for line in until_end(output):
        kind, rest = words(line, 2)
        if kind == "count":
            name, many = words(rest, 2)
            counts[name] = whole(many, "a count")
        elif kind == "sample":
            name, text = words(rest, 2)
            samples.setdefault(name, []).append(text)
        elif kind == "files":
            files = whole(rest, "a count")
        elif kind != "read":
            raise Unreadable(f"{line[:60]!r} says nothing of a log", f"{line[:60]!r} 与日志无关")
    if not files or any(name not in counts for name in needed):
        raise Unreadable("no log was read", "没有读到日志")
    return counts, samples


def class_rows(answer: tuple[dict[str, int], dict[str, list[str]]], limits: Limits, names: Mapping[str, tuple[str, str]]) -> Iterator[Row]:
    """One row for each class. names: what the lines of a class are, in Chinese and English."""
    counts, samples = answer
    for name, (zh, en) in names.items():
        yield Row(limits[name].grade(counts[name]), f"日志中{zh} {counts[name]} 行", f"{counts[name]} lines of the log: {en}", object=name, value=counts[name],
                  unit="lines", evidence="\n".join(samples.get(name, ())))
