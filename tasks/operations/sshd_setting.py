"""One setting of sshd, in a file of its own that comes first, and taken away again. Returns a Mend and runs nothing.

Only for settings that cannot lock us out: what decides who gets in at all belongs to a hardening that is planned as a whole.
"""

from __future__ import annotations

from reports.records import Text
from tasks.operations.mend import Mend

FILE = "/etc/ssh/sshd_config.d/00-standfast-{}.conf"


def set_sshd(key: str, value: str, breaks: Text) -> Mend:
    """The first file that names a key decides, so ours comes before the others. A faulty file is taken away at once, before a reload. Undo: removed, reload."""
    file = FILE.format(key.lower())
    head = f"""file={file}
says() {{ sshd -T 2>/dev/null | grep -qix '{key} {value}'; }}
reload() {{ for unit in ssh sshd; do if systemctl is-active -q "$unit"; then systemctl reload "$unit"; fi; done; }}
"""
    return Mend(
        title=Text(zh=f"sshd 设置 {key} {value}", en=f"Set {key} {value} for sshd"),
        expected=Text(zh=f"sshd 采用 {key} {value}；现有连接不受影响", en=f"sshd follows {key} {value}; open connections stay"),
        probe=head + 'if says; then echo DONE; elif [ -e "$SAVED/before" ]; then echo PARTIAL; else echo ABSENT; fi\n',
        holds_before=head + """sshd -t
[ ! -e "$file" ] || { echo "$file is there already" >&2; exit 1; }
grep -qiE '^[[:space:]]*Include[[:space:]]+/etc/ssh/sshd_config\\.d/' /etc/ssh/sshd_config ||
  { echo "sshd_config includes no files of sshd_config.d" >&2; exit 1; }
""",
        command=head + f"""umask 077
mkdir -p "$SAVED"
[ -e "$SAVED/before" ] || cksum /etc/ssh/sshd_config >"$SAVED/before"
umask 022
printf '%s\\n' '# by Standfast' '{key} {value}' >"$file"
if ! sshd -t || ! says; then rm -f "$file"; echo "sshd does not accept the setting, or another file decides; it was taken away again" >&2; exit 1; fi
reload
""",
        proof=head + f"sshd -t\nsays\nsshd -T | grep -i '^{key} '\n",
        undo=head + '[ -e "$SAVED/before" ] || { echo "nothing was changed"; exit 0; }\nrm -f "$file"\nsshd -t\nreload\n',
        undo_proof=head + 'sshd -t\nif [ -e "$SAVED/before" ] && [ -e "$file" ]; then echo "$file is still there" >&2; exit 1; fi\n',
        touches=(file,), risk="medium", breaks=breaks)
