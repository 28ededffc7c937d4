"""Debian packages: staged as files, old versions too, upgraded offline, and backed out from any half state.

Every function returns POSIX shell text or steps and runs nothing. On the target under $CHANGE_DIR:
    media/packages       one line a package: name, version before ("-": was not there), version after, new file, old file
    media/new, media/old the package files; media/new.sha256 and media/old.sha256 their digests
What was measured: after a power loss `dpkg --configure -a` and `apt-get install` end with status 0 and leave packages that need
reinstallation. So exit statuses prove nothing here: what dpkg's own list says does, and the back-out goes round until it fits.
Source: dpkg(1), apt-get(8), apt.conf(5), deb-conffiles(5); Debian policy chapter 6.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from shlex import quote

from reports.records import Step, Text
from tasks.operations import service
from tasks.operations.configuration import configuration_differs, restore_configuration
from tasks.operations.disk_space import has_room, release_reserve


@dataclass(frozen=True)
class PackageFile:
    """A package file as the source's signed list names it; `uri` and `sha256` empty where no source has it any more."""

    name: str
    uri: str = ""
    sha256: str = ""
    size: int = 0


@dataclass(frozen=True)
class PackageChange:
    """One package on its way from `before` (empty: it was not there) to `after`; `name` as apt writes it, "libc6:i386"."""

    name: str
    before: str
    after: str
    new: PackageFile
    old: PackageFile | None = None


# --- what the scripts have in common --------------------------------------------------------------------------------------

_LISTS = """\
cd "$CHANGE_DIR/media"
# the lists are those of this plan, byte for byte
printf '%s\\n' {packages} {new} | sha256sum -c --quiet
"""

_STATES = """\
# what dpkg says of each planned package: name, state ("ii" is whole), version, before, after, new file, old file
states() {
  dpkg-query -W -f '${Package}\\t${Architecture}\\t${db:Status-Abbrev}\\t${Version}\\n' 2>/dev/null |
  awk -F '\\t' -v native="$(dpkg --print-architecture)" '
    NR == FNR { split($0, plan, " "); order[++count] = plan[1]; line[plan[1]] = $0; next }
    { sub(/ +$/, "", $3); sub(/^h/, "i", $3)
      name = $1; if (!($2 == native || $2 == "all") || !(name in line)) name = $1 ":" $2
      if (name in line && substr($3, 2, 1) != "n") { state[name] = $3; version[name] = ($4 == "" ? "-" : $4) } }
    END { for (i = 1; i <= count; i++) { name = order[i]; split(line[name], plan, " ")
      print name, (name in state ? state[name] : "-"), (name in version ? version[name] : "-"), plan[2], plan[3], plan[4], plan[5]
    } }
  ' "$CHANGE_DIR/media/packages" -
}
not_new() { states | awk '!($2 == "ii" && $3 == $5)'; }
not_old() { states | awk '!($4 == "-" ? $2 == "-" : $2 == "ii" && $3 == $4)'; }
"""

_APT = """\
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l UCF_FORCE_CONFFOLD=1 APT_LISTCHANGES_FRONTEND=none
# apt works from the staged files alone: no package source is asked, and an edited configuration file is kept
apt_offline() {
  apt-get -y -q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts=/dev/null \\
    -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root \\
    -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \\
    -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@" </dev/null
}
# dpkg itself; it waits up to five minutes for another package tool to end
dpkg_waiting() {
  tries=0
  while :; do
    code=0
    dpkg --force-confdef --force-confold --force-downgrade "$@" </dev/null >"$CHANGE_DIR/saved/dpkg.out" 2>&1 || code=$?
    cat "$CHANGE_DIR/saved/dpkg.out"
    if [ "$code" = 0 ]; then return 0; fi
    if ! grep -q 'lock' "$CHANGE_DIR/saved/dpkg.out" || [ "$tries" -ge 60 ]; then return "$code"; fi
    tries=$((tries + 1)); sleep 5
  done
}
# a package that had come as a dependency keeps that mark
keep_marks() {
  states | awk '{ print $1 }' | while read -r name; do
    if grep -qxF -e "$name" "$CHANGE_DIR/saved/automatic" ||
      awk -v n="$name" '$1 == n && $2 == "-" { found = 1 } END { exit !found }' packages; then echo "$name"; fi
  done >"$CHANGE_DIR/saved/marks"
  dpkg-query -W -f '${db:Status-Status} ${binary:Package}\\n${db:Status-Status} ${Package}\\n' |
    sed -n 's/^installed //p' | sort -u >"$CHANGE_DIR/saved/there"
  grep -xF -f "$CHANGE_DIR/saved/there" "$CHANGE_DIR/saved/marks" | xargs -r apt-mark -q -o Dir::Etc::sourcelist=/dev/null \\
    -o Dir::Etc::sourceparts=/dev/null -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= auto >/dev/null
}
"""

