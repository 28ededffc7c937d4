"""Kernel modules that nobody needs and that were the way in before: they cannot be loaded, and are not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from reports.records import Text
from tasks.checks.kinds import Known, Mender, Row
from tasks.controls.kinds import Bounds, failed, passed
from tasks.controls.reading import by_kind
from tasks.operations.file_lines import FileLines, setting
from tasks.operations.mend import Mend

MODULES = r"""
{ [ -e /run/systemd/container ] || [ -e /.dockerenv ]; } && na "由容器的宿主机决定" "the container's host decides"
[ -d /lib/modules ] || na "内核没有可加载的模块" "the kernel has no modules to load"
cat /etc/modprobe.d/*.conf /run/modprobe.d/*.conf /usr/lib/modprobe.d/*.conf /lib/modprobe.d/*.conf 2>/dev/null |
  awk '$1 == "install" && $3 ~ /\/(false|true)$/ { print "blocked " $2 } $1 == "blacklist" { print "listed " $2 }'
awk '{ print "loaded " $1 }' /proc/modules
sed -nE 's#^[^:]*kernel/(fs|net|drivers/usb/storage|drivers/firewire)/([^:]*/)?([^/:]+)\.ko[^:]*:.*#there \3#p' \
  "/lib/modules/$(uname -r)/modules.dep" 2>/dev/null
echo end
"""


def modules(output: str) -> dict[str, set[str]]:
    """Names by kind: blocked, listed (not loaded by itself), loaded, there."""
    return {kind: {name.replace("-", "_") for name in names} for kind, names in by_kind(output, "blocked", "listed", "loaded", "there").items()}


def not_loaded(name: str) -> Callable[[dict[str, set[str]], Bounds, Known], Iterator[Row]]:
    def judge(found: dict[str, set[str]], bounds: Bounds, known: Known) -> Iterator[Row]:
        if name in found["loaded"]:
            yield failed(f"模块 {name} 已加载", f"the module {name} is loaded")
        elif name in found["blocked"]:
            yield passed(f"模块 {name} 无法加载", f"the module {name} cannot be loaded")
        elif name not in found["there"]:
            yield passed(f"内核没有模块 {name}", f"the kernel has no module {name}")
        else:
            zh, en = ("仅列入黑名单,仍可手动加载", "is only blacklisted, and can be loaded by name") if name in found["listed"] else (
                "可以加载", "can be loaded")
            yield failed(f"模块 {name} {zh}", f"the module {name} {en}")
    return judge


FILE = "/etc/modprobe.d/standfast.conf"


def blocked(name: str) -> Mender:
    def mend(row: Row, found: dict[str, set[str]], known: Known) -> Mend | Text:
        if name in found["loaded"]:
            return Text(zh=f"模块 {name} 正在使用，须先查明由谁使用", en=f"the module {name} is loaded; find out first who uses it")
        return FileLines(FILE, (setting(f"install {name}", f"install {name} /bin/false"),)).mend()
    return mend


def of_module(name: str) -> dict[str, Any]:
    return {"family": "modules", "command": MODULES, "parse": modules, "judge": not_loaded(name), "mend": blocked(name),
            "source": "modprobe.d(5); /proc/modules",
            "remedy": Text(zh=f"在 /etc/modprobe.d 中写入:install {name} /bin/false", en=f"write in /etc/modprobe.d: install {name} /bin/false")}
