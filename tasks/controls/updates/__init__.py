"""Updates and what watches over what is installed: where packages come from, whether they are proved, whether they are kept up to date."""

from __future__ import annotations

from typing import Any

from tasks.checks.kinds import Unreadable
from tasks.controls.reading import by_kind

APT = r"""
command -v apt-config >/dev/null || na "不是 apt 系统" "apt is not used here"
apt-config dump 2>/dev/null | grep -E '^(APT::(Get::AllowUnauthenticated|Periodic::|Sandbox|Architecture)|Acquire::Allow|Unattended-Upgrade::)' |
  sed -E 's/^([A-Za-z:-]+) "(.*)";$/set \1 \2/'
for f in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
  [ -f "$f" ] && awk -v f="$f" '/^[[:space:]]*(#|$)/ { next } { $1 = $1; print "source " f " " $0 }' "$f" | sed -E 's#//[^/@ ]*@#//***@#g'
done
echo end
"""


def apt(output: str) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Settings by name, the last that says something; lines of sources with their files."""
    found = by_kind(output, "set", "source")
    settings = {name: value for name, _, value in (line.partition(" ") for line in found["set"])}
    if not settings:
        raise Unreadable("apt-config told nothing", "apt-config 没有输出")
    return settings, [(file, line) for file, _, line in (one.partition(" ") for one in found["source"])]


OF_APT: dict[str, Any] = {"family": "updates", "command": APT, "parse": apt, "source": "apt.conf(5); sources.list(5)"}
