"""Files of a backup on a host: unpacked beside the running system and checked, then laid into their places, exactly. Returns steps and runs nothing.

Under $CHANGE_DIR: media/<name> are the backup's files, unpacked/ what is in them, saved/ what was in their places before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from shlex import quote

from reports.records import Step, Text
from tasks.operations.configuration import IS_SAVED, configuration_differs, restore_configuration, save_configuration


def check_media_step(number: int, target: str, digests: Mapping[str, str]) -> Step:
    """Every file of the backup has come whole. digests: SHA-256 by name."""
    listed = " ".join(quote(f"{digest}  {name}") for name, digest in sorted(digests.items()))
    check = f"""cd "$CHANGE_DIR/media"\nprintf '%s\\n' {listed} | sha256sum -c --quiet -\necho "{len(digests)} files of the backup are whole"\n"""
    return Step(
        number=number, key="check-backup", target=target, title=Text(zh="核对备份文件", en="Check the backup's files"), command=check, proof="true",
        expected=Text(zh="备份文件的 SHA-256 与归档记录一致", en="the SHA-256 of each file is the one in the archive"), changes=False,
        time_limit_s=4 * 3600)


def unpack_step(number: int, target: str, archive: str, sums: str) -> Step:
    """The files in a folder of the change, each with the digest that the backup says; nothing in use is touched."""
    return Step(
        number=number, key="unpack-files", target=target, title=Text(zh="在系统之外解包备份中的文件", en="Unpack the backup's files beside the system"),
        probe="""if [ -e "$CHANGE_DIR/saved/unpacked" ]; then echo DONE; elif [ -e "$CHANGE_DIR/unpacked" ]; then echo PARTIAL; else echo ABSENT; fi\n""",
        command=f"""\
umask 077
mkdir -p "$CHANGE_DIR/saved"
rm -rf -- "$CHANGE_DIR/unpacked"
mkdir "$CHANGE_DIR/unpacked"
tar -x -z -p -f "$CHANGE_DIR/media/{archive}" --numeric-owner --xattrs --acls -C "$CHANGE_DIR/unpacked"
sync -f "$CHANGE_DIR/unpacked"
(cd "$CHANGE_DIR/unpacked" && sha256sum -c --quiet "$CHANGE_DIR/media/{sums}")
: >"$CHANGE_DIR/saved/unpacked"
""",
        proof=f"""\
cd "$CHANGE_DIR/unpacked"
sha256sum -c --quiet "$CHANGE_DIR/media/{sums}"
echo "$(wc -l <"$CHANGE_DIR/media/{sums}") files are as they were backed up"
""",
        undo="""rm -rf -- "$CHANGE_DIR/unpacked" "$CHANGE_DIR/saved/unpacked"\n""", undo_proof="""[ ! -e "$CHANGE_DIR/unpacked" ]\n""",
        expected=Text(zh="每个文件的摘要与备份一致", en="each file has the digest that the backup says"), changes=False, time_limit_s=4 * 3600)


def save_step(number: int, target: str, trees: Sequence[str]) -> Step:
    """What is in these places now is kept, so that the restore itself can be taken back."""
    return Step(
        number=number, key="save-present-files", target=target, title=Text(zh="保存现有文件", en="Keep the files that are there now"),
        probe="""if cd "$CHANGE_DIR/saved" 2>/dev/null && [ -e complete ] && sha256sum --status -c complete; then echo DONE; else echo ABSENT; fi\n""",
        command=save_configuration(trees), proof=IS_SAVED,
        expected=Text(zh="现有文件已保存，可原样恢复", en="they can be brought back as they were"), changes=False, time_limit_s=3600)


def put_back_step(number: int, target: str, trees: Sequence[str], *, again: bool = False) -> Step:
    """These files and folders are as in the backup: content, owner, mode; what has come since is removed (it is kept in saved/).

    again: once more after packages, whose scripts write there, too.
    """
    relative = " ".join(quote("./" + tree.strip("/")) for tree in trees)
    wanted = f"""\
{configuration_differs(trees)}# every path of the backup below these places, ended by NUL
wanted() {{
  for tree in {relative}; do
    if [ -e "$tree" ] || [ -L "$tree" ]; then find "$tree" ! -type s -print0; fi
  done
}}
cd "$CHANGE_DIR/unpacked"
wanted | LC_ALL=C sort -zu >"$CHANGE_DIR/saved/wanted"
sed -z 's/^[.]//' "$CHANGE_DIR/saved/wanted" | LC_ALL=C sort -zu >"$CHANGE_DIR/saved/wanted.list"
"""
    differs = f"""{wanted}differing() {{
  {{ tar -c --no-recursion --numeric-owner --null -T "$CHANGE_DIR/saved/wanted" | (cd / && tar -d --numeric-owner -f - 2>&1) | grep -v ': Mod time differs'
    watched | LC_ALL=C comm -z -13 "$CHANGE_DIR/saved/wanted.list" - | tr '\\000' '\\n' | sed 's/$/: is not in the backup/'; }} || :
}}
"""
    return Step(
        number=number, key="put-files-back-again" if again else "put-files-back", target=target,
        title=Text(zh="再次核对并放回配置文件", en="Put the configuration back once more") if again else
        Text(zh=f"放回备份中的文件：{'、'.join(trees)}", en=f"Put the backup's files back: {', '.join(trees)}"),
        probe=f"""{differs}if [ -n "$(differing)" ]; then echo ABSENT; differing | head -n 20; else echo DONE; fi\n""",
        holds_before="""[ -e "$CHANGE_DIR/saved/complete" ] && [ -e "$CHANGE_DIR/saved/unpacked" ]\n""",
        command=f"""\
{wanted}watched | LC_ALL=C comm -z -13 "$CHANGE_DIR/saved/wanted.list" - | LC_ALL=C sort -zr | xargs -0 -r rm -d -f --
tar -c --no-recursion --numeric-owner --xattrs --acls --null -T "$CHANGE_DIR/saved/wanted" | tar -x -p --numeric-owner --xattrs --acls -C / -f -
sync
""",
        proof=f"""{differs}left=$(differing)\nif [ -n "$left" ]; then printf '%s\\n' "$left" | head -n 20 >&2; exit 1; fi\necho "as in the backup"\n""",
        undo="true\n" if again else f"{restore_configuration(trees)}restore_configuration\n",
        undo_proof="true\n" if again else f"{configuration_differs(trees)}if configuration_differs; then exit 1; fi\n",
        expected=Text(zh="内容、属主和权限与备份一致，备份之后新增的文件已移走", en="content, owner and mode are the backup's; what came later is gone"),
        interrupts=False, touches=tuple(trees), time_limit_s=3600)
