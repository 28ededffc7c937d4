import hashlib
import http.server
import os
import re
import subprocess
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

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
    for change in (CHANGE, replace(CHANGE, migrate_back=""), odd, replace(odd, migrate_back="", remove=()),
                   replace(odd, down=True), replace(odd, down=True, migrate_back="")):
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


@pytest.fixture
def application(here, tmp_path, monkeypatch):
    """The application of `here`: `state` is what systemd says of its unit, `well` whether its address answers."""
    state = tmp_path / "state"
    state.write_text("active")
    stub = tmp_path / "bin" / "systemctl"
    stub.parent.mkdir()
    stub.write_text(f"""#!/bin/sh
case "$1" in
  is-active) shift; [ "$1" = -q ] || cat {state}; grep -qx active {state} ;;
  is-failed) grep -qx failed {state} ;;
  stop) grep -qx failed {state} || echo inactive >{state} ;;
  reset-failed) if grep -qx failed {state}; then echo inactive >{state}; fi ;;
  start|restart) echo "$1" >>{state}.calls; cat {state}.starts >{state}; grep -qx active {state} ;;
esac
""")
    stub.chmod(0o755)
    monkeypatch.setenv("PATH", f"{stub.parent}:{os.environ['PATH']}")

    class Health(http.server.BaseHTTPRequestHandler):
        well = True

        def do_GET(self):
            self.send_response(200 if Health.well else 500)
            self.end_headers()
            self.wfile.write(b'{"version": "1.0.0"}')

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Health) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        change = replace(here, health=f"http://127.0.0.1:{server.server_port}/health", run_as="root")
        saved = tmp_path / "change" / "saved" / "release"
        (saved / "old-target").unlink()

        def has(active: str, well: bool, starts: str = "active") -> None:
            state.write_text(active + "\n")
            Path(f"{state}.starts").write_text(starts + "\n")
            Path(f"{state}.calls").write_text("")
            Health.well = well

        yield SimpleNamespace(change=change, has=has, saved=saved, state=lambda: state.read_text().strip(), calls=Path(f"{state}.calls").read_text)
        server.shutdown()


def quick(script: str) -> str:
    """The same script, which gives up waiting sooner."""
    return re.sub(r"\$\(seconds\) \+ \d+", "$(seconds) + 2", re.sub(r"(?<=within )\d+(?= s)", "2", script))


@pytest.mark.parametrize(("active", "well"), [("failed", False), ("inactive", False), ("active", False)])
def test_an_application_that_was_well_at_planning_and_is_down_now_is_refused(application, active, well):
    application.has(active, well)
    step = release.check_before_step(1, application.change)
    done = sh(quick(step.command))
    assert done.returncode == 1 and ("not active" in done.stderr or "did not give 2 good answers" in done.stderr)
    assert sh(step.proof).returncode == 1 and not (application.saved / "down.before").exists()


@pytest.mark.parametrize(("active", "well"), [("failed", False), ("inactive", False), ("activating", False), ("active", False)])
def test_the_repair_of_an_application_that_is_down_records_it_and_goes_back_without_health(application, active, well):
    change = replace(application.change, down=True)
    application.has(active, well, starts="failed" if active != "active" else "active")
    before, restart = release.check_before_step(1, change), release.restart_step(2, change)
    assert word(before) == "ABSENT"
    done = sh(quick(before.command))
    assert done.returncode == 0 and f"recorded as down before the change: orders.service is {active}" in done.stdout, done.stderr
    assert sh(before.proof).returncode == 0 and word(before) == "DONE"
    assert sh(quick(restart.proof)).returncode == 1, "afterwards it must be healthy"
    (application.saved / "restart.begun").touch()
    for _ in range(2):
        assert sh(restart.undo).returncode == sh(restart.undo_proof).returncode == 0
    if active in ("active", "activating"):
        assert application.calls().split() == ["restart"], "it ran, though not well, or was tried again and again"
    else:
        assert application.state() in ("inactive", "failed") and application.calls() == "", "it did not run before and is not started"
    assert sh(before.undo).returncode == 0 and not (application.saved / "down.before").exists()


def test_going_back_where_the_service_stood_still(application):
    change = replace(application.change, down=True, migrate="sh migrate.sh", migrate_back="")
    stop = release.stop_step(1, change)
    for active, calls in (("failed", []), ("active", ["restart"])):
        application.has(active, False, starts="failed")
        assert sh(quick(release.check_before_step(1, change).command)).returncode == 0
        assert sh(stop.command).returncode == sh(stop.proof).returncode == 0 and application.state() in ("inactive", "failed")
        assert sh(stop.undo).returncode == sh(stop.undo_proof).returncode == 0 and application.calls().split() == calls
        (application.saved / "old-target").unlink()


def test_one_that_is_well_again_must_be_well_after_going_back_too(application):
    change = replace(application.change, down=True)
    application.has("active", True)
    done = sh(release.check_before_step(1, change).command)
    assert done.returncode == 0 and "it is well again" in done.stdout and not (application.saved / "down.before").exists()
    restart = release.restart_step(2, change)
    (application.saved / "restart.begun").touch()
    assert sh(restart.undo).returncode == sh(restart.undo_proof).returncode == 0 and application.calls().split() == ["restart"]
    application.has("failed", False)
    assert sh(quick(restart.undo_proof)).returncode == 1


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
