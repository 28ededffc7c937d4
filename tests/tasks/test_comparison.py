"""Which differences are told, which of them nobody planned, and when a host counts as it was before."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.records import (
    Acceptance,
    Cluster,
    Difference,
    FileSystem,
    Health,
    Package,
    Plan,
    Port,
    Release,
    Risk,
    Service,
    Step,
    Survey,
    TableRows,
    Text,
    VersionChange,
    same,
)
from tasks.comparison import brought_back, differences, likeness, same_as_before, unexpected
from tests.tasks.test_survey import read

REAL = read((Path(__file__).parent / "cases" / "survey" / "debian-12-web.txt").read_text())
T = Text(zh="试", en="try")


def survey(**changes) -> Survey:
    orders = TableRows(database="orders", table="public.orders", rows=100, digest="7")
    fields = dict(
        packages=(Package(name="nginx", version="1-1", architecture="amd64"), Package(name="postgresql-15", version="15.18-0")),
        services=(Service(name="nginx.service", active="active", enabled="enabled"),),
        ports=(Port(protocol="tcp", address="0.0.0.0", port=80, process="nginx"),),
        configuration={"/etc/nginx/nginx.conf": "aa 644 0:0"},
        clusters=(
            Cluster(
                engine="postgresql",
                name="15/main",
                version="15.18 (Debian)",
                port=5432,
                running=True,
                schema_digest="s",
                tables=(orders,),
            ),
        ),
        releases=(Release(root="/srv/orders", current="1.0", kept=("1.0",)),),
        health=(Health(title=T, ok=True, detail=""),),
        file_systems=(FileSystem(mount="/", device="d", kind="ext4", size_kib=9, used_kib=1, free_kib=8),),
    )
    return REAL.model_copy(update={**fields, **changes})


def plan(kind: str = "packages", **versions: str) -> Plan:
    return Plan(
        change="C",
        procedure="software-upgrade",
        kind=kind,
        title=T,
        customer="c",
        requester="r",
        reason="x",
        targets=("web1",),
        batches=(("web1",),),
        facts={},
        improvements=(),
        media=(),
        steps=(),
        impact=T,
        risk=Risk(level="low", reasons=()),
        back_out=T,
        versions=tuple(
            VersionChange(target="web1", name=name.replace("_", "-"), before="", after=after) for name, after in versions.items()
        ),
    )


def changed(**changes) -> list[Difference]:
    return list(differences(survey(), survey(**changes)))


def test_a_survey_does_not_differ_from_itself_nor_by_what_moves():
    assert differences(REAL, REAL) == ()
    later = REAL.model_copy(
        update={
            "clock_offset_s": 3.0,
            "when": "after",
            "file_systems": tuple(fs.model_copy(update={"used_kib": fs.used_kib + 5}) for fs in REAL.file_systems),
        }
    )
    assert differences(REAL, later) == ()


def test_a_planned_version_is_expected_and_nothing_else_of_a_package():
    up = changed(
        packages=(Package(name="nginx", version="1-2", architecture="amd64"), Package(name="postgresql-15", version="15.18-0"))
    )
    assert [(d.kind, d.name, d.before, d.after) for d in up] == [("package", "nginx", "1-1 ii", "1-2 ii")]
    assert unexpected(up, plan(nginx="1-2"), "web1") == ()
    assert unexpected(up, plan(nginx="1-3"), "web1") == tuple(up)
    half = changed(
        packages=(
            Package(name="nginx", version="1-2", architecture="amd64", state="iU"),
            Package(name="postgresql-15", version="15.18-0"),
        )
    )
    assert unexpected(half, plan(nginx="1-2"), "web1") == tuple(half)
    gone = changed(packages=(Package(name="nginx", version="1-1", architecture="amd64"),))
    assert unexpected(gone, plan(nginx="1-2"), "web1") == tuple(gone)


def test_what_packages_bring_that_a_step_installs_is_expected_and_nothing_of_those_that_were_there():
    step = Step(number=1, key="k", target="web1", title=T, expected=T, command="c", proof="p", touches=("/var/lib/dpkg/status",))
    hardening = plan("hardening").model_copy(update={"steps": (step,)})
    came = (*survey().packages, Package(name="aide", version="0.18"))
    brought = changed(packages=came, services=(*survey().services, Service(name="dailyaidecheck.timer", active="active", enabled="enabled")),
                      configuration={**survey().configuration, "/etc/aide/aide.conf": "bb 600 0:0"})
    assert len(brought) == 3 and unexpected(brought, hardening, "web1") == () and unexpected(brought, plan("hardening"), "web1")
    other = changed(packages=(Package(name="nginx", version="1-2", architecture="amd64"), *came[1:]), configuration={})
    assert {(d.kind, d.name) for d in unexpected(other, hardening, "web1")} == {("package", "nginx"), ("configuration", "/etc/nginx/nginx.conf")}


def test_a_service_that_had_failed_may_be_at_rest_afterwards_but_not_the_other_way_round():
    def unit(active: str) -> dict:
        return {"services": (Service(name="orders.service", active=active, enabled="enabled"),)}

    assert same_as_before(survey(**unit("failed")), survey(**unit("inactive"))) == ()
    for before, after in (("inactive", "failed"), ("failed", "active"), ("active", "inactive")):
        assert [d.kind for d in same_as_before(survey(**unit(before)), survey(**unit(after)))] == ["service"]
    disabled = {"services": (Service(name="orders.service", active="inactive", enabled="disabled"),)}
    assert len(same_as_before(survey(**unit("failed")), survey(**disabled))) == 1
    assert same_as_before(survey(services=(Service(name="orders.service", active="failed", enabled="disabled"),)), survey(**disabled)) == ()


def orders(active: str, *, port: bool, ok: bool, enabled: str = "enabled"):
    """A host whose application is in this state, with its port and its check."""
    return survey(services=(*survey().services, Service(name="orders.service", active=active, enabled=enabled)),
                  ports=(*survey().ports, *([Port(protocol="tcp", address="127.0.0.1", port=8000, process="python3")] if port else [])),
                  health=(Health(title=same("orders answer"), ok=ok, detail=same("")),))


def test_a_service_that_dies_again_and_again_is_as_before_whatever_it_does_now():
    for was in (orders("restarting", port=True, ok=True), orders("restarting", port=False, ok=False)):
        for active, port in (("restarting", True), ("restarting", False), ("active", True), ("failed", False), ("inactive", False)):
            assert same_as_before(was, orders(active, port=port, ok=port)) == ()
        assert [d.kind for d in same_as_before(was, orders("restarting", port=True, ok=True, enabled="disabled"))] == ["service"]
    assert [d.kind for d in same_as_before(orders("active", port=True, ok=True), orders("restarting", port=True, ok=True))] == ["service"]


@pytest.mark.parametrize("was", [orders("inactive", port=False, ok=False), orders("failed", port=False, ok=False),
                                 orders("restarting", port=True, ok=True), orders("restarting", port=False, ok=False)])
def test_a_back_out_that_brings_back_what_was_down_surprises_nobody(was):
    well, back = orders("active", port=True, ok=True), orders("inactive", port=False, ok=False)
    found = differences(well, back)
    assert [d.kind for d in found] == ["service", "port", "health"]
    assert brought_back(found, was, back) == found
    assert brought_back(found, well, back) == (), "it was well before the change that was taken back"
    elsewhere = back.model_copy(update={"kernel": "6.2"})
    assert brought_back(differences(well, elsewhere), was, elsewhere) == found, "another kernel is a surprise"


def test_a_release_that_repairs_a_service_brings_its_port():
    down = {"services": (*survey().services, Service(name="orders.service", active="failed", enabled="enabled"))}
    up = {"services": (*survey().services, Service(name="orders.service", active="active", enabled="enabled")),
          "ports": (*survey().ports, Port(protocol="tcp", address="127.0.0.1", port=8000, process="python3"))}
    found = differences(survey(**down), survey(**up))
    assert [d.kind for d in found] == ["service", "port"]
    assert unexpected(found, plan("release"), "web1") == ()
    assert [d.kind for d in unexpected(found, plan("packages"), "web1")] == ["port"]
    assert [d.kind for d in unexpected([d for d in found if d.kind == "port"], plan("release"), "web1")] == ["port"]
    lost = differences(survey(**down), survey(**up | {"ports": ()}))
    assert [d.kind for d in unexpected(lost, plan("release"), "web1")] == ["port"]


def test_other_hosts_are_left_out():
    up = changed(configuration={})
    assert unexpected(up, plan(), "web2") == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"services": (Service(name="nginx.service", active="failed", enabled="enabled"),)},
        {"services": (Service(name="nginx.service", active="inactive", enabled="enabled"),)},
        {"services": (Service(name="nginx.service", active="activating", enabled="enabled"),)},
        {"services": (Service(name="nginx.service", active="active", enabled="disabled"),)},
        {"services": ()},
        {"ports": ()},
        {"configuration": {"/etc/nginx/nginx.conf": "bb 644 0:0"}},
        {"configuration": {"/etc/nginx/nginx.conf": "aa 600 0:0"}},
        {"configuration": {}},
        {"releases": (Release(root="/srv/orders", current="1.1", kept=("1.0", "1.1")),)},
        {"health": (Health(title=T, ok=False, detail=""),)},
        {"os_version": "13"},
        {"package_faults": ("mess",)},
    ],
)
def test_losses_and_strange_changes_are_unexpected(changes):
    found = changed(**changes)
    assert len(found) == 1
    assert unexpected(found, plan(nginx="1-2", postgresql_15="15.20-0"), "web1") == tuple(found)


def cluster(rows: int = 100, digest: str = "7", **changes) -> dict:
    tables = (TableRows(database="orders", table="public.orders", rows=rows, digest=digest),) if rows >= 0 else ()
    fields = dict(
        engine="postgresql", name="15/main", version="15.18 (Debian)", port=5432, running=True, schema_digest="s", tables=tables
    )
    return {"clusters": (Cluster(**{**fields, **changes}),)}


def test_more_rows_are_expected_fewer_are_not():
    more, fewer, gone = changed(**cluster(101, "8")), changed(**cluster(99, "8")), changed(**cluster(-1))
    assert [d.kind for d in more + fewer + gone] == ["rows"] * 3
    assert unexpected(more, plan(), "web1") == ()
    assert unexpected(fewer, plan(), "web1") == tuple(fewer)
    assert unexpected(gone, plan(), "web1") == tuple(gone)


def test_the_server_version_follows_its_package_and_the_schema_does_not():
    newer = changed(**cluster(version="15.20 (Debian)"))
    assert unexpected(newer, plan(postgresql_15="15.20-0"), "web1") == ()
    assert unexpected(newer, plan(nginx="1-2"), "web1") == tuple(newer)
    other = changed(**cluster(version="15.20 (Debian)", schema_digest="t"))
    assert unexpected(other, plan(postgresql_15="15.20-0"), "web1") == tuple(other)
    assert unexpected(changed(**cluster(schema_digest="t")), plan("release"), "web1") == ()


def test_a_server_that_stopped_is_told_once_and_not_by_its_tables():
    found = changed(**cluster(-1, running=False, version="15", schema_digest=""))
    assert [d.kind for d in found] == ["cluster"]
    assert unexpected(found, plan(postgresql_15="15.20-0"), "web1") == tuple(found)


def test_a_vendor_file_beside_a_kept_one_is_expected_but_still_a_difference():
    found = changed(configuration={"/etc/nginx/nginx.conf": "aa 644 0:0", "/etc/nginx/nginx.conf.dpkg-dist": "cc 644 0:0"})
    assert len(found) == 1 and unexpected(found, plan(nginx="1-2"), "web1") == ()
    assert len(same_as_before(survey(), survey(configuration={**survey().configuration, "/etc/x.dpkg-dist": "c 644 0:0"}))) == 1


def test_jobs_at_rest_or_at_work_passing_ports_and_holds_are_no_difference():
    job = (*survey().services, Service(name="apt-daily.service", active="activating", enabled="static"))
    assert changed(services=job) == []
    passing = (
        *survey().ports,
        Port(protocol="udp", address="0.0.0.0", port=45123, process="timesync"),
        Port(protocol="tcp", address="127.0.0.11", port=38123),
    )
    assert changed(ports=passing) == []
    held = (Package(name="nginx", version="1-1", architecture="amd64", state="hi"), survey().packages[1])
    assert changed(packages=held) == []
    assert [d.name for d in changed(packages=held, held=("nginx",))] == ["held packages"]


def test_as_before_means_exactly_unless_people_write():
    assert same_as_before(survey(), survey(boot="another", health=())) == ()
    assert [d.kind for d in same_as_before(survey(), survey(**cluster(100, "8")))] == ["rows"]
    assert [d.kind for d in same_as_before(survey(), survey(**cluster(101, "8")))] == ["rows"]
    assert same_as_before(survey(), survey(**cluster(101, "8")), in_use=True) == ()
    assert [d.kind for d in same_as_before(survey(), survey(**cluster(99, "8")), in_use=True)] == ["rows"]


@given(
    st.lists(st.sampled_from(["packages", "services", "ports", "configuration", "clusters", "releases", "health"]), unique=True)
)
def test_differences_are_the_same_seen_from_both_sides(emptied):
    other = survey(**{name: {} if name == "configuration" else () for name in emptied})
    there, back = differences(survey(), other), differences(other, survey())
    assert [(d.kind, d.name, d.before, d.after) for d in there] == [(d.kind, d.name, d.after, d.before) for d in back]


def test_what_a_step_says_it_touches_is_expected_and_nothing_else():
    def told(kind, name, before="", after="x"):
        return Difference(target="web1", kind=kind, name=name, before=before, after=after)

    step = Step(number=1, key="k", target="web1", title=T, command="true", proof="true", expected=T, touches=("orders.service", "/etc/shadow"))
    made = plan("corrections").model_copy(update={"steps": (step,)})
    meant = [told("service", "orders.service", "inactive enabled", "active disabled"), told("configuration", "/etc/shadow", "a", "b"),
             told("configuration", "/etc/systemd/system/multi-user.target.wants/orders.service"), told("port", "tcp *:8000", "", "orders")]
    assert unexpected(meant, made, "web1") == ()
    assert len(unexpected(meant, plan("corrections"), "web1")) == len(meant)
    others = [told("service", "nginx.service", "inactive enabled", "failed enabled"), told("configuration", "/etc/passwd", "a", "b"),
              told("configuration", "/etc/orders.service"), told("port", "tcp *:8000", "orders", "nc"), told("package", "orders", "1 ii", "2 ii")]
    assert unexpected(others, made, "web1") == tuple(others)


def test_the_planned_release_is_expected_under_its_folder():
    turned = Difference(target="web1", kind="release", name="/srv/orders", before="1.0.0", after="1.1.0")
    assert unexpected([turned], plan("release", orders="1.1.0"), "web1") == ()
    assert unexpected([turned.model_copy(update={"after": "1.2.0"})], plan("release", orders="1.1.0"), "web1") != ()


def test_a_check_that_a_migration_does_not_ask_of_the_fenced_host_surprises_nobody():
    fenced = [d for d in differences(survey(), survey(health=(Health(title=T, ok=False, detail=""),))) if d.kind == "health"]
    asked = Acceptance(target="web1", title=T, command="true")
    assert fenced and unexpected(fenced, plan("migration"), "web1") == ()
    assert unexpected(fenced, plan("migration").model_copy(update={"acceptance": (asked,)}), "web1") == tuple(fenced)
    assert unexpected(fenced, plan("packages"), "web1") == tuple(fenced)


def test_what_is_again_as_it_was_is_counted_and_the_rest_is_named():
    whole = likeness(survey(), survey())
    assert whole.same == {"configuration": 1, "package": 2, "service": 1, "cluster": 1, "release": 1, "rows": 1} and (whole.rows, whole.differing) == (100, ())
    less = likeness(survey(), survey(**cluster(101, "8"), configuration={"/etc/nginx/nginx.conf": "bb 644 0:0"}))
    assert (less.same["configuration"], less.same["rows"], less.rows) == (0, 0, 0) and {d.kind for d in less.differing} == {"configuration", "rows"}
