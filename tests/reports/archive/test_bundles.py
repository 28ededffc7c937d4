"""Sealed bundles: the same content gives the same bytes, and whatever is done to a bundle or to the chain is found and named."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.archive import Archive, ArchiveDamaged, NotClosed, Verdict, verify_bundle, verify_chain
from reports.archive.manifest import Manifest
from reports.records import Closure, Text
from tests.reports.archive.conftest import NOW, closed_change, new_change


def seal_several(archive: Archive, count: int) -> list[Path]:
    return [archive.seal(closed_change(archive), NOW + timedelta(hours=n)).path for n in range(count)]


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """An archive with three bundles; tests put back what they take."""
    folder = tmp_path_factory.mktemp("sealed")
    archive = Archive.open(f"sqlite:///{folder}/archive.db", folder / "store")
    seal_several(archive, 3)
    yield archive
    assert archive.verify().checked == 3
    archive.dispose()


def test_inspections_lie_in_the_same_chain(archive: Archive) -> None:
    numbers = [closed_change(archive, prefix=prefix) for prefix in ("CHG", "INS", "CHG", "INS")]
    for number in numbers:
        archive.seal(number, NOW)
    assert [bundle.path.name[7:10] for bundle in archive.bundles()] == ["CHG", "INS", "CHG", "INS"]
    assert archive.verify() == Verdict(ok=True, checked=4)


def test_a_bundle_holds_everything_in_plain_files(archive: Archive) -> None:
    number = new_change(archive)
    archive.note(number, "step begun", target="web-1", step=1, attempt=1, at=NOW, command="升级")
    plan = Text(zh="计划", en="plan")
    fingerprint = archive.save(number, "request for approval", "leave to change/第一", plan)
    archive.file_evidence(number, "report.pdf", b"%PDF", "application/pdf")
    archive.file_evidence(number, "the same.pdf", b"%PDF", "application/pdf")
    archive.close(number, Closure.SUCCESSFUL, Text(zh="按方案完成", en="as planned"), NOW)
    bundle = archive.seal(number, NOW)

    registered = json.loads((bundle.path / "change.json").read_text())
    assert (registered["closure_reason"], registered["closure_reason_zh"]) == ("as planned", "按方案完成")
    assert bundle.path.name == f"000001-{number}" and bundle.path.parent == archive.bundle_folder
    assert json.loads((bundle.path / "change.json").read_text())["reason"] == "安全更新"
    assert json.loads((bundle.path / "journal.jsonl").read_text()) == {
        "sequence": 1, "at": "2026-11-22T20:00:00.123456Z", "event": "step begun", "target": "web-1", "step": 1, "attempt": 1,
        "detail": {"command": "升级"}}
    [paper] = json.loads((bundle.path / "papers.json").read_text())
    assert (paper["key"], paper["fingerprint"]) == ("leave to change/第一", fingerprint)
    assert Text.model_validate_json((bundle.path / paper["path"]).read_bytes()) == plan
    summed = subprocess.run(["sha256sum", bundle.path / paper["path"]], capture_output=True, text=True)
    assert summed.stdout.split()[0] == fingerprint
    pieces = json.loads((bundle.path / "evidence.json").read_text())
    assert [piece["name"] for piece in pieces] == ["report.pdf", "the same.pdf"]
    assert {piece["path"] for piece in pieces} == {f"evidence/{pieces[0]['sha256']}.pdf"}
    assert (bundle.path / pieces[0]["path"]).read_bytes() == b"%PDF"
    assert archive.change(number).phase == "sealed"


def test_sealing_again_gives_the_same_bundle(archive: Archive) -> None:
    number = closed_change(archive)
    first = archive.seal(number, NOW)
    archive.attach_run(number, "another run")
    assert archive.seal(number, NOW + timedelta(days=1)) == first
    assert archive.bundles() == [first]


def test_what_is_filed_after_the_seal_gets_another_edition(archive: Archive) -> None:
    number, other = closed_change(archive), closed_change(archive)
    first, between = archive.seal(number, NOW), archive.seal(other, NOW)
    archive.note(number, "back-out begun", at=NOW)
    second = archive.seal(number, NOW)
    assert [(b.sequence, b.number, b.edition) for b in archive.bundles()] == [(1, number, 1), (2, other, 1), (3, number, 2)]
    assert second.previous == between.manifest and archive.bundles(number) == [first, second]
    assert len((second.path / "journal.jsonl").read_text().splitlines()) == 2
    assert archive.verify() and archive.seal(number, NOW) == second


def test_an_open_change_is_not_sealed(archive: Archive) -> None:
    number = new_change(archive)
    with pytest.raises(NotClosed, match="still open; close it before"):
        archive.seal(number, NOW)
    assert list(archive.bundle_folder.iterdir()) == []
    assert archive.verify().checked == 0


def test_damaged_evidence_is_not_sealed(archive: Archive, tmp_path: Path) -> None:
    number = closed_change(archive)
    place = archive.evidence_path(archive.evidence(number)[0])
    place.unlink()
    place.write_bytes(b"something else")
    with pytest.raises(ArchiveDamaged, match="'step 1 output.txt' of CHG"):
        archive.seal(number, NOW)
    assert list(archive.bundle_folder.iterdir()) == [] == list((tmp_path / "store" / "staging").iterdir())


def test_equal_content_gives_equal_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock:
        @staticmethod
        def now(zone):
            return NOW

    monkeypatch.setattr("reports.archive.archive.datetime", Clock)
    key, bundles = tmp_path / "key.pem", []
    for name in ("a", "b"):
        archive = Archive.open(f"sqlite:///{tmp_path}/{name}.db", tmp_path / name, key)
        seal_several(archive, 2)
        bundles.append({path.relative_to(tmp_path / name): path.read_bytes()
                        for path in sorted((tmp_path / name / "bundles").rglob("*")) if path.is_file()})
    assert bundles[0] == bundles[1] and len(bundles[0]) > 20


def test_an_auditor_needs_openssl_and_sha256sum_only(sealed: Archive) -> None:
    bundle = sealed.bundles()[1].path
    told = (bundle / "README.txt").read_text().replace("signing-key.pub.pem ", f"{sealed.public_key} ")
    signature, listed, check, count = [line.strip() for line in told.splitlines() if line.startswith("  ")]

    def run(line: str) -> str:
        done = subprocess.run(["sh", "-euc", line], cwd=bundle, capture_output=True, text=True)
        return done.stdout + done.stderr if done.returncode == 0 else f"failed: {done.stdout}{done.stderr}"

    assert "Signature Verified Successfully" in run(signature)
    first, second = run(listed.split("#")[0]).rsplit("\n", 2)[0:2]
    assert second.split()[0] in first
    lines = (bundle / "SHA256SUMS").read_text().splitlines()
    assert run(check) == "".join(f"{line.split()[1]}: OK\n" for line in lines)
    assert int(run(count.split("#")[0])) == len(lines) + 3
    first_manifest = sealed.bundles()[0].path / "manifest.json"
    assert run(f"sha256sum {first_manifest}").split()[0] == json.loads((bundle / "manifest.json").read_text())["previous"]

    manifest = bundle / "manifest.json"
    text = manifest.read_bytes()
    try:
        manifest.write_bytes(text.replace(b"001-CHG", b"002-CHG") + b" ")
        assert run(signature).startswith("failed")
    finally:
        manifest.write_bytes(text)


# What may be done to a bundle


@pytest.fixture(scope="module")
def victim(sealed: Archive, tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("victim") / "copied elsewhere"
    shutil.copytree(sealed.bundles()[1].path, copy)
    return copy


def files_of(bundle: Path) -> list[str]:
    return sorted(path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file())


def named_as(path: str) -> str:
    return "manifest.json" if path.startswith("manifest.") else path  # the two stand or fall together


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_any_flipped_bit_is_found_and_its_file_named(victim: Path, sealed: Archive, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(files_of(victim)))
    path = victim / name
    content = path.read_bytes()
    bit = data.draw(st.integers(0, len(content) * 8 - 1))
    flipped = bytearray(content)
    flipped[bit // 8] ^= 1 << bit % 8
    path.chmod(0o600)
    path.write_bytes(flipped)
    try:
        verdict = verify_bundle(victim, sealed.public_key)
    finally:
        path.write_bytes(content)
    assert not verdict.ok and verdict.problem.startswith(f"{named_as(name)}: ")


def test_every_bit_of_the_signature_counts(victim: Path, sealed: Archive) -> None:
    path = victim / "manifest.sig"
    content = path.read_bytes()
    path.chmod(0o600)
    for bit in range(len(content) * 8):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        assert "its signature" in verify_bundle(victim, sealed.public_key).problem
    path.write_bytes(content)
    assert verify_bundle(victim, sealed.public_key)


def test_any_removed_file_is_named(victim: Path, sealed: Archive, tmp_path: Path) -> None:
    names = files_of(victim)
    assert len(names) == 10
    for name in names:
        (victim / name).rename(tmp_path / "away")
        assert verify_bundle(victim, sealed.public_key).problem == f"{name}: is missing"
        (tmp_path / "away").rename(victim / name)


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(["x", ".x", "evidence/x", "papers/0002-plan-x.json", "new/x", "manifest.json.old", "empty/",
                             "evidence/e/"]))
def test_any_added_file_or_folder_is_named(victim: Path, sealed: Archive, name: str) -> None:
    path = victim / name
    made = path if path.parent.exists() else path.parent
    if name.endswith("/"):
        path.mkdir()
    else:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
    try:
        problem = verify_bundle(victim, sealed.public_key).problem
    finally:
        shutil.rmtree(made) if made.is_dir() else made.unlink()
    assert problem == f"{made.relative_to(victim).as_posix()}: is in the bundle but was not sealed with it"


def swap(one: Path, other: Path) -> None:
    aside = one.with_name("aside")
    one.rename(aside)
    other.rename(one)
    aside.rename(other)


def test_any_two_swapped_files_are_found_and_one_is_named(victim: Path, sealed: Archive) -> None:
    names = files_of(victim)
    for i, one in enumerate(names):
        for other in names[i + 1:]:
            swap(victim / one, victim / other)
            problem = verify_bundle(victim, sealed.public_key).problem
            swap(victim / one, victim / other)
            assert problem.startswith((f"{named_as(one)}: ", f"{named_as(other)}: ")), (one, other, problem)
    assert verify_bundle(victim, sealed.public_key)


def test_links_and_devices_are_no_files(victim: Path, sealed: Archive, tmp_path: Path) -> None:
    (victim / "papers").rename(tmp_path / "papers")
    (victim / "papers").symlink_to(tmp_path / "papers")
    assert verify_bundle(victim, sealed.public_key).problem == "papers: is a symbolic link, not a folder"
    (victim / "papers").unlink()
    (tmp_path / "papers").rename(victim / "papers")
    (victim / "change.json").rename(tmp_path / "change.json")
    (victim / "change.json").symlink_to(tmp_path / "change.json")
    assert verify_bundle(victim, sealed.public_key).problem == "change.json: is not a plain file"
    (victim / "change.json").unlink()
    (tmp_path / "change.json").rename(victim / "change.json")
    assert verify_bundle(victim, sealed.public_key)


def test_a_forged_manifest_does_not_help(victim: Path, sealed: Archive, tmp_path: Path) -> None:
    copy = tmp_path / "bundle"
    shutil.copytree(victim, copy)
    stranger = Archive.open(f"sqlite:///{tmp_path}/stranger.db", tmp_path / "stranger")
    manifest = Manifest.model_validate_json((copy / "manifest.json").read_bytes())
    manifest = manifest.model_copy(update={"number": "CHG-20261122-999"})
    (copy / "manifest.json").chmod(0o600)
    (copy / "manifest.sig").chmod(0o600)
    (copy / "manifest.json").write_bytes(manifest.text())
    (copy / "manifest.sig").write_bytes(stranger._sealer._key.sign(manifest.text()))
    assert "another key than the one given" in verify_bundle(copy, sealed.public_key).problem
    assert verify_bundle(copy, stranger.public_key).ok  # the forger believes it


def test_keys_as_bytes_and_bad_keys(sealed: Archive, tmp_path: Path) -> None:
    bundle, pem = sealed.bundles()[0].path, sealed.public_key.read_bytes()
    raw = base64.b64decode(pem.split(b"\n")[1])[-32:]
    assert verify_bundle(bundle, pem).ok and verify_bundle(bundle, raw).ok and verify_bundle(bundle, raw).checked == 8
    assert "cannot be read" in verify_bundle(bundle, tmp_path / "none.pem").problem
    assert "No Ed25519 public key" in verify_bundle(bundle, b"nonsense").problem
    assert "is not a folder" in verify_bundle(tmp_path / "none", pem).problem


# What may be done to the chain


@pytest.fixture
def chain(sealed: Archive, tmp_path: Path) -> Path:
    copy = tmp_path / "bundles"
    shutil.copytree(sealed.bundle_folder, copy)
    assert verify_chain(copy, sealed.public_key).checked == 3
    return copy


FIRST, SECOND, THIRD = (f"{n:06d}-CHG-20261122-{n:03d}" for n in (1, 2, 3))


@pytest.mark.parametrize(("removed", "problem", "checked"), [
    (FIRST, f"bundle 1 is missing: {SECOND} comes first", 0),
    (SECOND, f"bundle 2 is missing: {THIRD} comes after {FIRST}", 1),
    (THIRD, "bundle 3 is missing: head.json says the chain reaches to 3", 3 - 1),
    ("head.json", "head.json: is missing", 3),
])
def test_a_removed_bundle_is_named(chain: Path, sealed: Archive, removed: str, problem: str, checked: int) -> None:
    (chain / removed).unlink() if removed == "head.json" else shutil.rmtree(chain / removed)
    verdict = verify_chain(chain, sealed.public_key)
    assert (verdict.ok, verdict.problem, verdict.checked) == (False, problem, checked)


def test_an_end_that_is_cut_off_with_an_older_head_is_known_from_the_database(tmp_path: Path) -> None:
    archive = Archive.open(f"sqlite:///{tmp_path}/archive.db", tmp_path / "store")
    seal_several(archive, 1)
    older = (archive.bundle_folder / "head.json").read_bytes()
    seal_several(archive, 1)
    shutil.rmtree(archive.bundles()[1].path)
    (archive.bundle_folder / "head.json").unlink()
    (archive.bundle_folder / "head.json").write_bytes(older)
    assert verify_chain(archive.bundle_folder, archive.public_key).ok  # cannot be known offline without being told the end
    assert "bundle 2 is missing: the chain must reach to 2" in archive.verify().problem
    shutil.rmtree(archive.bundles()[0].path)
    (archive.bundle_folder / "head.json").unlink()
    assert "bundle 1 is missing: the chain must reach to 2, but ends before the first" in archive.verify().problem


def test_bundles_in_another_order_are_found(chain: Path, sealed: Archive) -> None:
    (chain / SECOND).rename(chain / "t")
    (chain / THIRD).rename(chain / SECOND)
    (chain / "t").rename(chain / THIRD)
    assert verify_chain(chain, sealed.public_key).problem.startswith(f"{SECOND}: was sealed as {THIRD}")


def test_an_inserted_bundle_is_found(chain: Path, sealed: Archive, tmp_path: Path) -> None:
    shutil.copytree(chain / SECOND, chain / "000004-CHG-20261122-002")
    assert "was sealed as 000002" in verify_chain(chain, sealed.public_key).problem
    (chain / "000004-CHG-20261122-002").rename(chain / "000002-CHG-20261122-009")
    assert verify_chain(chain, sealed.public_key).problem == \
        f"000002-CHG-20261122-009: a second bundle with sequence 2, beside {SECOND}"
    shutil.rmtree(chain / "000002-CHG-20261122-009")
    (chain / "notes.txt").write_text("")
    assert verify_chain(chain, sealed.public_key).problem == "notes.txt: does not belong among the bundles"


def test_a_bundle_of_another_chain_does_not_fit(sealed: Archive, tmp_path: Path) -> None:
    """Whoever has the key makes a bundle anew: the next one does not follow it, and the last is known from outside."""
    other = Archive.open(f"sqlite:///{tmp_path}/other.db", tmp_path / "other", sealed._store.signing_key)
    numbers = [closed_change(other, reason="another reason") for _ in range(3)]
    forged = [other.seal(number, NOW).path for number in numbers]
    copy = tmp_path / "bundles"
    shutil.copytree(sealed.bundle_folder, copy)
    shutil.rmtree(copy / SECOND)
    shutil.copytree(forged[1], copy / SECOND)
    assert verify_chain(copy, sealed.public_key).problem.startswith(f"{SECOND}/manifest.json: previous does not fit")
    assert verify_chain(other.bundle_folder, other.public_key).ok
    last = sealed.bundles()[-1]
    assert "the chain was made anew" in verify_chain(
        other.bundle_folder, other.public_key, last=3, last_manifest=last.manifest).problem


def test_a_damaged_file_in_the_chain_is_named_with_its_bundle(chain: Path, sealed: Archive) -> None:
    path = chain / THIRD / "journal.jsonl"
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"web-1", b"web-2"))
    verdict = verify_chain(chain, sealed.public_key)
    assert verdict.problem.startswith(f"{THIRD}/journal.jsonl: was altered") and verdict.checked == 2


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_flipped_bit_of_the_head_is_found(sealed: Archive, data: st.DataObject) -> None:
    head = sealed.bundle_folder / "head.json"
    content = head.read_bytes()
    bit = data.draw(st.integers(0, len(content) * 8 - 1))
    flipped = bytearray(content)
    flipped[bit // 8] ^= 1 << bit % 8
    head.chmod(0o600)
    head.write_bytes(flipped)
    try:
        problem = verify_chain(sealed.bundle_folder, sealed.public_key).problem
    finally:
        head.write_bytes(content)
    assert problem.startswith("head.json: ")