# Restarting these would end logins, containers or the message bus that everything hangs on; they take effect at the next restart.
_OUTDATED = """\
# services whose processes still run program files or libraries that an upgrade has replaced; "init" for systemd itself
outdated() {
  own=$(sed -n 's#.*/\\([^/]*[.]service\\).*#\\1#p' /proc/self/cgroup | head -n 1)
  { grep -lsE '^[^ ]+ ..x[^ ]* [^/]*/(usr|lib|lib32|lib64|bin|sbin|opt|srv)/.* \\(deleted\\)$' /proc/[0-9]*/maps || :
    find /proc/[0-9]*/fd -lname '/*.jar (deleted)' 2>/dev/null || :  # Java reads its archives without mapping them
  } | cut -d / -f 3 | sort -u | while read -r pid; do
    if [ "$pid" = 1 ]; then echo init; continue; fi
    unit=$(awk -F / '/^[0-9]+:(name=systemd)?:/ { for (i = 2; i <= NF; i++) if ($i ~ /[.]service$/) { print $i; exit } }' \\
      "/proc/$pid/cgroup" 2>/dev/null) || continue
    case "$unit" in
      ''|"$own"|standfast-*) ;;                              # no service, or this very job
      ssh.service|sshd.service)                              # sessions go on with the old files, the daemon must not
        if [ "$(systemctl show -p MainPID --value "$unit")" = "$pid" ]; then echo "$unit"; fi ;;
      user@*|ssh@*|sshd@*|getty@*|serial-getty@*|console-getty.service|dbus.service|dbus-broker.service| \\
      docker.service|containerd.service|libvirtd.service|lxc*|display-manager.service|gdm*|lightdm*|NetworkManager.service)
        echo "left $unit" ;;
      *) echo "$unit" ;;
    esac
  done | sort -u
}
outdated_services() { outdated | grep -v '^left ' || :; }
# restart what still runs old files, and start what ran before and does not now
renew_services() {
  if [ ! -d /run/systemd/system ]; then echo "no systemd: nothing is restarted"; return 0; fi
  systemctl daemon-reload
  for round in 1 2; do
    units=$(outdated_services)
    case " $(echo $units) " in *" init "*) systemctl daemon-reexec; units=$(echo "$units" | grep -vx init || :) ;; esac
    for unit in $(cat "$CHANGE_DIR/saved/running"); do
      if ! systemctl -q is-active "$unit"; then units="$units $unit"; fi
    done
    units=$(echo $units)
    if [ -z "$units" ]; then break; fi
    echo "restarting: $units"
    systemctl reset-failed $units 2>/dev/null || :
    systemctl restart $units || :
  done
  outdated | sed -n 's/^left /runs old files until the next restart of the machine: /p'
}
services_are_renewed() {
  if [ ! -d /run/systemd/system ]; then return 0; fi
  still=$(outdated_services)
  if [ -n "$still" ]; then echo "still run old program files: "$still >&2; return 1; fi
  for unit in $(cat "$CHANGE_DIR/saved/running"); do
    state=$(systemctl is-active "$unit" || :)
    if [ "$state" != active ]; then echo "$unit ran before and is $state now" >&2; return 1; fi
  done
}
"""

_CLEAN = """\
dpkg_is_clean() {
  faults=$(dpkg --audit 2>&1)
  if [ -n "$faults" ]; then printf '%s\\n' "$faults" >&2; return 1; fi
  if [ -n "$(ls /var/lib/dpkg/updates)" ]; then echo "dpkg was interrupted" >&2; return 1; fi
}
"""


def _table(changes: Sequence[PackageChange]) -> str:
    """media/packages, as the scripts read it."""
    return "".join(f"{c.name} {c.before or '-'} {c.after} {c.new.name} {c.old.name if c.old else '-'}\n" for c in changes)


