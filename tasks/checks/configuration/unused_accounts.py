"""CFG-08g Accounts of people that nobody uses (R132 系统配置检查). Inventory: `spare_accounts`, those kept for emergencies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, Unreadable, not_applicable, ok, whole
from tasks.checks.lines import until_end, words

REACH_DAYS = 28  # lastlog knows log-ins with a terminal only; the others stand in logs, and a short log says nothing


@dataclass(frozen=True)
class Person:
    """usable: it has a password or a key. busy: something runs as it, or is scheduled. The days since 1970 of its last log-in with a terminal,
    its last log-in in the logs, and the last change of its password; None: not known."""

    name: str
    usable: bool
    busy: bool
    terminal: int | None
    logged: int | None
    changed: int | None


def parse(output: str) -> tuple[list[Person], int | None, int]:
    """The accounts; the day from which on logs were read; today."""
    people: list[Person] = []
    days: dict[str, int | None] = {}
    for line in until_end(output):
        kind, rest = words(line, 2)
        if kind == "account":
            name, usable, busy, *when = words(rest, 6)
            terminal, logged, changed = (None if day == "-" else whole(day, "a day") for day in when)
            people.append(Person(name, usable == "usable", busy == "busy", terminal, logged, changed))
        elif kind in ("today", "reach"):
            days[kind] = None if rest == "-" else whole(rest, "a day")
        else:
            raise Unreadable(f"{line[:60]!r} is no account", f"{line[:60]!r} 不是账户")
    if days.get("today") is None or "reach" not in days:
        raise Unreadable("the day is missing from the answer", "回答缺少日期")
    return people, days["reach"], days["today"] or 0


def judge(answer: tuple[list[Person], int | None, int], limits: Limits, known: Known) -> Iterator[Row]:
    people, reach, today = answer
    logs = 0 if reach is None else today - reach
    for person in people:
        name, seen = person.name, max(person.terminal or 0, person.logged or 0)
        if not person.usable or person.busy:
            zh, en = ("正在使用", "is in use") if person.busy else ("不能登录", "cannot log in")
            yield ok(f"账户 {name} {zh}", f"account {name} {en}", object=name)
        elif name in known.expected.get("spare_accounts", ()):
            yield ok(f"账户 {name} 登记为备用账户", f"account {name} is listed as a spare one", object=name)
        elif not seen and logs < REACH_DAYS:
            yield ok(f"账户 {name} 没有登录记录,而日志只有 {logs} 天,不足以判断",
                     f"no log-in of account {name} is known, and the logs hold {logs} days only, too few to tell", object=name)
        else:
            # A new account, or one that was given a new password, is not called unused for as long.
            idle = today - max(seen, person.changed or 0)
            yield Row(limits["idle"].grade(idle), f"账户 {name} " + (f"最近登录在 {today - seen} 天前" if seen else "从未登录"),
                      f"account {name} " + (f"last logged in {today - seen} days ago" if seen else "never logged in"), object=name, value=idle, unit="days")
    if not people:
        yield not_applicable("没有个人账户", "there is no account of a person")


CHECK = HostCheck(
    id="CFG-08g",
    title=Text(zh="长期未用的账户", en="Unused accounts"),
    chapter="configuration",
    # Of /etc/shadow only what follows from it leaves the host. The last log-in of everybody is taken from one pass over the newest lines of the logs.
    command=r"""
[ -r /etc/shadow ] || cannot "无法读取 /etc/shadow" "/etc/shadow cannot be read"
day() { [ -n "$1" ] && seconds=$(date -d "$1" +%s 2>/dev/null) || return 1
  # A stamp without a year that lies ahead is last year's.
  [ "$seconds" -le $(($(date +%s) + 86400)) ] || seconds=$((seconds - 31536000))
  echo $((seconds / 86400)); }
