"""Capacity expansion: what is wanted, from figures and from findings; the plans; and every step as shell text (R011)."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from pydantic import ValidationError

from reports.archive import inspections
from reports.documents import render_plan_text
from reports.records import Acceptance, CheckRow, Outcome, Survey, TargetRead, Text
from tasks import inspection, mending
from tasks.errors import BlockersFound, UnreadableOutput
from tasks.operations import file_system as file_system_operation
from tasks.operations import swap as swap_operation
from tasks.operations import upstream
from tasks.planning.capacity import balancer, connections, file_system, limits, node, swap, tablespace
from tasks.planning.capacity.expansion import Expansion
from tasks.planning.capacity.plan import SCRIPTS, plan_capacity
from tasks.procedures import capacity_expansion
from tasks.requests import CapacityRequest, ConnectionLimit, FileSystemGrowth, InspectionRequest, NewNode, ServiceLimits, SwapSpace, Tablespace
from tasks.verification import _answered

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
GIB = 1 << 30
WHO = {"customer": "bureau", "requester": "张工", "reason": "磁盘将满"}


def told(kind: str = "xfs", *, bytes_: int = 10 * GIB, device: int = 10 * GIB, used: float = 0.9, more: str = "") -> str:
    kib = bytes_ // 1024
    return f"""kind={kind}