def _new_digests(changes: Sequence[PackageChange]) -> str:
    return "".join(f"{c.new.sha256}  new/{c.new.name}\n" for c in changes)


def _list_digests(changes: Sequence[PackageChange]) -> tuple[str, str]:
    return (quote(f"{hashlib.sha256(_table(changes).encode()).hexdigest()}  packages"),
            quote(f"{hashlib.sha256(_new_digests(changes).encode()).hexdigest()}  new.sha256"))


def _lists(changes: Sequence[PackageChange]) -> str:
    packages, new = _list_digests(changes)
    return _LISTS.format(packages=packages, new=new)


# --- the steps ------------------------------------------------------------------------------------------------------------

def check_before_step(target: str, room_kib: Mapping[str, int], services: Sequence[str], number: int = 0) -> Step:
    """The step "check-before": dpkg whole, each service's configuration good enough to start it, room enough. Reads only."""
    tests = "".join(service.config_test(name) for name in services)
    return Step(
        number=number, key="check-before", target=target, title=Text(zh="变更前检查", en="Check before the change"),
        command="date -u +%Y-%m-%dT%H:%M:%SZ\nuname -r\nuptime\ndf -P -k\n",
        proof=f"""\
# dpkg has nothing half done, and every dependency is met
{_CLEAN}dpkg_is_clean
apt-get -q check -o Debug::NoLocking=1 -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \\
  -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts=/dev/null </dev/null
# there is room
{has_room(room_kib)}# the running services' configuration would let them start again
{tests}echo "ready for the change"
""",
        expected=Text(zh="软件包状态完整,磁盘空间足够,各服务的配置检查通过",
                      en="Packages are whole, there is room, and the services' configuration tests pass"),
        changes=False, time_limit_s=300,
    )


_REBUILD = """\
# rebuild PACKAGE FILE: the installed package as a package file again, for a version that no source has any more
rebuild() {
  work=$(mktemp -d "$CHANGE_DIR/media/rebuild.XXXXXX")
  tree=$work/tree
  mkdir -p "$tree/DEBIAN"; chmod 0755 "$tree" "$tree/DEBIAN"
  # its description, without what only tells of this installation
  dpkg-query -s "$1" | awk '/^[^ \\t]/ { leave = ($1 ~ /^(Status|Conffiles|Config-Version):$/) } !leave' >"$tree/DEBIAN/control"
  for part in $(dpkg-query --control-list "$1"); do
    case $part in control|conffiles) ;; *) cp -p "$(dpkg-query --control-path "$1" "$part")" "$tree/DEBIAN/$part" ;; esac
  done
  # its files: folders first, with owner and mode, then everything else; what a host leaves out (documentation) is left out
  dpkg-query -L "$1" | grep '^/' | grep -vx '/[.]' | LC_ALL=C sort -u >"$work/all"
  awk '{ path = $0; while (sub("/[^/]*$", "", path) && path != "") print path }' "$work/all" | LC_ALL=C sort -u >"$work/above"
  while IFS= read -r path; do
    if grep -qxF -e "$path" "$work/above" || { [ -d "$path" ] && [ ! -L "$path" ]; }; then
      mkdir -p "$tree$path"; chmod --reference="$path" "$tree$path"; chown --reference="$path" "$tree$path"
    elif [ -e "$path" ] || [ -L "$path" ]; then printf '%s\\0' "${path#/}" >>"$work/files"
    fi
  done <"$work/all"
  if [ -s "$work/files" ]; then
    (cd / && tar -c --null --no-recursion -T "$work/files") | tar -x -p -C "$tree" --keep-directory-symlink
  fi
  # a file that another package diverts lies elsewhere
  dpkg-divert --list | sed -n 's/^diversion of \\(.*\\) to \\(.*\\) by \\(.*\\)$/\\1 \\2 \\3/p' |
  while read -r path elsewhere by; do
    if grep -qxF -e "$path" "$work/all" && [ "$by" != "${1%%:*}" ] && [ -e "$elsewhere" ]; then
      cp -a -- "$elsewhere" "$tree$path"
    fi
  done
  if dpkg-query --control-path "$1" conffiles >"$work/conffiles" && [ -s "$work/conffiles" ]; then
    while IFS= read -r path; do
      case $path in /*) if [ ! -e "$tree$path" ]; then continue; fi ;; esac
      printf '%s\\n' "$path"
    done <"$(cat "$work/conffiles")" >"$tree/DEBIAN/conffiles"
  fi
  dpkg-deb -Zgzip -z1 --build "$tree" "$work/package.deb" >/dev/null
  sync "$work/package.deb"
  mv "$work/package.deb" "$2"
  rm -rf "$work"
}
"""


