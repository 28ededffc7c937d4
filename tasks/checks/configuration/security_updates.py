"""CFG-02a Security updates that wait (R132 系统配置检查)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reports.records import Text
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, Unreadable, whole
from tasks.checks.lines import listed, until_end, words

# Packages through which a host falls first.
KEY = re.compile(r"^(linux-image-|kernel|openssl|libssl|openssh|sudo|libc6$|glibc|systemd$|bash$|polkit|libpam)")


def _order(letter: str) -> int:
    """Debian policy 5.6.12: ~ before the end, letters before all others."""
    return -1 if letter == "~" else ord(letter) if letter.isalpha() else ord(letter) + 256


def _compare(a: str, b: str) -> int:
    while a or b:
        front_a, front_b = re.match(r"\D*", a)[0], re.match(r"\D*", b)[0]  # type: ignore[index]
        for i in range(max(len(front_a), len(front_b))):
            one, two = (_order(front[i]) if i < len(front) else 0 for front in (front_a, front_b))
            if one != two:
                return one - two
        a, b = a[len(front_a):], b[len(front_b):]
        figure_a, figure_b = re.match(r"\d*", a)[0], re.match(r"\d*", b)[0]  # type: ignore[index]
        if int(figure_a or 0) != int(figure_b or 0):
            return int(figure_a or 0) - int(figure_b or 0)
        a, b = a[len(figure_a):], b[len(figure_b):]
    return 0


def older(a: str, b: str) -> bool:
    """Whether version a comes before version b, as dpkg orders them."""
    (epoch_a, a), (epoch_b, b) = ((version.partition(":")[::2] if ":" in version else ("0", version)) for version in (a, b))
    if epoch_a != epoch_b:
        return int(epoch_a) < int(epoch_b)
    (main_a, _, revision_a), (main_b, _, revision_b) = a.rpartition("-"), b.rpartition("-")
    main_a, revision_a = (main_a, revision_a) if main_a else (a, "")
    main_b, revision_b = (main_b, revision_b) if main_b else (b, "")
    return (_compare(main_a, main_b) or _compare(revision_a, revision_b)) < 0


def parse(output: str) -> list[str]:
    """Packages for which a security update waits."""
    lines = until_end(output)
    if not lines or not lines[-1].startswith("compared "):
        raise Unreadable("nothing was compared", "没有比较任何内容")
    if whole(lines[-1].split()[1], "a count") < 1:
        raise Unreadable("the list of security updates is empty", "安全更新列表为空")
    waiting = set()
    for line in lines[:-1]:
        kind, name, installed, offered = words(line, 4)
        if kind == "deb" and older(installed, offered) or kind == "rpm":
            waiting.add(name)
    return sorted(waiting)


def judge(waiting: list[str], limits: Limits, known: Known) -> Iterator[Row]:
    yield Row(limits["count"].grade(len(waiting)), f"{len(waiting)} 个软件包有安全更新" if waiting else "没有待装的安全更新",
              f"security updates wait for {len(waiting)} packages" if waiting else "no security update waits", value=len(waiting), unit="packages",
              evidence=listed(waiting, 20))
    for name in waiting:
        if KEY.search(name):
            # Still there since the last inspection: nobody installs them.
            old = name in known.before and (known.days_since or 0) >= limits["key"].critical
            yield Row(limits["key"].grade(known.days_since or 0) if old else limits["count"].grade(1),
                      f"{name} 有安全更新" + (",上次巡检时已有" if old else ""),
                      f"a security update waits for {name}" + (", as it did last time" if old else ""), object=name)


CHECK = HostCheck(
    id="CFG-02a",
    title=Text(zh="待装的安全更新", en="Security updates"),
    chapter="configuration",
    # apt-get -s upgrade takes half a second of processor time: the lists of the security archive are joined with dpkg's status instead,
    # and versions are compared where they are read. dnf is asked from its cache (-C): no network.
    command=r"""
if [ -r /var/lib/dpkg/status ]; then
  set -- /var/lib/apt/lists/*security*_Packages*
  [ -e "$1" ] || cannot "没有安全更新源的软件包列表,请运行 apt-get update" "no package list of a security archive: run apt-get update"
  for list do
    case $list in *_Packages) cat "$list";; *) /usr/lib/apt/apt-helper cat-file "$list";; esac
  done | awk '
    FILENAME == "/var/lib/dpkg/status" && /^Package: / { name = $2; here = 0 }
    FILENAME == "/var/lib/dpkg/status" && /^Status: .* installed$/ { here = 1 }
    FILENAME == "/var/lib/dpkg/status" && /^Version: / { if (here) version[name] = $2 }
    FILENAME == "/var/lib/dpkg/status" { next }
    /^Package: / { name = $2; compared++ }
    /^Version: / { if (name in version && version[name] != $2 && !seen[name, $2]++) print "deb", name, version[name], $2 }
    END { print "compared", compared + 0 }' /var/lib/dpkg/status -
elif command -v dnf >/dev/null; then
  out=$(timeout 15 dnf -q -C updateinfo list --security 2>&1) || cannot "dnf 报错" "dnf failed" "$(echo "$out" | tail -n 1)"
  echo "$out" | awk 'NF >= 3 && $1 !~ /:$/ { print "rpm", $3, "-", $1 }'
  echo "compared 1"
elif command -v yum >/dev/null; then
  out=$(timeout 15 yum -q -C updateinfo list security 2>&1) || cannot "yum 报错" "yum failed" "$(echo "$out" | tail -n 1)"
  echo "$out" | awk 'NF == 3 { print "rpm", $3, "-", $1 }'
  echo "compared 1"
else
  na "没有 dpkg 或 rpm" "neither dpkg nor rpm here"
fi
echo end
""",
    parse=parse,
    judge=judge,
    limits={"count": Limit(1, None, "packages", "GB/T 22239-2019 8.1.4.4 e"), "key": Limit(1, 30, "days since the last inspection", "own judgement")},
    remedy=Text(zh="在窗口内测试并安装安全更新", en="Test and install them in a window"),
    source="Debian policy 5.6.12; apt_preferences(5); dnf updateinfo",
    clause="GB/T 22239-2019 8.1.4.4 e",
    time_limit_s=40,
    remedy_operation="software-upgrade",
)
