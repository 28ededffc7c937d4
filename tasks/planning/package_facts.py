"""What a package upgrade of one host would bring, asked of its own package sources without changing anything there.

`facts_script` makes the second read-only round trip: fresh lists from the host's sources in a private folder that is removed
again, apt's own simulation, sizes, SHA-256 and origin of every file, the key that vouches for it, and changelogs taken from the
new packages themselves. `parse_facts` reads the answer.
Source: apt-get(8), apt-cache(8), apt.conf(5), gpgv(1), deb-changelog(5).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from shlex import quote
from typing import Literal

from pydantic import ValidationError

from reports.records import Record, Survey
from tasks.requests import UpgradeRequest
from tasks.sections import Part, compose, failed, take_apart, unreadable

CHANGELOG_BYTES = 60_000  # per source package
CHANGELOG_DOWNLOAD_BYTES = 200_000_000
UPDATE_LIMIT_S = 180

# What the two narrow kinds mean where nothing is listed; matched against whole package names.
MIDDLEWARE = (
    r"^(nginx(-(common|core|full|light|extras))?|libnginx-mod-.*|apache2(-(bin|data|utils))?|haproxy|"
    r"tomcat[0-9]+(-common)?|libtomcat[0-9]+-(java|embed-java)|libtcnative-1)$"
)
DATABASE = (
    r"^(postgresql-(client-)?([0-9]+|common|client-common)|"
    r"postgresql-(plperl|plpython3|pltcl)-[0-9]+|postgresql-contrib|libpq5|libpq-dev|libecpg6|libpgtypes3)$"
)


class Asked(Record):
    """One listed package and what speaks against it; `problem` empty if nothing does."""

    name: str
    version: str = ""
    installed: str = ""
    candidate: str = ""
    problem: Literal["", "unknown", "not installed", "no such version", "downgrade", "up to date", "held"] = ""


class File(Record):
    """A package file at its source; `sha256` and `uri` empty where no source has this version any more. Bytes."""

    name: str
    uri: str = ""
    sha256: str = ""
    size: int = 0


class Coming(Record):
    """One package that apt would install. `name` as apt writes it; sizes installed, in KiB; `suites` offer the new version."""

    name: str
    architecture: str
    before: str = ""
    after: str
    source: str
    source_before: str = ""
    source_after: str = ""
    installed_kib: int = 0
    installed_kib_before: int = 0
    new: File
    old: File | None = None
    suites: tuple[str, ...] = ()
    signed_by: str = ""
    old_signed_by: str = ""

    @property
    def security(self) -> bool:
        return any("security" in suite or suite.endswith("/updates") for suite in self.suites)


class Changelog(Record):
    """The head of a source package's changelog; complete: it reaches back to the installed version."""

    source: str
    before: str
    complete: bool
    text: str


class PackageFacts(Record):
    """What one host's package sources and apt say. sources_problem, apt_problem: their own last words, empty if all went well."""

    sources_problem: str = ""
    apt_problem: str = ""
    asked: tuple[Asked, ...] = ()
    held: tuple[str, ...] = ()  # have an upgrade in scope, but are on hold
    kept_back: tuple[str, ...] = ()  # apt would need more than an upgrade for them
    removals: tuple[str, ...] = ()
    coming: tuple[Coming, ...] = ()
    changelogs: tuple[Changelog, ...] = ()
    services: tuple[str, ...] = ()  # units whose processes use files that will be replaced


# --- the script -----------------------------------------------------------------------------------------------------------

