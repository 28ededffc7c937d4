"""What a moved service stands on: the packages it needs and the accounts its files belong to. Returns shell text and runs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from shlex import quote

from tasks.operations.scripts import fill

_INSTALL = r"""umask 022
[ -e "$CHANGE_DIR/saved/auto" ] || { apt-mark showauto >"$CHANGE_DIR/saved/auto.new"; mv "$CHANGE_DIR/saved/auto.new" "$CHANGE_DIR/saved/auto"; }
dpkg --configure -a
# nothing starts by itself before its configuration is here
[ -e /usr/sbin/policy-rc.d ] || { printf '#!/bin/sh\nexit 101 # standfast\n' >/usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d; }
code=0
DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \
  --no-install-recommends install @wished_script@ </dev/null || code=$?
! grep -qs standfast /usr/sbin/policy-rc.d || rm -f /usr/sbin/policy-rc.d
[ $code = 0 ] || exit $code
"""
_REMOVE = r"""! grep -qs standfast /usr/sbin/policy-rc.d || rm -f /usr/sbin/policy-rc.d
dpkg --configure -a
there=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' @names_script@ 2>/dev/null | awk '$1 != "un" { print $NF }') || :
if [ "$there" ]; then
  for name in $there; do  # a package's end takes no data along that it did not bring
    case $name in postgresql-[0-9]*) echo "$name $name/postrm_purge_data boolean false" | debconf-set-selections ;; esac
  done
  DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 purge $there </dev/null
fi
"""


def install(wished: Sequence[tuple[str, str]]) -> str:
    """Install these packages at exactly these versions, (name, version), from the host's own sources; services do not start."""
    return fill(_INSTALL, wished_script=" ".join(quote(f"{name}={version}") for name, version in wished))


def installed(wished: Sequence[tuple[str, str]]) -> str:
    return "".join(f"[ \"$(dpkg-query -W -f '${{db:Status-Abbrev}}${{Version}}' {quote(name)})\" = {quote(f'ii {version}')} ]\n" for name, version in wished)


def remove(names: Sequence[str]) -> str:
    """Take away what `install` brought, with its configuration."""
    return fill(_REMOVE, names_script=" ".join(map(quote, names)))


def removed(names: Sequence[str]) -> str:
    listed = " ".join(map(quote, names))
    return f"""! dpkg-query -W -f '${{db:Status-Abbrev}} ${{Package}}\\n' {listed} 2>/dev/null | grep '^ii'\n[ ! "$(dpkg --audit)" ]\n"""


@dataclass(frozen=True)
class Account:
    """An account as the old host has it; groups: further groups by name; main: its own group, with number."""

    name: str
    uid: int
    gid: int
    main: str
    home: str
    shell: str
    groups: tuple[str, ...] = ()


def make_accounts(accounts: Sequence[Account]) -> str:
    """Make them with the same numbers, without a password; homes are files and come with the files."""
    lines = []
    for one in accounts:
        groups = ",".join(one.groups)
        lines.append(f"getent group {quote(one.main)} >/dev/null || groupadd -g {one.gid} {quote(one.main)}")
        lines.append(f"getent passwd {quote(one.name)} >/dev/null || useradd -M -N -u {one.uid} -g {one.gid} -d {quote(one.home)} -s {quote(one.shell)} "
                     f"{f'-G {quote(groups)} ' if groups else ''}{quote(one.name)}")
    return "\n".join(lines) + "\n"


def accounts_made(accounts: Sequence[Account]) -> str:
    return "".join(f'[ "$(id -u {quote(one.name)}):$(id -g {quote(one.name)})" = {one.uid}:{one.gid} ]\n' for one in accounts)


def remove_accounts(accounts: Sequence[Account]) -> str:
    lines = []
    for one in accounts:
        lines.append(f"! getent passwd {quote(one.name)} >/dev/null || userdel {quote(one.name)}")
        lines.append(f"! getent group {quote(one.main)} >/dev/null || groupdel {quote(one.main)}")
    return "\n".join(lines) + "\n"


def accounts_gone(accounts: Sequence[Account]) -> str:
    return "".join(f"! getent passwd {quote(one.name)}\n" for one in accounts)


def starts_with_machine(units: Sequence[str], *, wanted: bool, mark: str) -> str:
    """Let these units start with the machine, or not; how it was before is kept under $CHANGE_DIR/saved/MARK."""
    listed, word = " ".join(map(quote, units)), "enable" if wanted else "disable"
    return f"""saved="$CHANGE_DIR/saved/{mark}"
[ -e "$saved" ] || {{ for unit in {listed}; do echo "$unit $(systemctl is-enabled "$unit" 2>/dev/null || :)"; done >"$saved.new"; mv "$saved.new" "$saved"; }}
systemctl {word} --quiet {listed}
"""


def starts_as_before(mark: str) -> str:
    return f"""saved="$CHANGE_DIR/saved/{mark}"
[ -e "$saved" ] || {{ echo "nothing was changed"; exit 0; }}
while read -r unit state; do
  case $state in enabled) systemctl enable --quiet "$unit" ;; disabled|"") systemctl disable --quiet "$unit" 2>/dev/null || : ;; esac
done <"$saved"
"""


def is_enabled(units: Sequence[str], wanted: bool) -> str:
    if wanted:
        return "".join(f"systemctl is-enabled -q {quote(unit)}\n" for unit in units) + "true\n"
    return "".join(f'[ "$(systemctl is-enabled {quote(unit)} 2>/dev/null)" != enabled ]\n' for unit in units)  # static ones start with nothing
