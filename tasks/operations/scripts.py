"""Shell texts with gaps: every value is quoted where it is put in."""

from __future__ import annotations

import re
from shlex import quote


def fill(text: str, **values: str | int) -> str:
    """The text with every @NAME@ replaced by the value of that name, quoted for the shell.

    A name that ends in _script is put in as it stands: it is shell text itself.
    Raises KeyError for a gap without a value.
    """

    def instead(gap: re.Match) -> str:
        value = values[gap[1]]
        return str(value) if gap[1].endswith("_script") else quote(str(value))

    return re.sub(r"@([a-z][a-z0-9_]*)@", instead, text)