_BEFORE = r"""
work=$(mktemp -d /var/tmp/standfast-facts.XXXXXX 2>/dev/null) || work=/nonexistent
export work
trap 'rm -rf "$work"' EXIT
trap 'exit 143' HUP INT TERM
# this host's own settings of apt, with private folders for lists and caches, and without others' commands at updates
if [ -d "$work" ]; then
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/debs"
  { apt-config dump | grep -i -v -e '^APT::Update::' -e '^DPkg::' -e '^Dir::Cache' -e '^Dir::State::lists' \
      -e '^Dir::Etc::\(parts\|main\) ' -e '^Acquire::Languages' -e '^APT::Sandbox' -e '^APT::Periodic'
    echo "Dir::Etc::parts \"/dev/null\"; Dir::Etc::main \"/dev/null\";"
    echo "Dir::State::lists \"$work/lists\"; Dir::Cache \"$work/cache\";"
    echo 'Dir::Cache::archives "archives"; Dir::Cache::pkgcache "pkgcache.bin"; Dir::Cache::srcpkgcache "srcpkgcache.bin";'
    echo 'Acquire::Languages "none"; APT::Sandbox::User "root"; Debug::NoLocking "true";'
    echo 'Acquire::Retries "2"; APT::Update::Error-Mode "any";'
    echo 'Acquire::http::Timeout "30"; Acquire::https::Timeout "30"; APT::Color "0"; APT::Get::Show-Upgraded "true";'
  } >"$work/apt.conf" 2>/dev/null
fi
APT_CONFIG=$work/apt.conf DEBIAN_FRONTEND=noninteractive
export APT_CONFIG DEBIAN_FRONTEND
"""

_UPDATE = r"""
[ -d "$work" ] || { echo "E: there is no room for the package lists in /var/tmp"; exit 3; }
apt-get -q update || exit 3
exit 0
"""

_SOURCES = r"""
cd "$work/lists" || exit 0
apt-get indextargets --format '$(FILENAME) $(REPO_URI) $(SUITE) $(CODENAME)' 'Created-By: Packages' | sed 's/^/index /'
# keys in text form are made binary, as gpgv wants them
count=0
set --
for key in /usr/share/keyrings/*.gpg /etc/apt/keyrings/*.gpg /etc/apt/trusted.gpg.d/*.gpg /etc/apt/trusted.gpg \
           /usr/share/keyrings/*.asc /etc/apt/keyrings/*.asc /etc/apt/trusted.gpg.d/*.asc; do
  [ -s "$key" ] || continue
  count=$((count + 1))
  case $key in
    *.asc) sed -e '1,/^\r*$/d' -e '/^=/,$d' -e '/^-----/d' "$key" | base64 -d >"$work/key$count.gpg" 2>/dev/null || continue ;;
    *) cp "$key" "$work/key$count.gpg" ;;
  esac
  set -- "$@" --keyring "$work/key$count.gpg"
done
signer() {
  gpgv --status-fd 3 "$@" 3>&1 >/dev/null 2>/dev/null | sed -n 's/^\[GNUPG:\] GOODSIG //p' | head -n 1
}
for release in *_InRelease; do
  [ -e "$release" ] || continue
  echo "release $release $(signer "$@" "$release")"
done
for release in *_Release; do
  [ -e "$release.gpg" ] || continue
  echo "release $release $(signer "$@" "$release.gpg" "$release")"
done
exit 0
"""

# upgradable: name, candidate, 1 if a security suite has something newer than what is installed; from apt's version tables,
# which list newer versions first. Our own look: a security suite may also hold something older than what is installed.
_UPGRADABLE = r"""
upgradable() {
  dpkg-query -W -f '${db:Status-Status} ${binary:Package}\n' | sed -n 's/^installed //p' | xargs -r apt-cache policy | awk '
    function close_one() { if (name != "" && newer[candidate]) print name, candidate, security }
    /^[^ ].*:$/ {
      close_one(); name = substr($0, 1, length($0) - 1)
      candidate = ""; security = 0; above = 1; version = ""; split("", newer); next
    }
    $1 == "Candidate:" { candidate = $2; next }
    /^ \*\*\* / { above = 0; next }
    /^     [^ ]/ { version = $1; if (above) newer[version] = 1; next }
    above && NF >= 4 && $2 ~ /^[a-z+]+:/ { if ($3 ~ /-security\// || $3 ~ /^[a-z]+\/updates\//) security = 1 }
    END { close_one() }'
}
dpkg-query -W -f '${db:Status-Want} ${binary:Package}\n' | sed -n 's/^hold //p' >"$work/holds"
"""


