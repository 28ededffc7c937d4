"""What stands in the way of a plan's steps, or of their undo, asked on the host while planning. Only reads.

A step asks this itself before its command, but then others have been done already; here it is said before anybody approves anything.
"""

from __future__ import annotations

from collections.abc import Sequence

from blocks.host_access import HostAccess
from reports.records import Step
from tasks.redaction import redact
from tasks.remote import connected
from tasks.running import change_folder

LIMIT_S = 300  # for a host's whole answer
LINES = 2  # of what a script said


def of_steps(host: HostAccess, steps: Sequence[Step]) -> dict[str, str]:
    """By key, why a step could not be done: what must hold before does not. A step that would have nothing to do is not asked.

    Raises:
        HostUnreachable: no connection.
    """
    script = "cd /; CHANGE_DIR=/nonexistent/standfast; export CHANGE_DIR\n"
    for step in steps:
        if step.holds_before:
            script += f"probe() {{\n:\n{step.probe or 'echo ABSENT'}\n}}\nholds() {{\n:\n{step.holds_before}\n}}\n" + _ASK.format(key=step.key)
    return _told(host, script)


# Not as a condition: there, `set -e` would count for nothing.
_ASK = """case $(set -eu; probe 2>/dev/null </dev/null) in ABSENT*)
  said=$(set -eu; holds 2>&1 </dev/null); code=$?
  if [ $code != 0 ]; then printf '{key} %s\\n' "$(printf '%s' "$said" | tail -n {lines} | tr '\\n' ' ')"; fi
esac
""".replace("{lines}", str(LINES))


def of_undo(host: HostAccess, change: str) -> dict[str, str]:
    """By key of a step that was carried out, why undoing it now would take away what others did since.

    Raises:
        HostUnreachable: no connection.
    """
    return _told(host, f"""cd /; CHANGE_DIR={change_folder(change)}; export CHANGE_DIR
for one in "$CHANGE_DIR"/steps/*/undo_holds; do
  [ -s "$one" ] || continue
  said=$(sh -eu "$one" 2>&1 </dev/null) || printf '%s %s\\n' "$(basename "$(dirname "$one")" | cut -d - -f 2-)" "$(printf '%s' "$said" | tail -n 1)"
done""")


def _told(host: HostAccess, script: str) -> dict[str, str]:
    with connected(host) as remote:
        told = remote.run(script + "\nexit 0", timeout_s=LIMIT_S).need("asking what stands in the way", host.name, "查看前提条件")
    return {key: redact(said.strip().rstrip(".?")) for key, _, said in (line.partition(" ") for line in told.splitlines())}
