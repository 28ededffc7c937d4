"""Packages brought back to versions that were there before, from whatever half state dpkg is in. Returns a step and runs nothing.

The package files are looked for on the host itself (what earlier changes kept there, apt's own store) and else fetched from the host's own package
sources, which check signatures; a version that no source has any more and no change kept cannot be brought back.
That exit statuses prove nothing here, and why it goes round, stands in tasks/operations/package.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from shlex import quote

from reports.records import Step, Text

_STATE = """\
# name and version of each package that is not whole at the version wanted
not_there() {{ # list of "name version"
  dpkg-query -W -f '${{binary:Package}} ${{Version}} ${{db:Status-Abbrev}}\\n' 2>/dev/null | sed 's/^\\([^ :]*\\):[^ ]* /\\1 /' >"$CHANGE_DIR/saved/dpkg"
  awk 'NR == FNR {{ if ($3 ~ /^[ih]i$/) have[$1 " " $2] = 1; next }} !(($1 " " $2) in have)' "$CHANGE_DIR/saved/dpkg" "$1"
}}
mkdir -p "$CHANGE_DIR/saved"
printf '%s\\n' {wanted} >"$CHANGE_DIR/saved/versions.wanted"
printf '%s\\n' {present} >"$CHANGE_DIR/saved/versions.present"
"""

_FETCH = """\
store=$CHANGE_DIR/packages
mkdir -p "$store"
# where a package file may lie: what changes kept, apt's store, what we fetched
find /var/lib/standfast/changes/*/media /var/cache/apt/archives "$store" -name '*.deb' -type f 2>/dev/null | while read -r file; do
  printf '%s %s\\n' "$(dpkg-deb -f "$file" Package Version 2>/dev/null | sed 's/^[^:]*: //' | tr '\\n' ' ')" "$file"
done | sort -u >"$CHANGE_DIR/saved/debs"
file_of() {{ awk -v name="$1" -v version="$2" '$1 == name && $2 == version {{ print $3; exit }}' "$CHANGE_DIR/saved/debs"; }}
fetch() {{ # list of "name version"
  while read -r name version; do
    [ -n "$name" ] || continue
    [ -n "$(file_of "$name" "$version")" ] && continue
    if (cd "$store" && apt-get -q download "$name=$version" >/dev/null 2>&1); then
      file=$(cd "$store" && ls -t -- "$name"_*.deb | head -n 1)
      echo "$name $version $store/$file" >>"$CHANGE_DIR/saved/debs"
    else echo "$name $version is kept nowhere here and no package source has it" >&2; return 1; fi
  done <"$1"
}}
"""

_INSTALL = """\
DEBIAN_FRONTEND=noninteractive; NEEDRESTART_MODE=l; export DEBIAN_FRONTEND NEEDRESTART_MODE
bring() {{ # list of "name version"
  round=1
  while [ $round -le 3 ]; do
    dpkg --force-confdef --force-confold --configure -a || :
    not_there "$1" >"$CHANGE_DIR/saved/left"
    [ -s "$CHANGE_DIR/saved/left" ] || return 0
    set --  "$1"
    while read -r name version; do set -- "$@" "$(file_of "$name" "$version")"; done <"$CHANGE_DIR/saved/left"
    list=$1; shift
    dpkg --force-confdef --force-confold --force-downgrade -i "$@" || :
    set -- "$list"
    round=$((round + 1))
  done
  not_there "$1" >"$CHANGE_DIR/saved/left"
  [ ! -s "$CHANGE_DIR/saved/left" ]
}}
"""


def step(number: int, target: str, wanted: Mapping[str, str], present: Mapping[str, str]) -> Step:
    """wanted: version by name, as it was; present: as it is now, for the way back; a package that is not there now stays afterwards, too."""
    def listed(versions: Mapping[str, str]) -> str:
        return " ".join(quote(f"{name} {version}") for name, version in sorted(versions.items())) or "''"

    state = _STATE.format(wanted=listed(wanted), present=listed(present))
    tools = state + _FETCH.format() + _INSTALL.format()
    here = '"$CHANGE_DIR/saved/versions.wanted"'
    return Step(
        number=number, key="package-versions", target=target,
        title=Text(zh=f"将 {len(wanted)} 个软件包恢复到原版本", en=f"Bring {len(wanted)} packages back to the versions they had"),
        probe=state + f'if [ -z "$(not_there {here})" ] && [ -z "$(dpkg --audit)" ]; then echo DONE; else echo PARTIAL; fi\n',
        # All files are at hand, also those for the way back, before anything is touched.
        command=tools + f"""fetch {here}
fetch "$CHANGE_DIR/saved/versions.present" || echo "the present versions cannot all be had again: the way back is by the next backup only"
bring {here}
""",
        proof=state + f"""left=$(not_there {here})
[ -z "$left" ] || {{ printf '%s\\n' "$left" >&2; exit 1; }}
audit=$(dpkg --audit); [ -z "$audit" ] || {{ printf '%s\\n' "$audit" >&2; exit 1; }}
echo "all packages are whole, at the versions they had"
""",
        undo=tools + """fetch "$CHANGE_DIR/saved/versions.present"\nbring "$CHANGE_DIR/saved/versions.present"\n""",
        undo_proof=state + """left=$(not_there "$CHANGE_DIR/saved/versions.present")\n[ -z "$left" ] || { printf '%s\\n' "$left" >&2; exit 1; }\n""",
        expected=Text(zh="软件包完整且为原版本", en="the packages are whole and at the versions they had"), interrupts=True, time_limit_s=3600)
