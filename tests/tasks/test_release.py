import hashlib
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from reports.records import Cluster
from tasks.operations import release
from tasks.operations.release import ReleaseChange

CLUSTERS = (Cluster(engine="postgresql", name="15/main", version="15.18", port=5432, running=True),)
CHANGE = ReleaseChange(
    target="web1",
    root="/srv/orders",
    old="1.0.0",
    new="1.1.0",
    archive="orders-1.1.0.tar.gz",
    sha256="a" * 64,
    service="orders.service",
    health="http://127.0.0.1:8000/health",
    migrate="sh migrate.sh",
    migrate_back="sh migrate_back.sh",
    database="orders",
    cluster="15/main",
    run_as="orders",
    remove=("0.8",),
)
PARTS = ("probe", "holds_before", "command", "proof", "undo", "undo_proof")


def keys(change):
    return [step.key for step in release.steps(1, change, clusters=CLUSTERS)]


def test_the_order_of_the_steps():
    assert keys(CHANGE) == [
        "check-before",
        "unpack-release",
        "dump-database",
        "migrate-database",
        "switch-release",
        "restart-service",
        "check-after",
        "tidy",
    ]
    assert keys(replace(CHANGE, migrate_back="")) == [
        "check-before",
        "unpack-release",
        "stop-service",
        "dump-database",
        "migrate-database",
        "switch-release",
        "restart-service",
        "check-after",
        "tidy",
    ]
    assert keys(replace(CHANGE, migrate="", migrate_back="")) == [
        "check-before",
        "unpack-release",
        "switch-release",
        "restart-service",
        "check-after",
        "tidy",
    ]


def test_only_a_migration_without_a_way_back_needs_the_dump_to_go_back():
    by_key = {step.key: step for step in release.steps(1, CHANGE, clusters=CLUSTERS)}
    assert {step.reversible for step in by_key.values()} == {"auto"} and not by_key["migrate-database"].interrupts
    by_key = {step.key: step for step in release.steps(1, replace(CHANGE, migrate_back=""), clusters=CLUSTERS)}
    assert [key for key, step in by_key.items() if step.reversible == "restore"] == ["migrate-database"]
    assert all(by_key[key].interrupts for key in ("stop-service", "dump-database", "migrate-database", "restart-service"))


def test_every_script_is_whole_shell_whatever_the_names_are():
    odd = replace(
        CHANGE,
        root='/srv/it\'s "odd" $(x)',
        old="1.0~'a",
        archive="a'b.tar.gz",
        migrate="echo 'x' \"y\" $HOME",
        remove=("0.8'", "$0"),
    )
    for change in (CHANGE, replace(CHANGE, migrate_back=""), odd, replace(odd, migrate_back="", remove=())):
        for step in release.steps(1, change, clusters=CLUSTERS):
            for part in PARTS:
                done = subprocess.run(["sh", "-n"], input=getattr(step, part), text=True, capture_output=True, check=False)
                assert done.returncode == 0, (step.key, part, done.stderr)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A host's folders in a folder of this test, an archive in place."""
    root = tmp_path / "srv"
    (root / "releases" / "1.0.0").mkdir(parents=True)
    (root / "releases" / "1.0.0" / "app").write_text("old")
    (root / "current").symlink_to("releases/1.0.0")
    folder = tmp_path / "change"
    (folder / "media").mkdir(parents=True)
    made = tmp_path / "made" / "orders-1.1.0"
    made.mkdir(parents=True)
    (made / "app").write_text("new")
    subprocess.run(["tar", "-czf", folder / "media" / "r.tar.gz", "-C", made.parent, made.name], check=True)
    monkeypatch.setenv("CHANGE_DIR", str(folder))
    digest = hashlib.sha256((folder / "media" / "r.tar.gz").read_bytes()).hexdigest()
    (folder / "saved" / "release").mkdir(parents=True)
    (folder / "saved" / "release" / "old-target").write_text("releases/1.0.0\n")
    return replace(CHANGE, root=str(root), archive="r.tar.gz", sha256=digest, migrate="", migrate_back="")


def sh(script: str) -> subprocess.CompletedProcess:
    return subprocess.run(["sh", "-euc", script], capture_output=True, text=True, timeout=60, check=False)


def word(step) -> str:
    return sh(step.probe).stdout.splitlines()[0]


def test_unpacking_and_taking_it_back(here):
    step = release.unpack_step(1, here)
    folder = Path(here.root) / "releases" / "1.1.0"
    assert word(step) == "ABSENT"
    done = sh(step.command)
    assert done.returncode == 0, done.stderr
    assert (folder / "app").read_text() == "new" and word(step) == "DONE" and sh(step.proof).returncode == 0
    (folder / "app").write_text("altered")
    assert word(step) == "FOREIGN" and sh(step.proof).returncode == 1
    assert sh(step.undo).returncode == sh(step.undo_proof).returncode == 0
    assert not folder.exists() and word(step) == "ABSENT"


