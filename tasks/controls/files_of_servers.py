"""Modes of a database server's folders and files: what is too wide is taken away. Pure."""

from __future__ import annotations

from collections.abc import Callable

from reports.records import Text
from tasks.checks.kinds import Known, Mender, Row
from tasks.operations.attributes import TooWide, mendable, narrow
from tasks.operations.mend import Mend

Found = tuple[str, int, str, str]  # kind, mode, owner, path


def narrowed(too_wide: Callable[[str, str], int], account: str) -> Mender:
    """Takes from the path that the row names the bits that are too wide for its kind; one may be told as several kinds.

    too_wide: of kind and path, the bits that it may not have. account: whose the files are, where they are not root's.
    """
    def mend(row: Row, found: list[Found], known: Known) -> Mend | Text:
        bits = 0
        for kind, mode, owner, path in found:
            if path == row.object:
                bits |= too_wide(kind, path)
                if owner not in (account, "root") or mode & 0o7000:
                    bits = -1
                    break
        if bits < 1 or not mendable(row.object):
            return Text(zh="属主或特殊权限位不符合，须人工确认", en="its owner or its special bits are not as expected: look at it by hand")
        return narrow([TooWide(row.object, bits)], Text(zh=f"收紧 {row.object} 的权限", en=f"Narrow {row.object}"))
    return mend
