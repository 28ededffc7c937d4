"""With which options file systems are mounted on which others may write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tasks.checks.kinds import Known, Row, Unreadable
from tasks.checks.lines import words
from tasks.controls.kinds import Bounds, failed, not_applicable, passed
from tasks.controls.reading import by_kind

MOUNTS = r"""
awk '{ print "mounted " $2, $3, $4 }' /proc/self/mounts | head -n 400
[ -f /etc/fstab ] && awk '/^[[:space:]]*(#|$)/ { next } { print "fstab " $2, $3, $4 }' /etc/fstab
{ [ -e /run/systemd/container ] || [ -e /.dockerenv ]; } && echo "container yes"
echo end
"""


def mounts(output: str) -> dict[str, dict[str, set[str]]]:
    """Options by path; what is mounted last over a path counts. `container` holds a key where this is one."""
    found = by_kind(output, "mounted", "fstab", "container")
    told = {kind: {path: set(options.split(",")) for path, _, options in (words(line, 3) for line in found[kind])} for kind in ("mounted", "fstab")}
    if "/" not in told["mounted"]:
        raise Unreadable("the root is not mounted", "没有挂载根目录")
    return {**told, "container": {line: set() for line in found["container"]}}


def mounted(path: str, *options: str, own: bool = True) -> Callable[[dict[str, dict[str, set[str]]], Bounds, Known], Iterator[Row]]:
    """The path has these options, now and in fstab. own: it must be a file system of its own; else it is only judged where it is one."""
    def judge(found: dict[str, dict[str, set[str]]], bounds: Bounds, known: Known) -> Iterator[Row]:
        now, said = found["mounted"].get(path), found["fstab"].get(path)
        if now is None and found["container"]:
            yield not_applicable("不适用:容器的文件系统由宿主机决定", "not applicable: the container's host decides on its file systems", object=path)
        elif now is None:
            if own:
                yield failed(f"{path} 不是独立的文件系统", f"{path} is no file system of its own", object=path)
            else:
                yield not_applicable(f"不适用:{path} 不是独立的文件系统", f"not applicable: {path} is no file system of its own", object=path)
        elif missing := [option for option in options if option not in now]:
            yield failed(f"{path} 缺少挂载选项 {','.join(missing)}", f"{path} is mounted without {','.join(missing)}", object=path)
        elif said is not None and (missing := [option for option in options if option not in said]):
            yield failed(f"fstab 中 {path} 缺少 {','.join(missing)},重启后失效", f"fstab does not say {','.join(missing)} for {path}: gone with the next start",
                         object=path)
        else:
            yield passed(f"{path}:{','.join(options)}", f"{path}: {','.join(options)}", object=path)
    return judge


OF_MOUNTS: dict[str, Any] = {"family": "mounts", "command": MOUNTS, "parse": mounts, "source": "mount(8); fstab(5)"}
