"""Keys of sshd: which of them it offers, a longer one of RSA, and the groups it exchanges keys in. Describes changes and runs nothing.

A client that knows only a key that goes refuses to connect: hardening carries it out under a guard of the host, and the plan says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from shlex import quote

from reports.records import Text
from tasks.operations.edits import EDITS
from tasks.operations.file_lines import FileLines, Line
from tasks.operations.mend import Mend
from tasks.operations.sshd_settings import RELOAD, set_sshd

MODULI = "/etc/ssh/moduli"
_NO_OTHER = r"""if grep -sihE '^[[:space:]]*HostKey[[:space:]]' /etc/ssh/sshd_config /etc/ssh/sshd_config.d/*.conf | grep -vxF -e "$lines"; then
  echo "another file of sshd names its keys; change it there" >&2; exit 1
fi
"""


def offer(paths: Sequence[str]) -> FileLines:
    """sshd shows these keys and no others, in this order."""
    one = set_sshd({})
    lines = tuple(Line(f"hostkey[[:space:]]+{path}", f"HostKey {path}") for path in paths)
    return replace(one, lines=lines, refuse=one.refuse + _NO_OTHER)


def _file(path: str, title: Text, expected: Text, words: str, change: str, *, more: str = "", breaks: Text) -> Mend:
    """A file made anew by a script, tested by `sshd -t`, and brought back; sshd reloads both times.

    words: has a function `right`, which tells by its exit status whether the file is as it shall be. change: makes it so. more: a file that goes with it.
    """
    head = f"file={quote(path)}; more={quote(more)}\n{words}{EDITS}"
    return Mend(
        title=title, expected=expected, breaks=breaks, touches=(path, *((more,) if more else ())),
        probe=head + 'if right; then echo DONE; elif [ -e "$SAVED/kept" ]; then echo PARTIAL; else echo ABSENT; fi\n',
        holds_before=head + """sshd -t
for one in "$file" $more; do
  if [ -L "$one" ] || [ ! -f "$one" ]; then echo "$one is no plain file" >&2; exit 1; fi
  touch -c "$one" || { echo "$one cannot be written; perhaps its file system is read-only" >&2; exit 1; }
done
""",
        command=head + """umask 077
mkdir -p "$SAVED"
if [ ! -e "$SAVED/kept" ]; then
  for one in "$file" $more; do cp -a "$one" "$SAVED/"; done
  sync; touch "$SAVED/kept"
fi
like() { chown --reference="$1" "$2"; chmod --reference="$1" "$2"; sync "$2"; mv "$2" "$1"; }
""" + change + f'note_left "$file" $more\nsshd -t\n{RELOAD}\n',
        proof=head + 'right && sshd -t && echo "$file is as it should be"\n',
        undo=head + """[ -e "$SAVED/kept" ] || { echo "nothing was changed"; exit 0; }
rm -f "$file.standfast" "$file.standfast.pub"
for one in "$file" $more; do keep_edits "$one" "$SAVED/${one##*/}"; cp -a "$SAVED/${one##*/}" "$one.standfast"; mv "$one.standfast" "$one"; done
""" + RELOAD + "\n",
        undo_holds=head + """[ -e "$SAVED/kept" ] || exit 0
for one in "$file" $more; do not_edited "$one" "$SAVED/${one##*/}" || exit 1; done
""",
        undo_proof=head + """[ -e "$SAVED/kept" ] || exit 0
for one in "$file" $more; do
  cmp "$SAVED/${one##*/}" "$one"
  [ "$(stat -c '%a %u:%g' "$one")" = "$(stat -c '%a %u:%g' "$SAVED/${one##*/}")" ]
done
sshd -t
""")


def longer_rsa(path: str, bits: int) -> Mend:
    """A new RSA key in the place of a short one, which is kept with the change."""
    words = f"right() {{ [ \"$(ssh-keygen -lf \"$file\" | cut -d ' ' -f 1)\" -ge {bits} ]; }}\n"
    change = f"""if ! right; then
  rm -f "$file.standfast" "$file.standfast.pub"
  ssh-keygen -q -t rsa -b {bits} -N '' -C "$(cut -d ' ' -f 3- "$more")" -f "$file.standfast" </dev/null
  like "$more" "$file.standfast.pub"
  like "$file" "$file.standfast"
fi
"""
    return _file(
        path, Text(zh=f"更换 {path} 为 {bits} 位 RSA 密钥", en=f"A new RSA key of {bits} bits as {path}"),
        Text(zh=f"{path} 不短于 {bits} 位", en=f"{path} has {bits} bits or more"), words, change, more=f"{path}.pub",
        breaks=Text(zh="只记得旧 RSA 公钥的客户端会拒绝连接", en="clients that know only the old RSA key refuse to connect"))


def long_groups(bits: int) -> Mend:
    """Of the groups for key exchange those of so many bits or more; they are public figures, and shorter ones are only slower to refuse."""
    words = f"""long() {{ awk '/^[[:space:]]*(#|$)/ || $5 + 1 >= {bits}' "$file"; }}
right() {{ long | cmp -s - "$file"; }}
"""
    change = """long | grep -q '^[^#]' || { echo "no group would be left" >&2; exit 1; }
long >"$file.standfast"
like "$file" "$file.standfast"
"""
    return _file(
        MODULI, Text(zh=f"{MODULI} 只保留不短于 {bits} 位的群", en=f"Only groups of {bits} bits or more in {MODULI}"),
        Text(zh=f"{MODULI} 中没有短于 {bits} 位的群", en=f"no group in {MODULI} has fewer than {bits} bits"), words, change,
        breaks=Text(zh="只支持更短群的旧客户端无法用群交换连接", en="old clients that can do only shorter groups cannot exchange keys by them"))