def _selection(request: UpgradeRequest) -> str:
    """Writes the packages to ask apt for into $work/wanted."""
    if request.scope == "listed":
        asked = " ".join(quote(word.strip()) for word in request.packages if word.strip())
        return rf"""
: >"$work/wanted"
: >"$work/holds"
for asked in {asked}; do
  name=${{asked%%=*}}; version=; case $asked in *=*) version=${{asked#*=}} ;; esac
  table=$(apt-cache policy -- "$name" 2>/dev/null)
  installed=$(printf '%s\n' "$table" | awk '$1 == "Installed:" {{ print $2; exit }}')
  candidate=$(printf '%s\n' "$table" | awk '$1 == "Candidate:" {{ print $2; exit }}')
  wanted=${{version:-$candidate}}
  problem=
  if [ -z "$table" ] || [ "$installed $candidate" = '(none) (none)' ]; then problem='unknown'
  elif [ "$installed" = '(none)' ]; then problem='not installed'
  elif [ "$(dpkg-query -W -f '${{db:Status-Want}}' "$name" 2>/dev/null)" = hold ]; then problem='held'
  elif ! printf '%s\n' "$table" | sed 's/^ \*\*\* /     /' |
    awk -v v="$wanted" '/^     [^ ]/ && $1 == v {{ found = 1 }} END {{ exit !found }}'; then
    problem='no such version'
  elif [ "$wanted" = "$installed" ]; then problem='up to date'
  elif dpkg --compare-versions "$wanted" lt "$installed"; then
    # pinning apart, a candidate below what is installed is nothing to upgrade to; a version asked for by name is a downgrade
    if [ -n "$version" ]; then problem='downgrade'; else problem='up to date'; fi
  else echo "$name=$wanted" >>"$work/wanted"; fi
  printf 'asked\t%s\t%s\t%s\t%s\t%s\n' "$name" "$version" "$installed" "$candidate" "$problem"
done
exit 0
"""
    limit = {"middleware": MIDDLEWARE, "database": DATABASE}.get(request.kind, "")
    security = "$3 == 1" if request.scope == "security" else "1"
    return rf"""
{_UPGRADABLE}
upgradable | awk -v kind={quote(limit)} '
  {{ bare = $1; sub(/:.*/, "", bare) }}
  {security} && (kind == "" || bare ~ kind)' >"$work/chosen" || exit 3
while read -r name candidate security; do
  if grep -qxF -e "$name" "$work/holds"; then printf 'held\t%s\n' "$name"; else echo "$name=$candidate"; fi
done <"$work/chosen" | {{ grep -v '=' || :; }}
while read -r name candidate security; do
  grep -qxF -e "$name" "$work/holds" || echo "$name=$candidate"
done <"$work/chosen" >"$work/wanted"
exit 0
"""


def _simulation(request: UpgradeRequest) -> str:
    whole = request.scope == "everything" and request.kind == "packages"
    call = "upgrade --with-new-pkgs" if whole else 'install --only-upgrade $(cat "$work/wanted")'
    return rf"""
: >"$work/coming"
{"" if whole else '[ -s "$work/wanted" ] || exit 0'}
code=0
apt-get -q -s {call} >"$work/simulation" 2>&1 || code=$?
grep -e '^Inst ' -e '^Remv ' -e '^E: ' "$work/simulation"
sed -n '/^The following packages have been kept back:/,/^[^ ]/p' "$work/simulation" | sed -n 's/^  /kept /p'
[ "$code" = 0 ] || tail -n 12 "$work/simulation" | sed 's/^/E: /'
# name, version before or "-", version after, architecture
sed -n -e 's/^Inst \([^ ]*\) \[\([^]]*\)\] (\([^ ]*\) .*\[\([a-z0-9-]*\)\]).*/\1 \2 \3 \4/p' \
       -e 's/^Inst \([^ ]*\) (\([^ ]*\) .*\[\([a-z0-9-]*\)\]).*/\1 - \2 \3/p' "$work/simulation" >"$work/coming"
exit 0
"""


