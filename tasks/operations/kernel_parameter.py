"""Kernel parameters, set and set back. Returns a Mend and runs nothing."""

from __future__ import annotations

from shlex import quote

from reports.records import Text
from tasks.operations.mend import Mend

_REAL = r"""case $name in */*) path=/proc/sys/$name ;; *) path=/proc/sys/$(echo "$name" | tr . /) ;; esac
real() { tr -s ' \t' '  ' <"$path"; }
"""


def set_parameter(name: str, value: str, before: str) -> Mend:
    """Gives a kernel parameter the value that its file names. Undo: the value it had."""
    head = f"name={quote(name)}; wished={quote(' '.join(value.split()))}\n{_REAL}"
    return Mend(
        title=Text(zh=f"内核参数 {name} 设为 {value}", en=f"Set kernel parameter {name} to {value}"),
        expected=Text(zh=f"{name} 与配置文件一致（{value}）", en=f"{name} is what its file says: {value}"),
        probe=head + 'if [ "$(real)" = "$wished" ]; then echo DONE; elif [ -e "$SAVED/value" ]; then echo PARTIAL; else echo ABSENT; fi\n',
        command=head + """umask 077
mkdir -p "$SAVED"
[ -e "$SAVED/value" ] || { cat "$path" >"$SAVED/value.new"; sync "$SAVED/value.new"; mv "$SAVED/value.new" "$SAVED/value"; }
printf '%s\\n' "$wished" >"$path"
""",
        proof=head + 'if [ "$(real)" != "$wished" ]; then echo "$name is $(real)" >&2; exit 1; fi\necho "$name = $(real)"\n',
        undo=head + '[ -e "$SAVED/value" ] || { echo "nothing was changed"; exit 0; }\ncat "$SAVED/value" >"$path"\n',
        undo_proof=head + 'if [ -e "$SAVED/value" ] && [ "$(cat "$path")" != "$(cat "$SAVED/value")" ]; then echo "$name is $(real)" >&2; exit 1; fi\n',
        touches=(f"/proc/sys/{name}",), on_copy=False, risk="medium",
        breaks=Text(zh=f"现值 {before} 若是有人有意设置的，依赖它的程序会受影响",
                    en=f"if somebody chose the value {before} on purpose, programs that count on it are affected"))
