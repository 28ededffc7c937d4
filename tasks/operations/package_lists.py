"""The lists of packages, fetched anew. Returns a Mend and runs nothing."""

from __future__ import annotations

from reports.records import Text
from tasks.operations.mend import Mend

FRESH_DAYS = 1
_AGE = f"""fresh() {{ [ -n "$(find /var/lib/apt/lists /var/lib/apt/lists/partial -maxdepth 0 -mtime -{FRESH_DAYS} 2>/dev/null)" ]; }}
"""


def fetch_lists() -> Mend:
    """apt's lists from the host's own sources. Nothing to bring back: they are a copy of what the sources say, and no package changes by them."""
    return Mend(
        title=Text(zh="更新软件包列表", en="Fetch the lists of packages"),
        expected=Text(zh="软件包列表为最新，尚未安装任何软件", en="the lists are new; no package was installed"),
        probe=_AGE + "if fresh; then echo DONE; else echo ABSENT; fi\n",
        command="apt-get -q update -o DPkg::Lock::Timeout=60 -o APT::Update::Error-Mode=any\n",
        proof=_AGE + "fresh\n", time_limit_s=600, touches=("/var/lib/apt/lists",),
        breaks=Text(zh="须能访问软件源；列表更新无法撤销，也不改变任何软件包",
                    en="the package sources must answer; new lists cannot be taken back, and change no package"))