_VERSIONS = r"""
[ -s "$work/coming" ] || exit 0
apt-cache policy $(awk '{ print $1 }' "$work/coming") >"$work/policy"
# which version is at which source: name, version, address, suite
awk '/^[^ ].*:$/ { name = substr($0, 1, length($0) - 1); next }
     /^ \*\*\* / { version = $2; next }
     /^     [^ ]/ { version = $1; next }
     NF >= 4 && $2 ~ /^[a-z+]+:/ { print "offered", name, version, $2, $3 }' "$work/policy" | tee "$work/offered"
# every stanza of both versions, cut down to what is needed
apt-cache show $(awk '{ print $1 "=" $3; if ($2 != "-") print $1 "=" $2 }' "$work/coming") 2>/dev/null | awk '
  /^(Package|Version|Architecture|Source|Installed-Size|Size|SHA256): / { print "field " $0 } /^$/ { print "stanza" }'
while read -r name before after architecture; do
  echo "coming $name $before $after $architecture"
  if [ "$before" != - ]; then
    dpkg-query -W -f 'here ${Installed-Size} ${source:Version}\n' "$name"
    file=${name%%:*}_$(printf %s "$before" | sed 's/:/%3a/g')_$(dpkg-query -W -f '${Architecture}' "$name").deb
    echo "file $file"
    [ ! -f "/var/cache/apt/archives/$file" ] || echo "kept $(stat -c %s "/var/cache/apt/archives/$file")"
  fi
done <"$work/coming"
exit 0
"""

_ADDRESSES = r"""
[ -s "$work/coming" ] || exit 0
cd "$work/debs" || exit 3
apt-get -q download --print-uris $(awk '{ print $1 "=" $3 }' "$work/coming") >"$work/addresses" || exit 3
sed 's/^/new /' "$work/addresses"
old=$(awk 'NR == FNR { there[$2 "=" $3] = 1; next } ($1 "=" $2) in there { print $1 "=" $2 }' "$work/offered" "$work/coming")
[ -z "$old" ] || apt-get -q download --print-uris $old | sed 's/^/old /'
exit 0
"""

_CHANGELOGS = rf"""
[ -s "$work/coming" ] || exit 0
cd "$work/debs" || exit 3
# of each source package the smallest file: source, size, address, file, checksum, version installed now
tr -d "'" <"$work/addresses" >uris
while read -r name before after architecture; do
  [ "$before" != - ] || continue
  line=$(grep -F "/${{name%%:*}}_" uris | head -n 1)
  size=$(echo "$line" | awk '{{ print $3 }}')
  [ -n "$line" ] && dpkg-query -W -f '${{source:Package}} ${{source:Version}}\n' "$name" |
    awk -v size="${{size:-0}}" -v rest="$(echo "$line" | awk '{{ print $1, $2, $4 }}')" '{{ print $1, size, rest, $2 }}'
done <"$work/coming" | sort -k 1,1 -k 2,2n >candidates
total=0 last=
while read -r source size address file sum before; do
  [ "$source" != "$last" ] || continue
  case $sum in SHA256:*|SHA512:*) ;; *) continue ;; esac
  total=$((total + size)); [ "$total" -le {CHANGELOG_DOWNLOAD_BYTES} ] || break
  timeout 60 /usr/lib/apt/apt-helper -q download-file "$address" "$file" "$sum" >/dev/null 2>&1 || continue
  dpkg-deb --fsys-tarfile "$file" |
    tar -x -O --wildcards './usr/share/doc/*/changelog.Debian*gz' './usr/share/doc/*/changelog.gz' 2>/dev/null |
    gzip -d -c 2>/dev/null | head -c 4000000 >text
  rm -f "$file"
  grep -qE '^[a-z0-9][a-z0-9+.-]* \([^)]*\) .*; urgency=' text || continue
  last=$source
  complete=no; grep -qF "$source ($before) " text && complete=yes
  echo "changelog $source $before $complete"
  awk -v end="$source ($before) " 'index($0, end) == 1 {{ exit }} {{ print "> " $0 }}' text | head -c {CHANGELOG_BYTES}
  echo
done <candidates
exit 0
"""

