"""The lab finds the machine's mirror in both formats of apt's sources, and knows the security archive beside it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployments.lab.mirror import Mirror, of_sources

MAIN, SECURITY = "http://mirror.example/debian", "http://mirror.example/debian-security"

DEB822 = f"""
Types: deb deb-src
URIs: {MAIN}/
Suites: bookworm bookworm-updates
Components: main

Types: deb
URIs: {SECURITY}
Suites: bookworm-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""

ONE_LINE = f"""
deb-src {MAIN} bookworm main
deb [arch=amd64 signed-by=/etc/k.gpg] {MAIN} bookworm main contrib
deb {SECURITY} bookworm-security main
"""


@pytest.mark.parametrize("sources", [DEB822, ONE_LINE], ids=["deb822", "one line each"])
def test_both_formats_say_the_same(sources):
    assert of_sources(sources) == Mirror(MAIN, SECURITY)


def test_the_security_archive_is_the_neighbour_of_the_main_one_if_none_is_named():
    assert of_sources(f"deb {MAIN} bookworm main") == Mirror(MAIN, SECURITY)
    dated = "http://snapshots.example/archive/debian/20260701T000000Z"
    assert (
        of_sources(f"deb {dated} bookworm main").security == "http://snapshots.example/archive/debian-security/20260701T000000Z"
    )


def test_what_is_switched_off_or_no_debian_is_not_taken():
    off = f"Types: deb\nEnabled: no\nURIs: {MAIN}\nSuites: bookworm\nComponents: main\n"
    assert of_sources(off) is None
    assert of_sources("deb http://other.example/ubuntu noble main\ndeb cdrom:[Debian]/ bookworm main") is None
    assert of_sources(f"# deb {MAIN} bookworm main") is None


def test_a_host_in_use_has_the_security_suite_and_the_image_is_made_without_it():
    mirror = Mirror(MAIN, SECURITY)
    assert "security" not in mirror.main_list()
    assert [line.split()[2] for line in mirror.all_list().splitlines()] == ["bookworm", "bookworm-updates", "bookworm-security"]
    assert of_sources(mirror.all_list()) == mirror


@given(st.text(alphabet="deb: \n\tTypsURIShtp/[]#=-x", max_size=200))
def test_any_text_is_read_without_an_error(text):
    of_sources(text)
