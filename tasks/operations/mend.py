"""How one finding is mended: a step that does not know its host, its number and its change yet. Pure.

A check's file gives one for each bad object (see HostCheck.mend); tasks/planning/corrections.py makes the plan of them. The operations beside
this file build them: attributes, unit, account, and so on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from reports.records import NOTHING, FileChange, Text

if TYPE_CHECKING:
    from tasks.operations.attributes import Narrowing
    from tasks.operations.file_lines import FileLines


@dataclass(frozen=True)
class Mend:
    """One reversible act on one object.

    title, expected: what is done, and what is so afterwards. probe .. undo_holds: as in Step, POSIX sh with `set -eu`; beside $CHANGE_DIR they
        have $SAVED, a folder for this mend alone, in which the command saves before it changes. Where nothing was saved, the undo has nothing to do.
    touches: units and absolute paths that it is meant to change; what else differs afterwards was planned by nobody.
    breaks: what may break by it; NOTHING: nothing known. risk: how much that weighs.
    interrupts: users notice. on_copy: a simulated copy can show it; False for clocks, mounts, kernel settings, schedules.
    confirm_s: over 0 where it can lock somebody out, as in Step; then the undo must need nothing but the host, and no more than seconds.
    files: which lines of which files change, for people to read. part: what it is made of, where several may become one step.
    port: of the database server whose scripts find it in $PORT; 0: none, or its finding says which.
    packages: that must be installed first; all of a host's become one step before all others (tasks/operations/installed.py).
    last: it comes after all others, since it notes what they leave behind.
    settles_s: how long it may take until the check says that all is well; steady_s: for how long it must then go on saying so.
    """

    title: Text
    expected: Text
    command: str
    proof: str
    probe: str
    holds_before: str = ""
    undo: str = ""
    undo_proof: str = ""
    undo_holds: str = ""
    touches: tuple[str, ...] = ()
    breaks: Text = NOTHING
    risk: Literal["low", "medium", "high"] = "low"
    interrupts: bool = False
    on_copy: bool = True
    settles_s: int = 0
    steady_s: int = 0
    time_limit_s: int = 120
    confirm_s: int = 0
    files: tuple[FileChange, ...] = ()
    part: FileLines | Narrowing | None = None
    port: int = 0
    packages: tuple[str, ...] = ()
    last: bool = False