def stage_step(target: str, changes: Sequence[PackageChange], number: int = 0) -> Step:
    """The step "stage-packages": exactly the planned files, new and old, lie on the target, each with the plan's SHA-256 (R173).

    An old version that its source has no more is taken from apt's own archive, else rebuilt from the installed files.
    """
    wanted = [(f"new/{c.new.name}", c.new) for c in changes] + [(f"old/{c.old.name}", c.old) for c in changes if c.old]
    files = "".join(f"{file.sha256 or '-'} {path} {file.uri or '-'}\n" for path, file in wanted)
    unnamed = any(not file.sha256 for _, file in wanted)
    complete = f"""\
complete() (
  cd "$CHANGE_DIR/media" || exit 1
  # the lists are those of this plan, byte for byte
  printf '%s\\n' {" ".join(_list_digests(changes))} | sha256sum -c --quiet || exit 1
  sha256sum -c --quiet new.sha256 || exit 1
  {"sha256sum -c --quiet old.sha256 || exit 1" if any(c.old for c in changes) else "[ ! -s old.sha256 ] || exit 1"}
  # each old file holds the version that the plan wants back
  while read -r name before after new old; do
    if [ "$old" = - ]; then continue; fi
    if [ "$(dpkg-deb -f "old/$old" Package) $(dpkg-deb -f "old/$old" Version)" != "${{name%%:*}} $before" ]; then
      echo "old/$old is not $name $before" >&2; exit 1
    fi
  done <packages
)
"""
    rebuild = f"""\
{_REBUILD}# old versions that the sources have no more: from apt's own archive if it is there, else from the installed files
while read -r name before after new old; do
  if [ "$old" = - ] || [ -f "old/$old" ]; then continue; fi
  if [ -f "/var/cache/apt/archives/$old" ]; then
    cp "/var/cache/apt/archives/$old" "old/$old.part"; mv "old/$old.part" "old/$old"; continue
  fi
  if [ "$(dpkg-query -W -f '${{db:Status-Abbrev}}${{Version}}' "$name")" != "ii $before" ]; then
    echo "$name $before is neither at a source nor installed: it cannot be kept for the back-out" >&2; exit 1
  fi
  rebuild "$name" "old/$old"
done <packages
"""
    return Step(
        number=number, key="stage-packages", target=target,
        title=Text(zh="备齐新旧版本软件包并核对校验和",
                   en="Stage the packages, new and old, and verify their checksums"),
        probe=f"{complete}if complete >/dev/null 2>&1; then echo DONE; else echo ABSENT; fi\n",
        command=f"""\
umask 077
mkdir -p "$CHANGE_DIR/media/new" "$CHANGE_DIR/media/old"
cd "$CHANGE_DIR/media"
rm -rf rebuild.*
# what is planned: name, version before, version after, new file, old file
cat >packages.part <<'LIST'
{_table(changes)}LIST
# where each file comes from: SHA-256, file, address
cat >files.part <<'LIST'
{files}LIST
mv packages.part packages
mv files.part files
have() {{ [ -f "$2" ] && [ "$(sha256sum <"$2")" = "$1  -" ]; }}
set --
while read -r sha file uri; do
  if [ "$uri" != - ] && ! have "$sha" "$file"; then set -- "$@" "$uri" "$PWD/$file.part" "SHA256:$sha"; fi
done <files
# apt's own downloader: it knows this host's proxies and keys, and compares the checksum
if [ $# -gt 0 ]; then
  /usr/lib/apt/apt-helper -o APT::Sandbox::User=root -o Acquire::Retries=2 -o Acquire::http::Timeout=60 \\
    -o Acquire::https::Timeout=60 download-file "$@" </dev/null || echo "not every file could be had"
fi
while read -r sha file uri; do
  if [ -f "$file.part" ] && have "$sha" "$file.part"; then mv "$file.part" "$file"; fi
  rm -f "$file.part"
  if [ "$sha" = - ] || have "$sha" "$file"; then continue; fi
  rm -f "$file"
  case $file in new/*) echo "$file cannot be had from $uri with the planned checksum; plan again" >&2; exit 1 ;; esac
done <files
{rebuild}awk '$2 ~ /^new/ {{ print $1 "  " $2 }}' files >new.sha256
awk '$5 != "-" {{ printf "old/%s%c", $5, 0 }}' packages | xargs -0 -r sha256sum >old.sha256
sync
ls -l new old
""",
        proof=f"{complete}complete\necho \"$(wc -l <\"$CHANGE_DIR/media/packages\") packages are staged\"\n",
        expected=Text(zh="所有新旧版本的软件包文件都在目标主机上,校验和与计划一致"
                         + (";个别旧版本由已安装文件重建" if unnamed else ""),
                      en="Every package file, new and old, lies on the host with the planned checksum"
                         + ("; some old ones are rebuilt from the installed files" if unnamed else "")),
        changes=False, time_limit_s=3600,
    )


