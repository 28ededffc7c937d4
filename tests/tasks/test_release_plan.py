import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.documents import render_plan_page, render_plan_text
from reports.records import Acceptance, Cluster, FileSystem, Health, Medium, Release, Service, Survey, TableRows, Text, same
from tasks.errors import ProcedureError
from tasks.planning.releases import compare_versions, plan_release
from tasks.planning.roll_out import batches_of
from tasks.requests import ReleaseMedia, UpgradeRequest
from tests.reports import sample

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
MEDIUM = Medium(
    name="orders-1.1.0.tar.gz",
    source="/media/orders-1.1.0.tar.gz",
    size=2000,
    sha256="a" * 64,
    signature="OpenPGP: vendor",
    delivered="by us",
)


def survey(host="web1", **changed):
    fields = dict(
        target=host,
        when="before",
        taken_at=NOW,
        os_id="debian",
        os_version="12",
        os_name="Debian 12",
        kernel="6.1",
        architecture="amd64",
        package_manager="apt",
        services=(Service(name="orders.service", active="active", enabled="enabled"),),
        file_systems=(FileSystem(mount="/", device="a", kind="ext4", size_kib=10**7, used_kib=0, free_kib=10**7),),
        clusters=(
            Cluster(
                engine="postgresql",
                name="15/main",
                version="15.18",
                port=5432,
                running=True,
                tables=(TableRows(database="orders", table="public.orders", rows=5000),),
            ),
        ),
        releases=(Release(root="/srv/orders", current="1.0.0", kept=("0.8", "0.9", "0.10", "1.0.0", "0.7.part")),),
    )
    return Survey(**(fields | changed))


def wish(**changed):
    fields = dict(
        root="/srv/orders/",
        version="1.1.0",
        archive="/media/orders-1.1.0.tar.gz",
        sha256="a" * 64,
        service="orders.service",
        health="http://127.0.0.1:8000/health",
        migrate="sh migrate.sh",
        migrate_back="sh migrate_back.sh",
        database="orders",
        run_as="orders",
        repairs=["Orders of 0 cents are refused (CVE-2026-12345, #17)"],
        adds=["Shows the channel"],
    )
    return ReleaseMedia(**(fields | changed))


def plan(surveys=None, release=None, medium=MEDIUM, acceptance=None, **changed):
    surveys = surveys or {"web1": survey()}
    request = UpgradeRequest(
        **(
            dict(
                customer="bureau",
                hosts=list(surveys),
                kind="release",
                release=release or wish(),
                requester="张三",
                reason="repair",
            )
            | changed
        )
    )
    return plan_release("CHG-20260101-001", request, surveys, medium, acceptance or {}, NOW)


def test_a_plan_with_all_its_parts():
    made = plan({"web1": survey(), "web2": survey("web2"), "web3": survey("web3")}, batch_size=1)
    assert made.blockers == () and made.kind == "release" and made.batches == (("web1",), ("web2",), ("web3",))
    assert [step.number for step in made.steps] == list(range(1, 25)) and len({s.key for s in made.steps_of("web2")}) == 8
    assert [(v.target, v.name, v.before, v.after) for v in made.versions][0] == ("web1", "orders", "1.0.0", "1.1.0")
    assert [(i.kind, i.references) for i in made.improvements] == [("fix", ("CVE-2026-12345", "#17")), ("feature", ())]
    assert made.media == (MEDIUM,) and made.risk.level == "medium" and set(made.facts) == {"web1", "web2", "web3"}
    assert [check.target for check in made.acceptance] == ["web1", "web2", "web3"]
    assert "for name in 0.9 0.8; do" in made.steps_of("web1")[-1].command  # 0.10 is newer than 0.9
    assert made == plan({"web1": survey(), "web2": survey("web2"), "web3": survey("web3")}, batch_size=1)


DOWN = (Service(name="orders.service", active="failed", enabled="enabled"),)
ASKS = Acceptance(target="web1", title=Text(zh="订单应答", en="orders answer"), command="curl -f http://127.0.0.1:8000/health")
OTHER = Acceptance(target="web1", title=Text(zh="首页", en="front page"), command="curl -f http://127.0.0.1/")


def answers(**good: bool):
    said = {"asks": ASKS, "other": OTHER}
    return tuple(Health(title=said[name].title, ok=ok, detail=same("x\nHTTP 500")) for name, ok in good.items())


