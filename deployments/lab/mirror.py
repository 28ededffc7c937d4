"""The Debian mirror this machine uses, read at run time from its own apt configuration; no address is written here."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SUITE = "bookworm"
# What this machine needs to reach its mirror, a host that uses the same mirror needs too.
_CARRIED = re.compile(r'^Acquire::(https?::(Proxy|Verify-Peer)|Check-Valid-Until|Check-Date)\b[^"]* "[^"]+";$', re.IGNORECASE)


@dataclass(frozen=True)
class Mirror:
    """main, security: addresses of the archive and of the security archive. settings: lines of apt.conf that go with them."""

    main: str
    security: str
    settings: str = ""

    def main_list(self) -> str:
        """sources.list with the main suite alone: how the lab's software comes to be a little old."""
        return f"deb {self.main} {SUITE} main\n"

    def all_list(self) -> str:
        """sources.list of a host in use."""
        return f"deb {self.main} {SUITE} main\ndeb {self.main} {SUITE}-updates main\ndeb {self.security} {SUITE}-security main\n"


def of_sources(sources: str, settings: str = "") -> Mirror | None:
    """The mirror that sources of apt (both formats, several files' text) speak of; None if there is no Debian archive in them.

    The security archive is the one named; if none is, it is the main one's neighbour (…/debian → …/debian-security).
    """
    addresses: list[tuple[str, str]] = []  # (address, suite)
    for line in sources.splitlines():
        one_line = re.match(r"^\s*deb\s+(?:\[[^]]*\]\s+)?(https?://\S+)\s+(\S+)", line)
        if one_line:
            addresses.append((one_line[1].rstrip("/"), one_line[2]))
    for stanza in re.split(r"\n\s*\n", sources):
        fields = {
            key.lower(): value.split()
            for key, value in re.findall(r"^(\w[\w-]*):[ \t]*(.*(?:\n[ \t]+\S.*)*)$", stanza, re.MULTILINE)
        }
        if "deb" in fields.get("types", []) and fields.get("enabled", ["yes"])[0].lower() != "no":
            addresses += [
                (uri.rstrip("/"), suite)
                for uri in fields.get("uris", [])
                if uri.startswith("http")
                for suite in fields.get("suites", [])
            ]
    main = next((uri for uri, suite in addresses if re.search(r"/debian(/|$)", uri) and "-security" not in suite), None)
    if main is None:
        return None
    security = next(
        (uri for uri, suite in addresses if suite.endswith("-security")), re.sub(r"/debian(?=/|$)", "/debian-security", main)
    )
    return Mirror(main, security, settings)


def of_this_machine() -> Mirror | None:
    """The mirror of this machine; None when it is no Debian or its sources are not fetched over http(s)."""
    if not shutil.which("apt-config"):
        return None
    files = [
        Path("/etc/apt/sources.list"),
        *sorted(Path("/etc/apt/sources.list.d").glob("*.list")),
        *sorted(Path("/etc/apt/sources.list.d").glob("*.sources")),
    ]
    sources = "\n\n".join(
        "\n".join(line for line in path.read_text(errors="replace").splitlines() if not line.startswith("#"))
        for path in files
        if path.is_file()
    )
    dump = subprocess.run(
        ["apt-config", "dump"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False
    ).stdout
    settings = "".join(f"{line}\n" for line in dump.splitlines() if _CARRIED.match(line))
    return of_sources(sources, settings)