def upgrade_step(target: str, change: str, changes: Sequence[PackageChange], trees: Sequence[str],
                 reserve_kib: Mapping[str, int], number: int = 0) -> Step:
    """The step "upgrade-packages". Undo: configuration and packages as before, from any half state, and the services on them.

    trees: the watched configuration, saved by the step "save-configuration". reserve_kib: as in `disk_space.reserve_step`.
    """
    lists = _lists(changes)
    return Step(
        number=number, key="upgrade-packages", target=target,
        title=Text(zh=f"升级 {len(changes)} 个软件包",
                   en=f"Upgrade {len(changes)} package{'s' if len(changes) != 1 else ''}"),
        probe=f"""\
{lists}{_STATES}{_CLEAN}if [ -z "$(not_new)" ] && dpkg_is_clean 2>/dev/null; then echo DONE
elif [ -z "$(not_old)" ] && dpkg_is_clean 2>/dev/null; then echo ABSENT
elif states | awk '$3 != "-" && $3 != $4 && $3 != $5 {{ found = 1 }} END {{ exit !found }}'; then echo FOREIGN
else echo PARTIAL; fi
states | awk '{{ print $1, $2, $3 }}'
""",
        holds_before=f"""\
{lists}sha256sum -c --quiet new.sha256
if [ -s old.sha256 ]; then sha256sum -c --quiet old.sha256; fi
[ -s "$CHANGE_DIR/saved/complete" ]
""",
        command=f"""\
{lists}{_STATES}{_APT}{_CLEAN}sha256sum -c --quiet new.sha256
rounds=1
if [ -n "$(not_old)" ] || ! dpkg_is_clean 2>/dev/null; then
  # an earlier attempt was cut off: finish what it began, and go round again
  rounds=3
  dpkg_waiting --configure -a || echo "not everything could be configured yet"
fi
round=1
while [ "$round" -le "$rounds" ]; do
  files=$(not_new | awk '{{ print "./new/" $6 }}')
  if [ -z "$files" ]; then break; fi
  again=
  if [ "$rounds" -gt 1 ]; then again=--reinstall; fi
  apt_offline --no-remove --allow-downgrades $again install $files ||
    if [ "$rounds" -gt 1 ]; then
      dpkg_waiting -i $(not_new | awk '{{ print "./new/" $6 }}') || dpkg_waiting --configure -a || :
    fi
  round=$((round + 1))
done
keep_marks
# the vendor's configuration files that were laid beside kept ones
find /etc -xdev \\( -name '*.dpkg-dist' -o -name '*.dpkg-new' -o -name '*.ucf-dist' \\) -newer "$CHANGE_DIR/saved/complete" || :
[ -z "$(not_new)" ]
""",
        proof=f"""\
{lists}{_STATES}{_CLEAN}missing=$(not_new)
if [ -n "$missing" ]; then
  echo "not whole at the planned version:" >&2
  echo "$missing" | awk '{{ print $1, $2, $3, "instead of", $5 }}' >&2; exit 1
fi
dpkg_is_clean
states | awk '{{ print $1, $3 }}'
""",
        undo=f"""\
{release_reserve(change, reserve_kib)}{lists}{_STATES}{_APT}{_CLEAN}{restore_configuration(trees)}{_OUTDATED}\
# the configuration first: a package's scripts start its service, and a broken file would make them fail
restore_configuration
# then the packages, round by round, only those that are not as they were
for round in 1 2 3; do
  if [ -z "$(not_old)" ] && dpkg_is_clean 2>/dev/null; then break; fi
  dpkg_waiting --configure -a || echo "not everything could be configured; the old versions are put in its place"
  files=$(not_old | awk '$4 != "-" {{ print "./old/" $7 }}')
  gone=$(not_old | awk '$4 == "-" {{ print $1 "-" }}')
  if [ -z "$files$gone" ]; then continue; fi
  apt_offline --allow-downgrades --reinstall --purge install $files $gone || {{
    files=$(not_old | awk '$4 != "-" {{ print "./old/" $7 }}')
    if [ -n "$files" ]; then dpkg_waiting -i $files || :; fi
  }}
  # packages that came with the upgrade go again, with their configuration
  gone=$(not_old | awk '$4 == "-" {{ print $1 }}')
  if [ -n "$gone" ] && [ -z "$(not_old | awk '$4 != "-"')" ]; then dpkg_waiting --force-remove-reinstreq --purge $gone || :; fi
done
keep_marks
restore_configuration
renew_services
""",
        undo_proof=f"""\
{lists}{_STATES}{_CLEAN}{configuration_differs(trees)}{_OUTDATED}left=$(not_old)
if [ -n "$left" ]; then echo "not as before:" >&2; echo "$left" | awk '{{ print $1, $2, $3, "instead of", $4 }}' >&2; exit 1; fi
dpkg_is_clean
if configuration_differs >&2; then exit 1; fi
services_are_renewed
states | awk '{{ print $1, $3 }}'
""",
        expected=Text(zh="每个软件包都完整安装在计划的版本;修改过的配置文件保持不变",
                      en="Every package is whole at the planned version; edited configuration files are kept"),
        interrupts=True, time_limit_s=3600,
    )


