"""Owner and mode of files that decide who may do what. One list for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import Any

from reports.records import Text
from tasks.checks.kinds import Known, Mender, Row, Unreadable
from tasks.checks.lines import words
from tasks.controls.kinds import Bounds, failed, not_applicable, passed, so
from tasks.controls.reading import by_kind, octal
from tasks.operations.attributes import TooWide, mendable, narrow
from tasks.operations.file_lines import FileLines, Line
from tasks.operations.mend import Mend

FILES = r"""
find /etc -maxdepth 1 -printf 'file %m %u %g %y %p\n' 2>/dev/null
find /etc/ssh /etc/sudoers.d /etc/security /etc/audit /etc/pam.d /etc/cron.d /etc/cron.hourly /etc/cron.daily /etc/cron.weekly /etc/cron.monthly /boot/grub \
  /boot/grub2 /var/log/audit /var/spool/cron /root -maxdepth 2 -path '*/.*/*' -prune -o -printf 'file %m %u %g %y %p\n' 2>/dev/null |
  awk '!seen[$0]++' | head -n 1500
echo end
"""


@dataclass(frozen=True)
class File:
    mode: int
    owner: str
    group: str
    kind: str
    path: str


def files(output: str) -> list[File]:
    found = []
    for line in by_kind(output, "file")["file"]:
        mode, owner, group, kind, path = words(line, 5)
        found.append(File(octal(mode), owner, group, kind, path))
    if not any(file.path == "/etc/passwd" for file in found):
        raise Unreadable("/etc/passwd is not among the files", "文件列表中没有 /etc/passwd")
    return found


def no_wider(*patterns: str, most: int, owner: str = "root", groups: tuple[str, ...] = ("root",), missing_zh: str = "没有这样的文件",
             missing: str = "there is no such file") -> Callable[[list[File], Bounds, Known], Iterator[Row]]:
    """Nothing that matches allows more than `most`, and all belongs to owner and one of the groups. Links do not count: what they lead to does."""
    def judge(found: list[File], bounds: Bounds, known: Known) -> Iterator[Row]:
        those = [file for file in found if file.kind != "l" and any(fnmatch(file.path, pattern) and file.path.count("/") == pattern.count("/")
                                                                    for pattern in patterns)]
        if not those:
            yield not_applicable(f"不适用:{missing_zh}", f"not applicable: {missing}")
        good = 0
        for file in those:
            if file.mode & ~most or file.owner != owner or file.group not in groups:
                yield failed(f"{file.path} 为 {file.mode:o} {file.owner}:{file.group},应不超过 {most:o} {owner}:{groups[0]}",
                             f"{file.path} is {file.mode:o} {file.owner}:{file.group}, and should be no more than {most:o} {owner}:{groups[0]}",
                             object=file.path)
            else:
                good += 1
        if good:
            yield passed(f"{good} 个文件的权限与属主符合要求", f"owner and mode are as they should be; files: {good}")
    return judge


def narrowed(most: int, owner: str = "root", groups: tuple[str, ...] = ("root",)) -> Mender:
    """Takes away what the file that the row names allows too much, and gives it its owner."""
    def mend(row: Row, found: list[File], known: Known) -> Mend | Text:
        file = next((one for one in found if one.path == row.object), None)
        if file is None or file.group not in groups or file.mode & ~most & 0o7000 or not mendable(file.path):
            return Text(zh="组或特殊权限位也不符合，须人工确认", en="its group or its special bits are not as expected either: look at it by hand")
        return narrow([TooWide(file.path, ~most & 0o777, owner)], Text(zh=f"收紧 {file.path} 的权限至 {most:o}", en=f"Narrow {file.path} to {most:o}"))
    return mend


def only_listed(program: str, sign: str, allow: str) -> Callable[[list[File], Bounds, Known], Iterator[Row]]:
    """Only accounts that the file `allow` lists use the program; without the file `sign` it is not installed."""
    def judge(found: list[File], bounds: Bounds, known: Known) -> Iterator[Row]:
        there = {file.path: file for file in found}
        if file := there.get(allow):
            yield so(file.mode & ~0o640 == 0 and file.owner == "root", allow, f"{file.mode:o} {file.owner}:{file.group}", "640 root:root")
        elif sign not in there:
            yield not_applicable(f"不适用:没有安装 {program}", f"not applicable: {program} is not installed")
        else:
            yield failed(f"没有 {allow}", f"there is no {allow}")
    return judge


def listed(path: str, group: str, jobs: str) -> Mender:
    """Makes a list of those who have jobs now, readable for the program (its group) alone; or narrows one that is there.

    jobs: matches the files of their jobs, which belong to them.
    """
    def mend(row: Row, found: list[File], known: Known) -> Mend | Text:
        if any(file.path == path for file in found):
            return narrow([TooWide(path, ~0o640 & 0o777, "root")], Text(zh=f"收紧 {path} 的权限至 640", en=f"Narrow {path} to 640"))
        users = sorted({"root"} | {file.owner for file in found if file.kind == "f" and fnmatch(file.path, jobs)})
        return FileLines(
            path, tuple(Line(user, user) for user in users), whole=True, mode="640",
            refuse=f"""deny={path.replace(".allow", ".deny")}
for job in {jobs}; do  # the answer is from the planning
  if [ ! -f "$job" ]; then continue; fi
  user=$(stat -c %U "$job")
  if ! wanted | grep -qxF "$user"; then echo "$user has jobs since the planning; plan anew" >&2; exit 1; fi
  if grep -qsxF "$user" "$deny"; then echo "$user has jobs and is in $deny; decide on that first" >&2; exit 1; fi
done
""",
            put_in_force=f'if getent group {group} >/dev/null; then chgrp {group} "$file"; fi',
            in_force=f"""case $(stat -c %a:%U:%G "$file") in 640:root:{group}) ;; 640:root:root) ! getent group {group} >/dev/null ;; *) false ;; esac || {{
  ls -l "$file" >&2; exit 1; }}
""").mend()
    return mend


OF_FILES: dict[str, Any] = {"family": "files", "command": FILES, "parse": files, "source": "find(1) -printf"}
