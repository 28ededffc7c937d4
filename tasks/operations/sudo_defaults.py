"""Defaults of sudo in a file of our own that is read last. Describes lines of a file and runs nothing."""

from __future__ import annotations

from tasks.operations.file_lines import FileLines, setting

FILE = "/etc/sudoers.d/zz-standfast"  # sudo reads no file with a dot in its name; of several the last word counts

_REFUSE = r"""visudo -cqf /etc/sudoers
grep -qE '^[@#]includedir[[:space:]]+/etc/sudoers\.d' /etc/sudoers || { echo "sudoers includes no files of sudoers.d" >&2; exit 1; }
"""


def set_default(name: str, value: str = "") -> FileLines:
    """One default, each on a line of its own: visudo tests it before it counts. Undo: the file as it was."""
    text = f"Defaults {name}" + (f"={value}" if value else "")
    return FileLines(path=FILE, lines=(setting(f"Defaults {name}", text),), mode="440", refuse=_REFUSE,
                     test='visudo -cqf "$file" && visudo -cqf /etc/sudoers', in_force="visudo -cqf /etc/sudoers || exit 1\n")
