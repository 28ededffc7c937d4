"""File systems of /etc/fstab, mounted and taken off again. Returns a Mend and runs nothing."""

from __future__ import annotations

from shlex import quote

from reports.records import Text
from tasks.operations.mend import Mend


def mount(point: str) -> Mend:
    """Mounts what /etc/fstab names for this place. Never over a folder that has something in it. Undo: taken off."""
    head = f"point={quote(point)}\n" + """mounted() { awk -v OFS='\\n' '{ print $2 }' /proc/mounts | grep -qxF -e "$point"; }
"""
    return Mend(
        title=Text(zh=f"挂载 {point}", en=f"Mount {point}"),
        expected=Text(zh=f"{point} 已按 /etc/fstab 挂载", en=f"{point} is mounted as /etc/fstab says"),
        probe=head + 'if mounted; then echo DONE; elif [ -e "$SAVED/was-off" ]; then echo PARTIAL; else echo ABSENT; fi\n',
        holds_before=head + """if [ -d "$point" ] && [ -n "$(ls -A "$point" | head -n 1)" ]; then
  echo "$point is a folder with files in it, which a mount would hide; look at them first" >&2; exit 1
fi
awk -v OFS='\\n' '/^[^#]/ { print $2 }' /etc/fstab | grep -qxF -e "$point" || { echo "/etc/fstab does not name $point" >&2; exit 1; }
""",
        command=head + """umask 077
mkdir -p "$SAVED"
[ -e "$SAVED/was-off" ] || { if [ -d "$point" ]; then echo there; else echo missing; fi >"$SAVED/was-off.new"; mv "$SAVED/was-off.new" "$SAVED/was-off"; }
(umask 022; mkdir -p "$point")
mount "$point"
""",
        proof=head + 'mounted && df -P "$point" | tail -n 1\n',
        undo=head + """[ -e "$SAVED/was-off" ] || { echo "nothing was changed"; exit 0; }
if mounted; then umount "$point"; fi
if [ "$(cat "$SAVED/was-off")" = missing ] && [ -d "$point" ]; then rmdir "$point"; fi
""",
        undo_proof=head + 'if [ -e "$SAVED/was-off" ] && mounted; then echo "$point is still mounted" >&2; exit 1; fi\n',
        touches=(point,), on_copy=False, risk="medium",
        breaks=Text(zh=f"程序将看到 {point} 中原有的内容；未挂载期间写入别处的数据不会自动合并",
                    en=f"programs see what lies in {point} again; what they wrote elsewhere meanwhile is not merged"))