options=rw,relatime
device=/dev/sdb
size_kib={kib}
used_kib={int(kib * used)}
free_kib={kib - int(kib * used)}
device_bytes={device}
bytes={bytes_}
{more}"""


def grown(output: str, **wanted) -> Expansion:
    return file_system.expand(FileSystemGrowth(mount="/srv/data", **wanted), file_system.parse(output))


def keys(found: Expansion) -> list[str]:
    return [act.key for act in found.acts]


@pytest.mark.parametrize(("kind", "unmount", "way_back"), [("xfs", False, False), ("btrfs", False, True), ("ext4", False, False), ("ext4", True, True)])
def test_a_file_system_grows_to_its_device_and_what_cannot_shrink_has_no_way_back(kind, unmount, way_back):
    found = grown(told(kind, device=20 * GIB), unmount=unmount)
    act, = found.acts
    assert not found.blockers and act.no_return is not way_back and bool(act.mend.undo) is way_back and bool(found.no_way_back) is not way_back
    assert act.mend.interrupts is unmount, "only an ext4 that may be unmounted can be noticed"
    assert "-ge 5242880" in found.headroom[0].command, "a quarter of the twenty GiB that it will have"


def test_room_enough_is_nothing_to_do_and_the_most_of_what_is_wanted_counts():
    assert not grown(told(used=0.7, device=20 * GIB)).acts
    assert keys(grown(told(used=0.7, device=20 * GIB), free_mib=4096)) == ["grow-file-system"]
    lasting = grown(told(used=0.7, device=20 * GIB), lasts_days=100, grows_mib_per_day=40)
    assert keys(lasting) == ["grow-file-system"] and "to last 100 days at 40.0 MiB a day" in lasting.need.en


def test_a_target_that_is_too_small_is_told_before_anything_is_touched():
    blocked = grown(told(device=11 * GIB))
    assert not blocked.acts and "misses the goal" in blocked.blockers[0].en and "达不到目标" in blocked.blockers[0].zh
    small_group = told(more=f"volume=data:orders:linear:{10 * GIB}:{GIB}:4194304")
    assert "data/orders can have 11.0 GiB at most" in grown(small_group).blockers[0].en
    assert "snapshot" not in grown(told(more=f"volume=data:orders:thin:{10 * GIB}:{90 * GIB}:4194304")).blockers[0].en


def test_a_volume_is_extended_by_whole_extents_as_far_as_the_goal_needs_and_before_the_file_system():
    found = grown(told(more=f"volume=data:orders:linear:{10 * GIB}:{90 * GIB}:4194304"))
    assert keys(found) == ["extend-volume", "grow-file-system"] and [act.no_return for act in found.acts] == [False, True]
    to_bytes = int(found.acts[0].mend.command.split("wanted=")[1].split("\n")[0])
    assert to_bytes % 4194304 == 0 and 12 * GIB < to_bytes < 13 * GIB, "9 GiB of use are three quarters of 12"
    assert "lvreduce" in found.acts[0].mend.undo and "in_use" in found.acts[0].mend.undo


def test_a_volume_gets_besides_what_its_file_system_keeps_for_root_and_for_inodes():
    """Read on a real ext4 of 256 MiB: of 304 MiB more it gave 272."""
    def target(own_pct: int) -> int:
        more = f"volume=data:pages:linear:{256 << 20}:{768 << 20}:4194304\nown_pct={own_pct}"
        found = grown(told("ext4", bytes_=256 << 20, device=256 << 20, used=0.16, more=more), free_mib=500)
        return int(found.acts[0].mend.command.split("wanted=")[1].split("\n")[0])
    gain = (target(12) - (256 << 20)) * 0.896
    assert gain >= (500 << 20) - (256 << 20) * 0.84 and target(3) < target(12)


@pytest.mark.parametrize(("output", "said"), [
    ("kind=\n", "Nothing is mounted"), (told("zfs"), "grows ext4, XFS and btrfs"), (told().replace("rw,", "ro,"), "mounted read-only"),
    (told(more="missing-xfs_growfs=yes\n", device=20 * GIB), "xfs_growfs is not installed"), (told(device=0), "cannot be read")])
def test_what_stands_in_the_way_is_said(output, said):
    assert said in grown(output, free_mib=1 << 20).blockers[0].en


def test_an_answer_that_makes_no_sense_is_no_answer():
    with pytest.raises(UnreadableOutput):
        file_system.parse("kind=xfs\n")
    with pytest.raises(UnreadableOutput):
        swap.parse("")


def test_swap_is_added_as_far_as_the_goal_needs():
    facts = swap.parse("SwapTotal=1048576\nSwapFree=524288\n")
    assert not swap.expand(SwapSpace(free_mib=500), facts).acts
    added = swap.expand(SwapSpace(free_mib=1024, path="/srv/swap"), facts)
    assert keys(added) == ["add-swap"] and "mib=513" in added.acts[0].mend.command and "/srv/swap none swap" in added.acts[0].mend.files[0].after[0]
    assert "misses the goal" in swap.expand(SwapSpace(mib=10, free_mib=4096), facts).blockers[0].en


@pytest.mark.parametrize("bad", [{}, {"hosts": ["web1"]}, {"hosts": ["web1"], "swap": {}}, {"hosts": ["web1"], "file_system": {"mount": "/a b"}},
                                 {"hosts": ["web1"], "file_system": {"mount": "/a;id"}}, {"swap": {"mib": 5}}, {"finding": "RES-01 web1 /"},
                                 {"hosts": ["web1"], "swap": {"mib": 5}, "file_system": {"mount": "/a"}},
                                 {"hosts": ["web1"], "file_system": {"mount": "/a", "stop": ["x; id"]}}])
def test_a_request_says_one_thing_that_is_wanted(bad):
    with pytest.raises(ValidationError):
        CapacityRequest(**WHO, **bad)


def survey(host: str) -> Survey:
    return Survey(target=host, when="before 1", taken_at=NOW, os_id="debian", os_version="12", os_name="Debian 12", kernel="6.1", architecture="amd64",
                  package_manager="apt")


def planned(**found: Expansion):
    request = CapacityRequest(**WHO, hosts=list(found), file_system=FileSystemGrowth(mount="/srv/data"))
    own = {host: (Acceptance(target=host, title=Text(zh="首页", en="Front page"), command="true"),) for host in found}
    return plan_capacity("CHG-20261123-001", request, {host: survey(host) for host in found}, found, own, NOW)


def test_the_plan_names_the_point_of_no_return_and_puts_it_last():
    plan = planned(web1=grown(told(more=f"volume=data:orders:linear:{10 * GIB}:{90 * GIB}:4194304")), web2=grown(told(used=0.5)))
    assert [step.key for step in plan.steps] == ["extend-volume", "grow-file-system"] and plan.point_of_no_return == plan.steps[-1]
    assert plan.steps[-1].reversible == "no" and "Point of no return: web1: xfs cannot be made smaller" in plan.back_out.en
    assert plan.batches == (("web1",),) and {check.target for check in plan.acceptance} == {"web1"} and not plan.steps[-1].on_copy
    for language in ("zh", "en"):
        assert "/srv/data" in render_plan_text(plan, language)


def test_a_blocker_on_one_host_holds_all_and_room_enough_is_nothing_to_do():
    plan = planned(web1=grown(told("btrfs", device=20 * GIB)), web2=grown(told(device=11 * GIB)))
    assert not plan.steps and plan.blockers[0].en.startswith("web2: ")
    assert planned(web1=grown(told(used=0.5))).nothing_to_do


NODE = {"host": "web2", "balancer": "web1", "file": "/etc/nginx/conf.d/orders.conf", "group": "orders", "address": "192.0.2.2:80",
        "packages": ["nginx", "curl=7.88"], "services": ["nginx.service"], "health": "http://127.0.0.1/health", "version": "1.1.0", "through": "http://127.0.0.1/health"}
LACKS = "package:nginx=\npackage:curl=7.88\nunit:nginx.service=inactive disabled\nend=yes\n"
HAS = "file=yes\nruns=yes\nserver:192.0.2.1:80=yes\n"


def with_node(node_says: str = LACKS, balancer_says: str = HAS):
    request = capacity_expansion.complete(CapacityRequest(**WHO, node=NewNode(**NODE)))
    found = {"web2": node.expand(request.node, node.parse(node_says)), "web1": balancer.expand(request.node, balancer.parse(balancer_says))}
    own = {host: (Acceptance(target=host, title=Text(zh="首页", en="Front page"), command="true"),) for host in found}
    return plan_capacity("CHG-20261123-001", request, {host: survey(host) for host in found}, found, own, NOW)


def test_a_node_answers_before_it_gets_traffic_and_little_traffic_comes_first():
    plan = with_node()
    assert plan.in_order and plan.targets == ("web2", "web1") and plan.point_of_no_return is None
    assert [(step.target, step.key) for step in plan.steps] == [("web2", "install-packages"), ("web2", "start-1"), ("web1", "join-canary"),
                                                                ("web2", "takes-part"), ("web1", "join-whole")]
    assert [step.changes for step in plan.steps] == [True, True, True, False, True]
    assert [bool(step.undo_holds) for step in plan.steps][-1], "what somebody else wrote into the balancer's file is told before a back-out is approved"
    assert "wished=nginx\n" in plan.steps[0].command, "what is there in the version wanted is left alone"
    on_copy = {(check.target, check.title.en.split(" ")[0]): check.on_copy for check in plan.acceptance}
    assert on_copy == {("web2", "Front"): True, ("web2", "The"): True, ("web1", "Front"): False, ("web1", "Under"): False}
    assert [step.key for step in with_node(balancer_says=HAS + "server:192.0.2.2:80=yes\n").steps] == ["install-packages", "start-1"], "it is there already"
    built = with_node(LACKS.replace("nginx=\n", "nginx=1.22\n").replace("inactive disabled", "active enabled"))
    assert [step.key for step in built.steps] == ["join-canary", "takes-part", "join-whole"] and built.no_rehearsal


@pytest.mark.parametrize(("node_says", "balancer_says", "said"), [
    (LACKS, "file=no\nruns=yes\n", "has no group orders"), (LACKS, HAS.replace("runs=yes", "runs=no"), "nginx does not run"),
    (LACKS.replace("7.88", "7.74"), HAS, "other versions of curl=7.88"), (LACKS, HAS + "missing-ss=yes\n", "ss is not installed")])
def test_what_stands_in_a_nodes_way_is_said(node_says, balancer_says, said):
    assert any(said in blocker.en for blocker in with_node(node_says, balancer_says).blockers)


NGINX = """upstream other { server 192.0.2.9:80; }
upstream orders {
    # keepalive 8;
    server 192.0.2.1:80 max_fails=2;
    server 192.0.2.7:80 weight=3;
}
server { listen 80; location / { proxy_pass http://orders; } }
"""
HAPROXY = """frontend all
    default_backend orders
backend orders
    server web1 192.0.2.1:80 check
backend other
    server web9 192.0.2.9:80 check
"""


@pytest.mark.parametrize(("by", "before", "canary", "whole"), [
    ("nginx", NGINX, ["192.0.2.1:80 max_fails=2 weight=19;", "192.0.2.7:80 weight=57;", "192.0.2.2:80 weight=4;"],
     ["192.0.2.1:80 max_fails=2;", "192.0.2.7:80 weight=3;", "192.0.2.2:80 weight=2;"]),
    ("haproxy", HAPROXY, ["web1 192.0.2.1:80 check weight 19", "web2 192.0.2.2:80 check weight 1"],
     ["web1 192.0.2.1:80 check", "web2 192.0.2.2:80 check weight 2"])])
def test_the_group_alone_changes_and_the_canary_gets_one_in_twenty(tmp_path, by, before, canary, whole):
    file = tmp_path / "file"
    file.write_text(before)
    head = upstream.join("whole", by, str(file), "orders", "192.0.2.2:80", "web2", weight=2, url="http://x/", requests=1).command.split("umask")[0]
    for how, wanted in (("canary", canary), ("whole", whole)):
        done = subprocess.run(["sh", "-c", f'{head}\nedited {how} <"$file"'], text=True, capture_output=True, check=True)
        lines = [line.strip() for line in done.stdout.splitlines()]
        servers = [line.removeprefix("server ") for line in lines if line.startswith("server ") and not line.startswith("server {") and ".9" not in line]
        assert servers == wanted
        assert [line for line in lines if line.replace(" ", "") in before.replace(" ", "")] and ".9:80" in done.stdout
    asked = balancer.facts_script(NewNode(**{**NODE, "file": str(file), "by": by}))
    told = balancer.parse(subprocess.run(["sh", "-c", asked], text=True, capture_output=True, check=True).stdout)
    assert "192.0.2.1:80" in told.servers and "192.0.2.9:80" not in told.servers


def test_connections_are_raised_by_what_the_goal_needs_and_never_past_a_standby():
    facts = connections.parse("cluster=15/main\navailable_kib=4000000\nmost=100\nkept=3\ntaken=40\nstandby=false\nstandbys=0\n")
    assert not connections.expand(ConnectionLimit(free=57), facts).acts
    raised = connections.expand(ConnectionLimit(free=100), facts)
    assert keys(raised) == ["set-max-connections"] and "'ALTER SYSTEM SET max_connections = '\"'\"'150'" in raised.acts[0].mend.command
    assert raised.noticed and "100 more sessions" in raised.headroom[0].title.en
    for wrong, said in (({"standbys": 1}, "on the standbys first"), ({"available_kib": 100_000}, "use a pool"), ({"cluster": ""}, "No PostgreSQL cluster")):
        assert said in connections.expand(ConnectionLimit(free=100), replace(facts, **wrong)).blockers[0].en
    assert "misses the goal" in connections.expand(ConnectionLimit(free=100, to=120), facts).blockers[0].en


SHOWN = "LoadState=loaded\nActiveState=active\nLimitNOFILE=524288\nLimitNOFILESoft=1024\nMemoryMax=268435456\nTasksMax=infinity\ntotal_kib=4000000\n"


def test_limits_are_raised_and_never_lowered_or_set_where_there_are_none():
    facts = limits.parse(SHOWN)
    raised = limits.expand(ServiceLimits(unit="orders.service", files=4096, memory_mib=128, tasks=99), facts).acts[0].mend
    assert raised.files[0].after == ("LimitNOFILE=4096:524288",) and raised.interrupts
    assert not limits.expand(ServiceLimits(unit="orders.service", files=1000, memory_mib=256), facts).acts
    assert limits.expand(ServiceLimits(unit="orders.service", memory_mib=999_999), facts).blockers
    assert limits.expand(ServiceLimits(unit="orders.service", files=4096), limits.parse(SHOWN.replace("loaded", "not-found"))).blockers


ROOM = "data=/var/lib/postgresql/15/main\nfree_kib=1000000\nmount=/srv/fast\ndata_free_kib=1000\ndata_mount=/\nlies=\ntable:public.orders=500000\n"


def test_a_tablespace_lies_on_another_file_system_with_room_for_what_moves():
    wanted = Tablespace(name="fast", path="/srv/fast/pg", database="orders", tables=["public.orders"], data_free_mib=400)
    assert keys(tablespace.expand(wanted, tablespace.parse(ROOM))) == ["create-tablespace", "move-table-1"]
    for was, now, said in (("mount=/srv/fast", "mount=/", "nothing is gained"), ("free_kib=1000000", "free_kib=500000", "too small"),
                           ("=500000", "=-1", "no table public.orders"), ("lies=", "lies=/elsewhere", "lies in /elsewhere already"),
                           ("orders=500000", "orders=5000", "move more tables")):
        assert any(said in one.en for one in tablespace.expand(wanted, tablespace.parse(ROOM.replace(was, now, 1))).blockers), said


@pytest.mark.parametrize("operation, of", [(file_system_operation, ("/", 1)), (swap_operation, (0,))], ids=["file system", "swap"])
def test_what_is_measured_afterwards_reads_in_the_papers_language(operation, of):
    """The host answers with figures alone; what does not look like that is shown as it came."""
    ran = subprocess.run(["sh", "-eu", "-c", operation.headroom(*of)], capture_output=True, text=True, check=True)
    check = Acceptance(target="web1", title=Text(zh="余量", en="room"), command="true", reads=operation.headroom_reads(*of))
    seen, figures = _answered(check, ran.stdout.strip()), ran.stdout.split()[1:]
    assert figures and all(figure in seen.zh and figure in seen.en for figure in figures) and "{" not in seen.zh + seen.en
    assert "目标不少于" in seen.zh and "at least" in seen.en and "figures" not in seen.en
    assert _answered(check, "df: /: Permission denied").zh == "df: /: Permission denied"


def test_every_script_is_shell():
    acts = [act for kind in ("xfs", "ext4", "btrfs") for act in grown(told(kind, device=20 * GIB), unmount=True, stop=["orders.service"]).acts]
    acts += grown(told(more=f"volume=data:orders:linear:{10 * GIB}:{90 * GIB}:4194304")).acts
    acts += swap.expand(SwapSpace(mib=64), swap.Facts(0, 0)).acts
    space = Tablespace(name="fast", path="/srv/fast/pg", database="orders", tables=["orders"])
    service = ServiceLimits(unit="orders.service", files=4096, memory_mib=512, tasks=99, load_url="http://127.0.0.1:8000/health")
    found = [tablespace.expand(space, tablespace.parse(ROOM)), limits.expand(service, limits.parse(SHOWN)), node.expand(NewNode(**NODE), node.parse(LACKS)),
             connections.expand(ConnectionLimit(free=100), connections.Facts("15/main", 100, 3, 40, False, 0, 4000000)),
             *(balancer.expand(NewNode(**{**NODE, "by": by}), balancer.parse(HAS)) for by in ("nginx", "haproxy"))]
    acts += [act for one in found for act in one.acts]
    scripts = [(act.key, getattr(act.mend, script)) for act in acts for script in SCRIPTS]
    scripts += [(one.title.en, one.command) for each in found for one in each.headroom]
    scripts += [(module.__name__, module.facts_script(part)) for module, part in (
        (file_system, FileSystemGrowth(mount="/srv")), (swap, SwapSpace(mib=1)), (tablespace, space), (limits, service), (node, NewNode(**NODE)),
        (balancer, NewNode(**NODE)), (connections, ConnectionLimit(free=1)))]
    for name, script in scripts:
        done = subprocess.run(["sh", "-n"], input=script, text=True, capture_output=True, check=False)
        assert done.returncode == 0, f"{name}: {done.stderr}"


# --- the need from an inspection --------------------------------------------------------------------------------------------

def inspected(office, *days: int) -> str:
    """Inspections so many days apart, in which /srv/data fills by 100 MiB a day; returns the last one's number."""
    for day in days:
        moment = NOW + timedelta(days=day)
        with patch.object(office, "now", lambda at=moment: at):
            number = inspection.open_inspection("system-inspection", InspectionRequest(customer="bureau"))
            rows = (CheckRow(target="web1", check="RES-01", object="/srv/data", outcome=Outcome.WARNING, value=(8000 + 100 * day) << 20,
                             capacity=20000 << 20, unit="bytes", says=Text(zh="将满", en="fills")),
                    CheckRow(target="web1", check="RES-07", outcome=Outcome.CRITICAL, value=950 << 20, capacity=1000 << 20, unit="bytes",
                             says=Text(zh="交换", en="swap")))
            inspections.file_targets(office.archive(), inspection.inspection(number),
                                     [TargetRead(target="web1", kind="host", read_at=moment, seconds=1.0, rows=rows)])
    return number


def test_a_finding_brings_its_host_and_the_forecast_growth(office):
    number = inspected(office, 0, 30, 60)
    asked = capacity_expansion.complete(CapacityRequest(**WHO, inspection=number, finding="RES-01 web1 /srv/data"))
    assert asked.hosts == ["web1"] and asked.file_system.mount == "/srv/data"
    assert abs(asked.file_system.grows_mib_per_day - 100) < 2 and asked.file_system.lasts_days == 180
    own = FileSystemGrowth(mount="/srv/data", lasts_days=30, grows_mib_per_day=5)
    assert capacity_expansion.complete(CapacityRequest(**WHO, inspection=number, finding="RES-01 web1", file_system=own)).file_system.grows_mib_per_day == 5
    assert capacity_expansion.complete(CapacityRequest(**WHO, inspection=number, finding="RES-07 web1")).swap.mib == 1024, "of 1,900 MiB half are taken"


def test_a_finding_without_history_asks_for_room_alone(office):
    asked = capacity_expansion.complete(CapacityRequest(**WHO, inspection=inspected(office, 0), finding="RES-01 web1 /srv/data"))
    assert asked.file_system.lasts_days == 0 and asked.file_system.free_pct == 25


@pytest.mark.parametrize("finding", ["RES-01 web2 /srv/data", "RES-01 web1 /other", "CFG-01 web1"])
def test_a_finding_that_is_not_there_is_refused(office, finding):
    with pytest.raises(BlockersFound):
        capacity_expansion.complete(CapacityRequest(**WHO, inspection=inspected(office, 0), finding=finding))


def test_mending_opens_an_expansion_for_each_thing_that_becomes_full(office):
    number = inspected(office, 0)
    found, left = mending.openings(number, [], [], requester="张工")
    assert [(one.procedure, one.request.parts) for one in found] == [("capacity-expansion", ["file_system"]), ("capacity-expansion", ["swap"])] and not left
    one, = mending.openings(number, ["RES-01 web1"], [], requester="张工")[0]
    assert one.request.file_system.mount == "/srv/data" and number in one.request.reason
    with pytest.raises(BlockersFound):
        mending.openings(number, ["RES-01 web2"], [], requester="张工")
