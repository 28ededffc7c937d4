"""What auditd records and how much of it is kept: rules in a file of our own, and lines of auditd.conf. Describes lines of files and runs nothing.

Rules are loaded at once, by augenrules; all of ours bear the key by which they are found again. A kernel whose rules are locked takes none before
its next start, so nothing is written there. System calls are named as x86-64 names them.
"""

from __future__ import annotations

from dataclasses import replace

from tasks.operations.file_lines import FileLines, Line, setting
from tasks.operations.mend import Mend

FILE, CONF, KEY = "/etc/audit/rules.d/standfast.rules", "/etc/audit/auditd.conf", "standfast"
PACKAGES = ("auditd",)

_WORDS = f"""in_kernel() {{ auditctl -l | grep -cE '(-k |key=){KEY}$' || :; }}
load() {{ told=$(augenrules --load 2>&1) || {{ printf '%s\\n' "$told" | tail -n 3 >&2; return 1; }}; }}
"""
_REFUSE = r"""[ "$(uname -m)" = x86_64 ] || { echo "the rules are written for x86-64" >&2; exit 1; }
command -v augenrules >/dev/null || { echo "there is no augenrules here" >&2; exit 1; }
case "$(auditctl -s | awk '$1 == "enabled" { print $2 }')" in
  2) echo "the rules are locked until the next start (-e 2)" >&2; exit 1 ;;
  1) ;;
  *) echo "the kernel's audit is switched off here" >&2; exit 1 ;;
esac
"""
_SAVE = """in_kernel >"$SAVED/rules"
if [ -e /etc/audit/audit.rules ]; then cp -a /etc/audit/audit.rules "$SAVED/audit.rules"; fi
"""
_PUT_BACK = f"""auditctl -D -k {KEY} >/dev/null 2>&1 || :
load
if cmp -s "$SAVED/audit.rules" /etc/audit/audit.rules; then cp -a "$SAVED/audit.rules" /etc/audit/audit.rules; fi
"""
_IN_FORCE = r"""[ "$(in_kernel)" -ge "$(wanted | wc -l)" ] || { echo "only $(in_kernel) of the rules are in the kernel" >&2; exit 1; }
"""
_IS_BACK = r"""[ "$(in_kernel)" = "$(cat "$SAVED/rules")" ] || { echo "$(in_kernel) of our rules are in the kernel" >&2; exit 1; }
"""


def record(rules: tuple[str, ...]) -> Mend:
    """These rules, without a key. Undo: the file as it was, and none of them in the kernel."""
    lines = tuple(setting(text, text) for rule in rules for text in (f"{rule} -k {KEY}",))
    of = FileLines(FILE, lines, mode="640", refuse=_REFUSE, save=_WORDS + _SAVE, test=_WORDS + "load", put_back=_WORDS + _PUT_BACK,
                   in_force=_WORDS + _IN_FORCE, is_back=_WORDS + _IS_BACK, on_copy=False, touches=("/etc/audit/audit.rules",))
    return replace(of.mend(), packages=PACKAGES)


# Twice the room that its log may take must be there.
_ROOM = r"""[ -e "$file" ] || { echo "$file is not there" >&2; exit 1; }
need=$(wanted | awk '$1 == "max_log_file" { size = $3 } $1 == "num_logs" { n = $3 } END { print 2 * size * n }')
free=$(df -Pm /var/log/audit | awk 'NR == 2 { print $4 }')
[ "$free" -gt "$need" ] || { echo "/var/log/audit has $free MiB left, and $need are wanted" >&2; exit 1; }
"""
_READ_ANEW = "systemctl kill -s HUP auditd.service"
_RUNS = r"""systemctl is-active -q auditd || { echo "auditd does not run" >&2; exit 1; }
"""


def configure(*lines: Line) -> Mend:
    """Lines of auditd.conf, which the daemon reads anew. Undo: the file as it was."""
    of = FileLines(CONF, lines, mode="640", refuse=_ROOM, put_in_force=_READ_ANEW, put_back=_READ_ANEW, in_force=_RUNS, on_copy=False,
                   touches=("auditd.service",))
    return replace(of.mend(), packages=PACKAGES)