def restart_step(target: str, number: int = 0) -> Step:
    """The step "restart-services": whatever still runs replaced program files is restarted, except logins and this job.

    Nothing to undo: the undo of "upgrade-packages" restarts again.
    """
    return Step(
        number=number, key="restart-services", target=target,
        title=Text(zh="重启仍在使用旧程序文件的服务", en="Restart the services that still run old program files"),
        probe=_OUTDATED + 'if said=$(services_are_renewed 2>&1); then echo DONE; else echo ABSENT; echo "$said"; fi\n',
        command=f"{_OUTDATED}renew_services\n",
        proof=f"{_OUTDATED}services_are_renewed\necho 'every service runs the installed files'\n",
        expected=Text(zh="没有服务仍在使用已被替换的程序文件;变更前运行的服务都在运行",
                      en="No service runs replaced files; every service that ran before runs"),
        interrupts=True, time_limit_s=900,
    )


def reload_step(target: str, services: Sequence[str], number: int = 0) -> Step:
    """The step "reload-services" of middleware: configuration tested with the new version, then read again. Nothing to undo."""
    return Step(
        number=number, key="reload-services", target=target,
        title=Text(zh=f"检查配置并重新加载 {'、'.join(services)}",
                   en=f"Test the configuration of {', '.join(services)} and reload"),
        command="".join(service.reload(name) for name in services),
        proof="".join(service.config_test(name) + service.is_active(name) for name in services),
        expected=Text(zh="新版本下配置检查通过,服务已重新加载并在运行",
                      en="The configuration tests pass with the new version; the services are reloaded and run"),
        time_limit_s=300,
    )


def check_after_step(target: str, changes: Sequence[PackageChange], services: Sequence[str], number: int = 0) -> Step:
    """The step "check-after": versions, dpkg, running files and the configuration tests of `services`. Reads only."""
    tests = "".join(service.config_test(name) for name in services)
    return Step(
        number=number, key="check-after", target=target, title=Text(zh="变更后检查", en="Check after the change"),
        command="df -P -k\n",
        proof=f"""\
{_lists(changes)}{_STATES}{_CLEAN}{_OUTDATED}\
missing=$(not_new)
if [ -n "$missing" ]; then echo "not whole at the planned version:" >&2; echo "$missing" >&2; exit 1; fi
dpkg_is_clean
services_are_renewed
outdated | sed -n 's/^left /runs old files until the next restart of the machine: /p'
states | awk '{{ print $1, $3 }}'
cd /
{tests}""",
        expected=Text(zh="软件包版本、状态、运行中的程序文件与配置检查均符合计划",
                      en="Versions, package states, running program files and configuration tests are as planned"),
        changes=False, time_limit_s=300,
    )
