"""What a survey reads from real answers, and that garbage never becomes half a survey."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.records import Acceptance, FileSystem, Survey, Text
from tasks.errors import UnreadableOutput
from tasks.survey import NAMES, parse_survey, survey_script

CASES = Path(__file__).parent / "cases" / "survey"
DEBIAN = (CASES / "debian-12-web.txt").read_text()
BROKEN = (CASES / "debian-12-half-installed.txt").read_text()
RPM = (CASES / "rpm-host.txt").read_text()
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


def read(text: str, **more) -> Survey:
    return parse_survey(text, **{"target": "web1", "when": "before", "taken_at": AT, "asked_at": AT, "answered_at": AT, **more})


def test_a_debian_host_is_read_whole():
    survey = read(DEBIAN)
    assert (survey.os_id, survey.os_version, survey.package_manager, survey.architecture) == ("debian", "12", "apt", "amd64")
    assert survey.hostname == "web1" and survey.memory_kib > 0 and survey.lock == ""
    packages = {p.name: p for p in survey.packages}
    assert (
        packages["nginx"].version == "1.22.1-9+deb12u9"
        and packages["nginx"].state == "ii"
        and packages["nginx"].origin == "bookworm"
    )
    assert packages["libssl3"].architecture == "amd64"  # dpkg calls it libssl3:amd64
    assert survey.package_faults == () and survey.held == ()
    services = {s.name: (s.active, s.enabled) for s in survey.services}
    assert services["nginx.service"] == ("active", "enabled")
    assert services["postgresql@15-main.service"][0] == "active"
    ports = {(p.protocol, p.port): p.process for p in survey.ports}
    assert ports["tcp", 80] == "nginx" and ports["tcp", 5432] == "postgres"
    root = next(fs for fs in survey.file_systems if fs.mount == "/")
    assert root.size_kib > root.free_kib > 0 and root.inodes_free > 0
    assert survey.package_hosts == ("mirror.example:80",)


def test_configuration_has_digest_mode_and_owner_of_files_and_links():
    configuration = read(DEBIAN).configuration
    digest, mode, owner = configuration["/etc/nginx/nginx.conf"].split(" ")
    assert len(digest) == 64 and mode == "644" and owner == "0:0"
    assert any(value.split(" ")[1] == "777" for value in configuration.values())  # a link in sites-enabled or modules-enabled


def test_a_database_is_counted_and_digested():
    (cluster,) = read(DEBIAN).clusters
    assert (
        cluster.name == "15/main" and cluster.running and cluster.version.startswith("15.18") and len(cluster.schema_digest) == 64
    )
    tables = {(t.database, t.table): t for t in cluster.tables}
    assert tables["orders", "public.orders"].rows == 5000 and tables["orders", "public.orders"].digest.lstrip("-").isdigit()


def test_releases_and_acceptance_are_read():
    survey = read(DEBIAN)
    assert [(r.root, r.current, r.kept) for r in survey.releases] == [("/srv/orders", "1.0.0", ("1.0.0",))]
    good, bad = survey.health
    assert good.ok and good.title.zh == "订单服务健康" and '"version": "1.0.0"' in good.detail.en
    assert not bad.ok and bad.detail


def test_the_clock_is_compared_at_the_middle_of_the_reading():
    survey = read(DEBIAN)
    for seconds in (-30, 0, 30):
        moved = timedelta(seconds=seconds)
        assert read(DEBIAN, asked_at=AT + moved, answered_at=AT + moved).clock_offset_s == pytest.approx(
            survey.clock_offset_s - seconds, abs=0.01
        )


def test_a_half_installed_host_is_told_as_it_is():
    survey = read(BROKEN)
    states = {p.name: p.state for p in survey.packages}
    assert states["postgresql-15"] == "iHR" and states["libssl3"] == "iU"
    assert any("postgresql-15" in fault for fault in survey.package_faults)
    assert survey.held == ("curl",)


def test_a_host_with_rpm_is_surveyed_and_not_taken_for_debian():
    survey = read(RPM)
    assert survey.package_manager == "dnf"
    assert [(p.name, p.version, p.architecture, p.state) for p in survey.packages] == [
        ("standfast-try", "2:1.4-3", "noarch", "ii")
    ]


def test_the_digest_of_facts_ignores_what_moves_by_itself():
    survey = read(DEBIAN)
    moved = survey.model_copy(update={"boot": "another", "clock_offset_s": 9.0, "file_systems": (), "ports": (), "health": ()})
    assert moved.facts_digest() == survey.facts_digest()


@pytest.mark.parametrize(
    "text", ["", "\n", "Permission denied", "\x00\x01", DEBIAN.replace("@standfast-sections 1", "@standfast-sections 2")]
)
def test_empty_and_foreign_answers_are_refused(text):
    with pytest.raises(UnreadableOutput, match="web1"):
        read(text)


def test_cut_off_anywhere_it_is_refused():
    lines = DEBIAN.split("\n")
    for end in range(0, len(lines) - 2, 7):
        with pytest.raises(UnreadableOutput):
            read("\n".join(lines[:end]))


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("origins", "package-hosts")])
def test_a_part_that_failed_on_the_host_is_named(name):
    with pytest.raises(UnreadableOutput, match=f"'{name}'.*status 3"):
        read(DEBIAN.replace(f"\n@end {name} 0", f"\n@end {name} 3"))


@pytest.mark.parametrize(
    ("good", "bad", "part"),
    [
        ("|ii \tnginx\t", "|ii nginx ", "packages"),
        ("|rows orders", "|ERROR: orders", "clusters"),
        ("|read\n", "\n", "clusters"),
        ("|kernel ", "|colonel ", "system"),
        ("|space overlay", "|space over lay x", "file-systems"),
        ("|hash ", "|hash z", "configuration"),
        ("|says exit", "|says left", "health"),
    ],
)
def test_garbage_in_a_part_is_refused_and_named(good, bad, part):
    assert good in DEBIAN
    with pytest.raises(UnreadableOutput, match=f"'{part}'"):
        read(DEBIAN.replace(good, bad, 1))


def test_people_are_shown_the_disks_and_each_once():
    assert [fs.mount for fs in read(DEBIAN).disks] == ["/"]  # of nine that df lists in a container
    def disk(mount: str, device: str, kind: str = "ext4", free: int = 10**6) -> FileSystem:
        return FileSystem(mount=mount, device=device, kind=kind, size_kib=10**7, used_kib=0, free_kib=free)
    machine = read(DEBIAN).model_copy(update={"file_systems": (
        disk("/", "/dev/sda1"), disk("/boot", "/dev/sda2"), disk("/run", "tmpfs", "tmpfs"), disk("/snap/core/1", "/dev/loop0", "squashfs"),
        disk("/srv/chroot/srv", "/dev/sdb"), disk("/srv", "/dev/sdb"), disk("/tank", "tank", "zfs"),
        disk("/var/lib/docker/overlay2/a/merged", "overlay", "overlay"))})
    assert [fs.mount for fs in machine.disks] == ["/", "/boot", "/srv", "/tank"]
    container = machine.model_copy(update={"file_systems": (
        disk("/", "overlay", "overlay"), disk("/etc/hosts", "/dev/sda1"), disk("/data", "/dev/sdb", free=5 * 10**5))})
    assert [fs.mount for fs in container.disks] == ["/", "/data"]


def garble(seed: int) -> str:
    """The answer with some lines lost, doubled, swapped or altered."""
    chance = random.Random(seed)
    lines = DEBIAN.split("\n")
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(lines))
        match chance.randrange(4):
            case 0:
                del lines[at]
            case 1:
                lines.insert(at, lines[at])
            case 2:
                lines[at] = "".join(chance.choice(" |@\t:0az\x1f\u4e2d") if chance.random() < 0.2 else c for c in lines[at])
            case 3:
                other = chance.randrange(len(lines))
                lines[at], lines[other] = lines[other], lines[at]
    return "\n".join(lines)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(), st.integers().map(garble)))
def test_whatever_comes_it_is_a_whole_survey_or_refused(text):
    try:
        survey = read(text)
    except UnreadableOutput as problem:
        assert str(problem).startswith("web1: ")
    else:
        assert survey.packages and survey.boot and survey.file_systems


def test_the_script_quotes_what_it_is_given():
    hostile = "/etc/it's $(touch /tmp/hurt)"
    check = Acceptance(target="web1", title=Text(zh="“引号”'", en="it's; `x`"), command="echo 'a  b'", account="nobody")
    script = survey_script([hostile], ["a b'c"], [hostile], [check])
    assert "'/etc/it'\"'\"'s $(touch /tmp/hurt)'" in script
    assert "$(touch /tmp/hurt) " not in script.replace("'/etc/it'\"'\"'s $(touch /tmp/hurt)'", "")