def test_an_unpacking_that_was_cut_off_is_partial_and_begun_again(here):
    step = release.unpack_step(1, here)
    part = Path(here.root) / "releases" / "1.1.0.part"
    part.mkdir()
    (part / "rest").write_text("of an earlier attempt")
    assert word(step) == "PARTIAL"
    assert sh(step.command).returncode == 0
    assert sorted(path.name for path in (Path(here.root) / "releases").iterdir()) == ["1.0.0", "1.1.0"]
    assert [path.name for path in (Path(here.root) / "releases" / "1.1.0").iterdir()] == ["app"]


def test_a_release_in_use_is_not_removed(here):
    step = release.unpack_step(1, here)
    assert sh(step.command).returncode == 0
    (Path(here.root) / "current").unlink()
    (Path(here.root) / "current").symlink_to("releases/1.1.0")
    done = sh(step.undo)
    assert done.returncode == 1 and "still leads to 1.1.0" in done.stderr
    assert (Path(here.root) / "releases" / "1.1.0" / "app").exists()


@pytest.mark.parametrize("text", ["releases/1.0.0", "{root}/releases/1.0.0", "./releases/1.0.0"])
def test_switching_keeps_the_way_the_link_is_written(here, text):
    text = text.format(root=here.root)
    link = Path(here.root) / "current"
    link.unlink()
    link.symlink_to(text)
    (Path(here.root).parent / "change" / "saved" / "release" / "old-target").write_text(text + "\n")
    (Path(here.root) / "releases" / "1.1.0").mkdir()
    step = release.switch_step(1, here)
    assert word(step) == "ABSENT" and sh(step.holds_before).returncode == 0
    done = sh(step.command)
    assert done.returncode == 0, done.stderr
    assert str(link.readlink()) == str(Path(text.replace("1.0.0", "1.1.0"))) or link.readlink() == Path(
        text.replace("1.0.0", "1.1.0")
    )
    assert word(step) == "DONE" and sh(step.proof).returncode == 0
    for _ in range(2):
        assert sh(step.undo).returncode == sh(step.undo_proof).returncode == 0
        assert sh(f"readlink {link}").stdout == text + "\n"


def test_a_link_that_somebody_else_moved_is_foreign(here):
    (Path(here.root) / "releases" / "2.0").mkdir()
    (Path(here.root) / "current").unlink()
    (Path(here.root) / "current").symlink_to("releases/2.0")
    step = release.switch_step(1, here)
    assert word(step) == "FOREIGN"


def test_tidying_puts_away_what_the_plan_names_and_undo_brings_it_back(here):
    releases = Path(here.root) / "releases"
    for name in ("0.8", "0.9", "1.1.0", "1.1.0.part"):
        (releases / name).mkdir()
        (releases / name / "app").write_text(name)
    step = release.tidy_step(1, here)
    for _ in range(2):
        assert sh(step.command).returncode == sh(step.proof).returncode == 0
        assert sorted(path.name for path in releases.iterdir()) == ["0.9", "1.0.0", "1.1.0"]
    for _ in range(2):
        assert sh(step.undo).returncode == sh(step.undo_proof).returncode == 0
        assert (releases / "0.8" / "app").read_text() == "0.8"


@pytest.mark.parametrize("moment", ["copied", "put away", "being removed", "half brought back"])
def test_tidying_cut_off_at_any_moment_loses_nothing(here, moment):
    releases = Path(here.root) / "releases"
    away = Path(here.root).parent / "change" / "saved" / "release" / "away"
    away.mkdir(parents=True)
    places = {
        "copied": [releases / "0.8", away / "0.8.copy"],
        "put away": [releases / "0.8", away / "0.8"],
        "being removed": [away / "0.8"],
        "half brought back": [away / "0.8"],
    }[moment]
    for place in places:
        place.mkdir()
        (place / "app").write_text("0.8")
    if moment == "being removed":
        (releases / ".0.8.away").mkdir()
    if moment == "half brought back":
        (releases / ".0.8.back").mkdir()
    step = release.tidy_step(1, here)
    if moment != "half brought back":
        assert sh(step.command).returncode == sh(step.proof).returncode == 0
    assert sh(step.undo).returncode == sh(step.undo_proof).returncode == 0
    assert sorted(path.name for path in releases.iterdir()) == ["0.8", "1.0.0"]
    assert (releases / "0.8" / "app").read_text() == "0.8" and list(away.iterdir()) == []
