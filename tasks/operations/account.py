"""Accounts of a host: a missing password locked, a shell taken away, and both brought back exactly. Returns a Mend and runs nothing."""

from __future__ import annotations

from shlex import quote

from reports.records import Text
from tasks.operations.mend import Mend

# The names come from the host; awk would read escapes in -v, so they go by the environment.
_LINE = r"""line() { name="$name" awk -F: '$1 == ENVIRON["name"]' "$1"; }
"""
_SAVE = r"""umask 077
mkdir -p "$SAVED"
[ -e "$SAVED/line" ] || { line "$file" >"$SAVED/line.new"; [ -s "$SAVED/line.new" ]; sync "$SAVED/line.new"; mv "$SAVED/line.new" "$SAVED/line"; }
"""
_UNDO_PROOF = r"""[ -e "$SAVED/line" ] || exit 0
if [ "$(line "$file")" != "$(cat "$SAVED/line")" ]; then echo "the line of $name in $file is not as it was" >&2; exit 1; fi
"""


def lock_empty_password(name: str) -> Mend:
    """Locks an account that has no password. Undo: no password again, its date as it was."""
    head = f"name={quote(name)}; file=/etc/shadow\n{_LINE}"
    return Mend(
        title=Text(zh=f"锁定没有口令的账户 {name}", en=f"Lock account {name}, which has no password"),
        expected=Text(zh=f"账户 {name} 不能再以空口令登录；密钥登录不受影响", en=f"nobody logs in as {name} without a password; keys still work"),
        probe=head + """case $(line "$file") in
  "$name::"*) if [ -e "$SAVED/line" ]; then echo PARTIAL; else echo ABSENT; fi ;;
  *) echo DONE ;;
esac
""",
        # without PAM, sshd lets nobody in whose password is locked, whatever key he has
        holds_before="""if command -v sshd >/dev/null && ! sshd -T 2>/dev/null | grep -qi '^usepam yes'; then
  echo "sshd works without PAM and would refuse a locked account its keys, too" >&2; exit 1
fi
""",
        command=head + _SAVE + 'usermod -L -- "$name"\n',
        proof=head + 'case $(line "$file") in "$name::"*|"") echo "$name still has no password" >&2; exit 1 ;; esac\npasswd -S -- "$name"\n',
        undo=head + """[ -e "$SAVED/line" ] || { echo "nothing was changed"; exit 0; }
usermod -p '' -- "$name"
day=$(cut -d: -f3 "$SAVED/line")
chage -d "${day:--1}" -- "$name"
""",
        undo_proof=head + _UNDO_PROOF, touches=("/etc/shadow",), risk="medium",
        breaks=Text(zh=f"仍以空口令使用账户 {name} 的人员或程序将无法登录", en=f"whoever still uses {name} without a password can no longer log in"))


def no_log_in(name: str) -> Mend:
    """Gives an account of a service a shell that lets nobody in. Undo: the shell it had."""
    head = f"name={quote(name)}; file=/etc/passwd\n{_LINE}"
    return Mend(
        title=Text(zh=f"取消服务账户 {name} 的登录 shell", en=f"Take the log-in shell from service account {name}"),
        expected=Text(zh=f"账户 {name} 的 shell 为 nologin，不能登录", en=f"the shell of {name} is nologin: nobody logs in as {name}"),
        probe=head + """case $(line "$file") in
  '') echo DONE ;;  # no such account here
  */nologin|*/false) echo DONE ;;
  *) if [ -e "$SAVED/line" ]; then echo PARTIAL; else echo ABSENT; fi ;;
esac
""",
        holds_before=head + """if [ -n "$(ps -o pid= -u "$name" 2>/dev/null | head -n 1)" ] && who | awk '{ print $1 }' | grep -qxF -e "$name"; then
  echo "$name is logged in just now" >&2; exit 1
fi
""",
        command=head + _SAVE + 'usermod -s "$(command -v nologin || echo /usr/sbin/nologin)" -- "$name"\n',
        proof=head + 'case $(line "$file") in ""|*/nologin|*/false) line "$file" | cut -d: -f1,7 ;; *) line "$file" >&2; exit 1 ;; esac\n',
        undo=head + """[ -e "$SAVED/line" ] || { echo "nothing was changed"; exit 0; }
usermod -s "$(cut -d: -f7- "$SAVED/line")" -- "$name"
""",
        undo_proof=head + _UNDO_PROOF, touches=("/etc/passwd",), risk="medium",
        breaks=Text(zh=f"以 su 或计划任务使用账户 {name} 的脚本可能不能再运行", en=f"scripts that use {name} by su or by scheduled jobs may no longer run"))