_AFFECTED = r"""
[ -s "$work/coming" ] || exit 0
merged() { sed 's#^/\(lib\|lib32\|lib64\|bin\|sbin\)/#/usr/\1/#'; }
awk '$2 != "-" { print $1 }' "$work/coming" | xargs -r dpkg-query -L 2>/dev/null | merged | sort -u >"$work/files"
for maps in /proc/[0-9]*/maps; do
  pid=${maps#/proc/}; pid=${pid%/maps}
  unit=$(awk -F / '/^[0-9]+:(name=systemd)?:/ { for (i = 2; i <= NF; i++) if ($i ~ /[.]service$/) { print $i; exit } }' \
    "/proc/$pid/cgroup" 2>/dev/null)
  [ -n "$unit" ] || continue
  awk '$2 ~ /x/ && $6 ~ /^\// { print $6 }' "$maps" 2>/dev/null | merged | sed "s#\$# $unit#"
done | sort -u >"$work/used"
{ awk 'NR == FNR { replaced[$0] = 1; next } $1 in replaced { print $2 }' "$work/files" "$work/used"
  # a package's own scripts restart the services that it brings
  systemctl list-units --type=service --state=active --plain --no-legend --no-pager 2>/dev/null | awk '{ print $1 }' |
    while read -r unit; do
      file=$unit; case $unit in *@*) file=${unit%%@*}@.service ;; esac
      if grep -qxF -e "/usr/lib/systemd/system/$file" "$work/files"; then echo "$unit"; fi
    done
} | sort -u
exit 0
"""

NAMES = ("update", "sources", "selection", "simulation", "versions", "addresses", "changelogs", "affected")
OPTIONAL = ("update", "changelogs", "affected")


def facts_script(request: UpgradeRequest, survey: Survey) -> str:
    """The script for root on a host with apt; its output goes to `parse_facts`. Leaves nothing behind.

    Raises:
        ValueError: the host has no apt; such hosts are refused before.
    """
    if survey.package_manager != "apt":
        raise ValueError(f"{survey.target} has no apt")
    return compose(
        [
            Part("update", _UPDATE, UPDATE_LIMIT_S, 200_000),
            Part("sources", _SOURCES, 60),
            Part("selection", _selection(request), 60),
            Part("simulation", _simulation(request), 180),  # seconds on a quiet host
            Part("versions", _VERSIONS, 120, 8_000_000),
            Part("addresses", _ADDRESSES, 60),
            Part("changelogs", _CHANGELOGS, 180, 8_000_000),
            Part("affected", _AFFECTED, 30),
        ],
        before=_BEFORE,
        after='rm -rf "$work"\n',
    )


# --- its answer -----------------------------------------------------------------------------------------------------------


def parse_facts(text: str, target: str = "") -> PackageFacts:
    """What the script found.

    Raises:
        UnreadableOutput: empty, garbled or cut output, or a part that failed on the host; names the part.
    """
    answers = take_apart(text, NAMES, target)
    if answers["update"].exit_code != 0:
        said = [line for line in answers["update"].lines if line.startswith(("E: ", "W: ", "Err"))] or list(
            answers["update"].lines
        )[-1:]
        return PackageFacts(sources_problem=_plain(said[0] if said else "no answer in time"))
    for name, answer in answers.items():
        if answer.exit_code != 0 and name not in OPTIONAL:
            raise failed(name, answer, target)
    current = "selection"
    try:
        asked, held = _parse_selection(answers["selection"].lines)
        current = "simulation"
        removals = tuple(line.split()[1] for line in answers["simulation"].lines if line.startswith("Remv "))
        kept_back = tuple(word for line in answers["simulation"].lines if line.startswith("kept ") for word in line.split()[1:])
        errors = [line[3:].strip() for line in answers["simulation"].lines if line.startswith("E: ") and line[3:].strip()]
        current = "sources"
        sources = _parse_sources(answers["sources"].lines)
        current = "addresses"
        addresses = _parse_addresses(answers["addresses"].lines)
        current = "versions"
        coming = _parse_versions(answers["versions"].lines, addresses, sources)
        if len(coming) != sum(line.startswith("Inst ") for line in answers["simulation"].lines):
            raise ValueError("it tells of other packages than the simulation")
        current = "changelogs"
        changelogs = _parse_changelogs(answers["changelogs"].lines) if answers["changelogs"].exit_code == 0 else ()
        current = "whole"
        return PackageFacts(
            apt_problem=" ".join(dict.fromkeys(_plain(error) for error in errors))[:600],
            asked=asked,
            held=held,
            kept_back=kept_back,
            removals=removals,
            coming=coming,
            changelogs=changelogs,
            services=tuple(line for line in answers["affected"].lines if re.fullmatch(r"[A-Za-z0-9:_.\\@-]+\.service", line)),
        )
    except (KeyError, IndexError, ValueError, ValidationError) as problem:
        raise unreadable(current, str(problem).splitlines()[0][:300] if str(problem) else "it is incomplete", target) from problem