@pytest.mark.parametrize(
    ("found", "checks", "why"),
    [
        (dict(services=DOWN), (), "orders.service is failed"),
        (dict(health=answers(asks=False)), (ASKS,), "the check “orders answer” fails: HTTP 500"),
        (dict(health=answers(other=False)), (OTHER,), "the check “front page” fails: HTTP 500"),
        (dict(services=DOWN, health=answers(asks=False, other=False)), (ASKS, OTHER), "orders.service is failed; the check “orders answer” fails: HTTP 500"),
    ],
)
def test_an_application_that_is_down_is_told_openly_and_repaired(found, checks, why):
    made = plan({"web1": survey(**found), "web2": survey("web2")}, acceptance={"web1": checks})
    [reason] = [r for r in made.risk.reasons if "down" in r.en]
    assert f"web1: before the change the application is down ({why})." in reason.en and "变更前应用已处于异常状态" in reason.zh
    assert made.blockers == () and made.risk.level == "medium" and not any("web2:" in r.en for r in made.risk.reasons)
    asked = UpgradeRequest(customer="bureau", hosts=["web1"], kind="release", release=wish(), requester="a", reason="b")
    record = sample.bare().model_copy(update={"plan": made, "request": asked.model_dump(mode="json")})
    for language in ("zh", "en"):
        for text in (render_plan_text(made, language), squeezed_page(render_plan_page(record, language))):
            assert reason.say(language) in text
    steps = {target: {step.key: step for step in made.steps_of(target)} for target in ("web1", "web2")}
    assert "is recorded" in steps["web1"]["check-before"].expected.en and "healthy" in steps["web2"]["check-before"].expected.en
    for key in ("restart-service", "check-after"):  # afterwards it must be healthy, as every other
        assert steps["web1"][key].proof == steps["web2"][key].proof.replace("web2", "web1")
    assert {check.target for check in made.acceptance} == {"web1", "web2"}


def squeezed_page(page: str) -> str:
    """The page's text without Markdown's escapes."""
    return re.sub(r"\\(.)", r"\1", page)


@pytest.mark.parametrize(
    "found", [dict(health=answers(asks=True, other=False)), dict(health=answers(asks=True)), dict(services=(Service(name="orders.service", active="active"),
                                                                                                Service(name="other.service", active="failed")))]
)
def test_what_else_is_not_well_on_the_host_does_not_make_the_application_down(found):
    assert plan({"web1": survey(**found)}, acceptance={"web1": (ASKS, OTHER)}).steps == plan(acceptance={"web1": (ASKS, OTHER)}).steps


def test_the_hosts_own_check_of_the_same_address_is_enough():
    own = Acceptance(target="web1", title=Text(zh="好", en="good"), command="curl -f http://127.0.0.1:8000/health")
    assert plan(acceptance={"web1": (own,)}).acceptance == (own,)


def test_a_host_that_is_as_wished_gets_no_step():
    done = survey("web1", releases=(Release(root="/srv/orders", current="1.1.0", kept=("1.0.0", "1.1.0")),))
    assert plan({"web1": done}).nothing_to_do
    assert plan({"web1": done}, release=wish(repairs=[], adds=[]), window_closes_at=NOW - timedelta(hours=1)).nothing_to_do
    both = plan({"web1": done, "web2": survey("web2")})
    assert (
        {step.target for step in both.steps} == {"web2"} and both.batches == (("web2",),) and set(both.facts) == {"web1", "web2"}
    )