if [ -d /var/log/journal ] || { [ ! -r /var/log/auth.log ] && [ ! -r /var/log/secure ]; }; then
  lines() { timeout 8 journalctl -q --no-pager -o short-iso --since -100d -n 20000 -t sshd -t sshd-session -t systemd-logind -t login -t su 2>/dev/null; }
else
  lines() { for f in /var/log/auth.log.1 /var/log/auth.log /var/log/secure-* /var/log/secure; do [ -f "$f" ] && tail -n 20000 "$f"; done; }
fi
log=$(lines | awk '
  { stamp = $1 ~ /^[0-9][0-9][0-9][0-9]-/ ? $1 : $1 " " $2 " " $3; user = "" }
  NR == 1 { print "reach", stamp }
  match($0, /Accepted [a-z\/-]+ for [^ ]+ from/) { n = split(substr($0, RSTART, RLENGTH), w); user = w[n - 1] }
  match($0, /New session [^ ]+ of user [^ ]+/) { n = split(substr($0, RSTART, RLENGTH), w); user = w[n]; sub(/\.$/, "", user) }
  match($0, /session opened for user [^ (]+/) { n = split(substr($0, RSTART, RLENGTH), w); user = w[n] }
  user != "" { last[user] = stamp }
  END { for (user in last) print "user " user, last[user] }')
least=$(awk '$1 == "UID_MIN" { print $2 }' /etc/login.defs 2>/dev/null); most=$(awk '$1 == "UID_MAX" { print $2 }' /etc/login.defs 2>/dev/null)
lastlog=$(command -v lastlog || command -v lastlog2)
today=$(($(date +%s) / 86400))
awk -F: -v least="${least:-1000}" -v most="${most:-60000}" -v today=$today '
  FILENAME == "/etc/shadow" { state[$1] = $2 ~ /^[!*]/ ? "locked" : "set"; age[$1] = $3 == "" ? "-" : $3; gone[$1] = $8 != "" && $8 <= today; next }
  $3 >= least && $3 <= most && $7 !~ /\/(nologin|false|sync|shutdown|halt)$/ && !gone[$1] && ++n <= 300 {
    print $1, $3, ($1 in state ? state[$1] : "set"), ($1 in age ? age[$1] : "-"), $6 }' /etc/shadow /etc/passwd |
while read -r name uid state changed home; do
  usable=closed busy=idle
  if [ "$state" = set ] || [ -s "$home/.ssh/authorized_keys" ] || [ -s "/etc/ssh/authorized_keys/$name" ]; then usable=usable; fi
  if pgrep -u "$uid" >/dev/null || [ -e "/var/spool/cron/crontabs/$name" ] || [ -e "/var/spool/cron/$name" ]; then busy=busy; fi
  # its last six words: Mon Nov 23 05:42:50 +0000 2026
  terminal=$([ -n "$lastlog" ] && "$lastlog" -u "$name" 2>/dev/null | awk '
    NR == 2 && NF >= 6 && $NF ~ /^[0-9]+$/ { print $(NF - 4), $(NF - 3), $NF, $(NF - 2), $(NF - 1) }')
  logged=$(printf '%s\n' "$log" | sed -n "s/^user $name //p")
  echo "account $name $usable $busy $(day "$terminal" || echo -) $(day "$logged" || echo -) $changed"
done
echo "reach $(day "$(printf '%s\n' "$log" | sed -n 's/^reach //p')" || echo -)"
echo "today $today"
echo end
""",
    parse=parse,
    judge=judge,
    limits={"idle": Limit(90, None, "days", Text(zh="经验值;CIS Debian 12 5.4.1.5 建议 45 天后停用",
                                                 en="own judgement; CIS Debian 12 5.4.1.5 locks after 45 days"))},
    remedy=Text(zh="与顾客确认后停用:usermod -L -e 1 <账户>", en="After asking the customer, lock it: usermod -L -e 1 <account>"),
    source="lastlog(8), passwd(5), shadow(5), sshd(8)",
    clause="GB/T 22239-2019 8.1.4.2 c",
    time_limit_s=30,
)