def _plain(line: str) -> str:
    return re.sub(r"//[^/@\s]*@", "//", re.sub(r"^(E|W): ", "", line)).strip()[:400]


def _parse_selection(lines: Iterable[str]) -> tuple[tuple[Asked, ...], tuple[str, ...]]:
    asked, held = [], []
    for line in lines:
        fields = line.split("\t")
        if fields[0] == "asked" and len(fields) == 6:
            name, version, installed, candidate, problem = fields[1:]
            asked.append(
                Asked(
                    name=name,
                    version=version,
                    installed=installed.replace("(none)", ""),
                    candidate=candidate.replace("(none)", ""),
                    problem=problem,
                )
            )  # type: ignore[arg-type]
        elif fields[0] == "held" and len(fields) == 2:
            held.append(fields[1])
        elif line:
            raise ValueError(f"expected a package, found {line[:100]!r}")
    return tuple(asked), tuple(held)


def _parse_sources(lines: Iterable[str]) -> dict[tuple[str, str], str]:
    """(address, suite or code name) -> who signed its list; empty where nobody did."""
    signed: dict[str, str] = {}
    indexes: list[tuple[str, str, str, str]] = []
    for line in lines:
        fields = line.split(" ")
        if fields[0] == "release" and len(fields) >= 2:
            key, _, person = " ".join(fields[2:]).partition(" ")
            signed[re.sub(r"_(In)?Release$", "", fields[1])] = f"{person} (key {key})" if key else ""
        elif fields[0] == "index" and len(fields) == 5:
            indexes.append((fields[1].rpartition("/")[2], fields[2].rstrip("/"), fields[3], fields[4]))
    found: dict[tuple[str, str], str] = {}
    for file, address, suite, code_name in indexes:
        stems = [stem for stem in signed if file.startswith(stem + "_")]
        who = signed[max(stems, key=len)] if stems else ""
        found[(address, suite)] = found[(address, code_name)] = who
    return found


def _parse_addresses(lines: Iterable[str]) -> dict[tuple[str, str], File]:
    """(new or old, bare package name and version as in the file's name) -> the file."""
    found: dict[tuple[str, str], File] = {}
    for line in lines:
        match = re.fullmatch(r"(new|old) '([^']+)' (\S+) (\d+)(?: (\S+))?", line)
        if not match:
            continue
        role, uri, name, size, digest = match.groups()
        sha256 = digest.removeprefix("SHA256:") if digest and digest.startswith("SHA256:") else ""
        found[(role, name)] = File(name=name, uri=uri, sha256=sha256, size=int(size))
    return found


