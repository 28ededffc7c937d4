"""The watched configuration: saved before a change, brought back exactly, removal of new files, owner and mode included.

Every function returns POSIX shell text or steps and runs nothing. Saved under $CHANGE_DIR/saved:
    etc.tar              all of /etc, for people; never laid over the system as a whole (later changes would be lost)
    configuration.tar    the watched trees, restored by an undo
    configuration.list   every path in them, ended by NUL, so that what is new can be found and removed
    running              the services that ran; automatic: the packages installed as dependencies; packages: dpkg's states
"""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote

from reports.records import Step, Text

_TAR = "--numeric-owner --xattrs --acls"


def _watched(trees: Sequence[str]) -> str:
    """Shell function `watched`: every path of the watched trees, ended by NUL; mount points belong to somebody else."""
    listed = " ".join(quote(tree.rstrip("/") or "/") for tree in trees) or "/nothing-is-watched"
    return f"""\
# every path of the watched trees; what is mounted inside them is left out
watched() {{
  awk '{{ print $5 }}' /proc/self/mountinfo >"$CHANGE_DIR/saved/mounts"
  for tree in {listed}; do
    if [ -e "$tree" ] || [ -L "$tree" ]; then find "$tree" -xdev ! -type s -print0; fi
  done | {{ grep -zvxFf "$CHANGE_DIR/saved/mounts" || :; }} | LC_ALL=C sort -zu
}}
"""


def save_configuration(trees: Sequence[str]) -> str:
    """Shell that saves configuration, package states and running services into $CHANGE_DIR/saved; may be repeated."""
    return f"""\
umask 077
mkdir -p "$CHANGE_DIR/saved"
{_watched(trees)}cd "$CHANGE_DIR/saved"
rm -f complete
# 1 all of /etc, kept for people
tar -c -f etc.tar {_TAR} --one-file-system --warning=no-file-changed -C / etc || [ $? = 1 ]  # 1: a file changed meanwhile
# 2 the watched trees, for the back-out
watched >configuration.list
tar -c -f configuration.tar {_TAR} --no-recursion -P --null -T configuration.list
# 3 what runs and what is installed
if [ -d /run/systemd/system ]; then
  systemctl list-units --type=service --state=active --plain --no-legend --no-pager | awk '{{ print $1 }}' |
    {{ grep -v -e '^user@' -e '^user-runtime-dir@' -e '^run-' -e '^standfast-' || :; }} >running
else
  : >running
fi
if command -v apt-mark >/dev/null; then apt-mark showauto >automatic; fi
if command -v dpkg-query >/dev/null; then
  dpkg-query -W -f '${{db:Status-Abbrev}} ${{binary:Package}} ${{Version}}\\n' >packages
fi
sha256sum etc.tar configuration.tar configuration.list running >saved.sha256
sync
mv saved.sha256 complete
ls -l etc.tar configuration.tar
"""


IS_SAVED = """\
cd "$CHANGE_DIR/saved"
sha256sum -c --quiet complete
tar -t -f configuration.tar -P >/dev/null
echo "$(tr -dc '\\000' <configuration.list | wc -c) paths of configuration are saved"
"""


def configuration_differs(trees: Sequence[str]) -> str:
    """Shell function `configuration_differs`: true, and says what, if the watched trees are not as saved."""
    return f"""\
{_watched(trees)}# true if the watched trees are not as they were saved; prints what differs
configuration_differs() {{
  [ -e "$CHANGE_DIR/saved/complete" ] || return 1
  {{ (cd / && tar -d -f "$CHANGE_DIR/saved/configuration.tar" --numeric-owner -P 2>&1) | grep -v -e ': Mod time differs'
    watched | LC_ALL=C comm -z -13 "$CHANGE_DIR/saved/configuration.list" - | tr '\\000' '\\n' | sed 's/$/: was not there before/'
  }} >"$CHANGE_DIR/saved/differing" || :
  [ -s "$CHANGE_DIR/saved/differing" ] && head -n 50 "$CHANGE_DIR/saved/differing"
}}
"""


def restore_configuration(trees: Sequence[str]) -> str:
    """Shell function `restore_configuration`: the watched trees are again as saved; does nothing where they are."""
    return f"""\
{configuration_differs(trees)}# bring the watched trees back: new files go, altered and missing ones come back with owner and mode
restore_configuration() {{
  if configuration_differs; then
    watched | LC_ALL=C comm -z -13 "$CHANGE_DIR/saved/configuration.list" - >"$CHANGE_DIR/saved/additional"
    LC_ALL=C sort -zr "$CHANGE_DIR/saved/additional" | xargs -0 -r rm -d -f --
    tar -x -f "$CHANGE_DIR/saved/configuration.tar" {_TAR} -p -P --unlink-first 2>"$CHANGE_DIR/saved/restoring" ||
      tar -x -f "$CHANGE_DIR/saved/configuration.tar" {_TAR} -p -P
    echo "the configuration is as it was saved"
  fi
}}
"""


def save_step(target: str, trees: Sequence[str], number: int = 0) -> Step:
    """The step "save-configuration": prepares beside the running system, has nothing to undo."""
    return Step(
        number=number, key="save-configuration", target=target,
        title=Text(zh="保存配置和软件包状态", en="Save configuration and package states"),
        probe="""\
if cd "$CHANGE_DIR/saved" && [ -e complete ] && sha256sum --status -c complete; then echo DONE; else echo ABSENT; fi
""",
        command=save_configuration(trees), proof=IS_SAVED,
        expected=Text(zh="配置文件已打包保存在变更目录,可按原属主和权限恢复",
                      en="The configuration is saved in the change's folder, with owners and modes"),
        changes=False, time_limit_s=300,
    )