@pytest.mark.parametrize(
    ("surveys", "asked", "more", "word"),
    [
        ({}, dict(version="0.9.9"), {}, "downgrade"),
        (dict(releases=()), {}, {}, "not a folder of releases"),
        (dict(releases=(Release(root="/srv/orders", current="", kept=("1.0.0",)),)), {}, {}, "not a folder of releases"),
        (dict(releases=(Release(root="/srv/orders", current="1.0.0", kept=()),)), {}, {}, "not a folder of releases"),
        (dict(releases=(Release(root="/srv/orders", current="1.0.0", kept=("1.0.0", "1.1.0")),)), {}, {}, "is there already"),
        ({}, dict(repairs=["  "], adds=[]), {}, "R177"),
        (dict(services=()), {}, {}, "no service unit orders.service"),
        (
            dict(
                file_systems=(
                    FileSystem(mount="/", device="a", kind="ext4", size_kib=9, used_kib=0, free_kib=10**7),
                    FileSystem(mount="/srv", device="b", kind="ext4", size_kib=9, used_kib=0, free_kib=100),
                )
            ),
            {},
            {},
            "make room",
        ),
        ({}, {}, dict(window_opens_at=NOW - timedelta(hours=2), window_closes_at=NOW - timedelta(hours=1)), "in the past"),
        (
            {},
            {},
            dict(window_opens_at=NOW + timedelta(hours=2), window_closes_at=NOW + timedelta(hours=1)),
            "closes before it opens",
        ),
        (dict(clusters=()), {}, {}, "no PostgreSQL server runs"),
        ({}, dict(database=""), {}, "no database is named"),
        ({}, dict(health="ftp://x/"), {}, "no http"),
        ({}, dict(root="srv/orders"), {}, "absolute path"),
    ],
)
def test_what_stands_in_the_way_is_one_sentence_and_there_are_no_steps(surveys, asked, more, word):
    made = plan({"web1": survey(**surveys)}, wish(**asked), **more)
    assert made.steps == () and not made.nothing_to_do
    assert any(word in blocker.en for blocker in made.blockers), made.blockers
    assert all(blocker.zh and "\n" not in blocker.en for blocker in made.blockers)
    assert made.risk.level == "unknown" and "blocked" in made.impact.en


def test_the_risk_is_shown():
    unsigned = MEDIUM.model_copy(update={"signature": same("unsigned: checksum only")})
    without = wish(migrate="", migrate_back="")
    assert plan(release=without).risk.level == "low"
    assert plan(release=without, medium=unsigned).risk.level == "medium"
    assert any("did not sign" in reason.en for reason in plan(release=without, medium=unsigned).risk.reasons)
    lossy = plan(release=wish(migrate_back=""))
    assert (
        lossy.risk.level == "high"
        and any("is lost" in reason.en for reason in lossy.risk.reasons)
        and "is stopped" in lossy.impact.en
    )


def test_what_cannot_be_planned_at_all():
    with pytest.raises(ProcedureError, match="not surveyed"):
        plan_release(
            "CHG-20260101-001",
            UpgradeRequest(customer="bureau", hosts=["web9"], kind="release", release=wish(), requester="a", reason="b"),
            {},
            MEDIUM,
            {},
            NOW,
        )
    with pytest.raises(ProcedureError, match="no release"):
        plan_release(
            "CHG-20260101-001",
            UpgradeRequest(customer="bureau", hosts=["web1"], kind="release", requester="a", reason="b"),
            {"web1": survey()},
            MEDIUM,
            {},
            NOW,
        )


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("1.0.0", "1.1.0"),
        ("1.9", "1.10"),
        ("1.1.0-rc1", "1.1.0"),
        ("1.1.0-rc1", "1.1.0-rc2"),
        ("1.1.0-beta", "1.1.0-rc1"),
        ("1.1", "1.1.1"),
        ("v1.0", "1.1"),
        ("1.0", "1.0a"),
        ("1.0", "1.0+fix1"),
        ("2026.1", "2026.11"),
        ("1.0~x", "1.0"),
        ("1.1.0.dev3", "1.1.0"),
        ("1.0.9", "1.1"),
    ],
)
def test_the_order_of_versions(older, newer):
    assert (compare_versions(older, newer), compare_versions(newer, older), compare_versions(newer, newer)) == (-1, 1, 0)


VERSIONS = st.text(alphabet="0129.-~+abrc", min_size=1, max_size=8)


@given(VERSIONS, VERSIONS, VERSIONS)
def test_versions_are_in_one_order(one, two, three):
    assert compare_versions(one, two) == -compare_versions(two, one)
    if compare_versions(one, two) <= 0 and compare_versions(two, three) <= 0:
        assert compare_versions(one, three) <= 0


@given(st.integers(0, 30), st.integers(1, 5), st.integers(1, 7))
def test_batches_hold_every_host_once_in_order(hosts, canaries, size):
    names = [f"h{n}" for n in range(hosts)]
    made = batches_of(names, canaries, size)
    assert [name for batch in made for name in batch] == names and all(batch for batch in made)
    assert all(len(batch) <= (canaries if place == 0 else size) for place, batch in enumerate(made))