def _parse_versions(
    lines: Sequence[str], addresses: dict[tuple[str, str], File], sources: dict[tuple[str, str], str]
) -> tuple[Coming, ...]:
    offered: dict[tuple[str, str], list[tuple[str, str]]] = {}
    stanzas: dict[tuple[str, str, str], dict[str, str]] = {}  # package, version, architecture -> fields
    fields: dict[str, str] = {}
    blocks: list[dict] = []
    for line in lines:
        word, _, rest = line.partition(" ")
        if word == "offered":
            name, version, address, suite = rest.split(" ")
            offered.setdefault((name, version), []).append((address.rstrip("/"), suite.rpartition("/")[0] or suite))
        elif word == "field":
            key, _, value = rest.partition(": ")
            fields[key] = value.strip()
        elif word == "stanza":
            if fields:
                key3 = (fields["Package"], fields["Version"], fields["Architecture"])
                # the source's own description knows size and digest, dpkg's does not
                if "SHA256" in fields or key3 not in stanzas:
                    stanzas[key3] = fields
            fields = {}
        elif word == "coming":
            name, before, after, architecture = rest.split(" ")
            blocks.append({"name": name, "before": before, "after": after, "architecture": architecture, "kept": ""})
        elif word == "here":
            size, _, version = rest.partition(" ")
            blocks[-1]["here"] = (int(size or 0), version)
        elif word in ("file", "kept"):
            blocks[-1][word] = rest
        elif line:
            raise ValueError(f"expected a version, found {line[:100]!r}")
    return tuple(_coming(block, stanzas, offered, addresses, sources) for block in blocks)


def _coming(
    block: dict,
    stanzas: dict[tuple[str, str, str], dict[str, str]],
    offered: dict[tuple[str, str], list[tuple[str, str]]],
    addresses: dict[tuple[str, str], File],
    sources: dict[tuple[str, str], str],
) -> Coming:
    name, before, after, architecture = block["name"], block["before"], block["after"], block["architecture"]
    bare = name.partition(":")[0]
    fields = stanzas.get((bare, after, architecture))
    if fields is None:
        raise ValueError(f"{name} {after} is not described")
    new_name = _file_name(bare, after, architecture)
    new = addresses.get(("new", new_name)) or File(name=new_name)
    new = new.model_copy(
        update={"sha256": new.sha256 or fields.get("SHA256", ""), "size": new.size or int(fields.get("Size", 0))}
    )
    old: File | None = None
    if before != "-":
        file = block["file"]
        old = addresses.get(("old", file)) or File(name=file)
        if old.uri and not old.sha256:
            described = stanzas.get((bare, before, file.removesuffix(".deb").rpartition("_")[2]), {})
            old = old.model_copy(update={"sha256": described.get("SHA256", "")})
        if not old.uri and block["kept"]:
            old = File(name=file, size=int(block["kept"]))
    places = _places(offered, name, after)
    source, _, source_version = fields.get("Source", bare).partition(" ")
    size_before, source_before = block.get("here", (0, ""))
    return Coming(
        name=name,
        architecture=architecture,
        before="" if before == "-" else before,
        after=after,
        source=source,
        source_before=source_before,
        source_after=source_version.strip("()") or after,
        installed_kib=int(fields.get("Installed-Size", 0)),
        installed_kib_before=size_before,
        new=new,
        old=old,
        suites=tuple(dict.fromkeys(suite for _, suite in places)),
        signed_by=_signer(sources, places),
        old_signed_by=_signer(sources, _places(offered, name, before)) if old and old.uri else "",
    )


def _places(offered: dict[tuple[str, str], list[tuple[str, str]]], name: str, version: str) -> list[tuple[str, str]]:
    return offered.get((name, version)) or offered.get((name.partition(":")[0], version), [])


def _signer(sources: dict[tuple[str, str], str], places: list[tuple[str, str]]) -> str:
    return next((who for place in places if (who := sources.get(place, ""))), "")


def _file_name(name: str, version: str, architecture: str) -> str:
    return f"{name}_{version.replace(':', '%3a')}_{architecture}.deb"


def _parse_changelogs(lines: Iterable[str]) -> tuple[Changelog, ...]:
    found: list[tuple[str, str, bool, list[str]]] = []
    for line in lines:
        if line.startswith("changelog "):
            _, source, before, complete = line.split(" ")
            found.append((source, before, complete == "yes", []))
        elif line.startswith(">") and found:
            found[-1][3].append(line[2:])
    return tuple(
        Changelog(source=source, before=before, complete=complete, text="\n".join(text))
        for source, before, complete, text in found
    )
