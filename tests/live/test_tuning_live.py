"""Settings of every system on a real host: set, seen in force, brought back to the byte; what cannot be meant is refused first (R014)."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import pytest

from blocks.host_access import HostAccess
from deployments.inventory import read_inventory
from reports.records import Plan
from reports.records.measurement import effects_of
from tasks import lifecycle, remote, running
from tasks.planning.tuning import plan_tuning, questions
from tasks.requests import TuningRequest
from tasks.sections import compose, take_apart

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
LOAD = {"title": "figure", "command": "echo 1", "rounds": 3, "limit_s": 5, "where": "host"}
_serial = itertools.count(1)


@pytest.fixture(scope="module")
def hosts(lab) -> dict[str, HostAccess]:
    lab.up(["web1", "db1", "tomcat1"])
    found = {host.name: host for host in read_inventory(lab.inventory).hosts}
    yield found
    remote.disconnect_all()


@pytest.fixture(scope="module")
def surveys(hosts):
    """As a plan has them; taken once, since only facts that do not change here are asked of them."""
    return {name: lifecycle.read_survey(hosts[name], "before 1") for name in ("web1", "db1", "tomcat1")}


def planned(hosts, surveys, name: str, *settings: dict) -> Plan:
    request = TuningRequest(customer="bureau", hosts=[name], settings=list(settings), loads=[LOAD], requester="x", reason="x")
    parts = questions(request.settings, surveys[name])
    with remote.connected(hosts[name]) as far:
        answers = take_apart(far.run(compose(parts), timeout_s=120).out, [part.name for part in parts], name)
    number = f"CHG-{datetime.now(UTC):%Y%m%d}-{700 + next(_serial)}"
    return plan_tuning(number, request, surveys, {name: request.settings}, {name: answers}, {}, (), NOW)


@pytest.fixture
def clear(lab):
    yield
    for name in ("web1", "db1", "tomcat1"):
        lab.exec(name, "rm -rf /var/lib/standfast/changes/CHG-*-7*")


POSTGRESQL = """f=/var/lib/postgresql/15/main/postgresql.auto.conf; sha256sum $f; stat -c '%a %U:%G' $f; ls -A /var/lib/postgresql/15/main | sort
runuser -u postgres -- psql -XAt -c "select name, setting, pending_restart from pg_settings where name in
  ('work_mem', 'shared_buffers', 'random_page_cost')" """
NGINX = "find /etc/nginx -type f -exec stat -c '%a %U:%G %n' {} + -exec sha256sum {} + | sort; nginx -T 2>&1 | sha256sum; systemctl is-active nginx"
MARIADB = """find /etc/mysql -type f -exec stat -c '%a %U:%G %n' {} + -exec sha256sum {} + | sort
mariadb -NBe "show global variables where variable_name in ('sort_buffer_size', 'innodb_buffer_pool_size', 'innodb_log_file_size', 'slow_query_log')" """
TOMCAT = """f=/etc/default/tomcat10; sha256sum $f; stat -c '%a %U:%G' $f; ls -A /etc/default
for p in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$p 2>/dev/null | grep -o ' -X[^ ]*\\| -D[^ ]*' ; done | sort"""
KERNEL = "ls -A /etc/sysctl.d; cat /proc/sys/net/core/somaxconn /proc/sys/net/ipv4/tcp_rmem; cat /etc/sysctl.d/zz-standfast.conf 2>&1 || true"

CASES = {
    "postgresql, by a reload": ("web1", POSTGRESQL, [("postgresql", "work_mem", "64MB", ""), ("postgresql", "random_page_cost", "1.1", "")],
                                {"work_mem": "64MB", "random_page_cost": "1.1"}),
    "postgresql, by a restart": ("web1", POSTGRESQL, [("postgresql", "shared_buffers", "160MB", "5432")], {"shared_buffers": "160MB"}),
    "nginx, where it stands": ("web1", NGINX, [("nginx", "worker_connections", "1024", "")], {"worker_connections": "1024"}),
    "nginx, in a file of its own": ("web1", NGINX, [("nginx", "gzip_comp_level", "9", "")], {"gzip_comp_level": "9"}),
    "mariadb, in the running server": ("db1", MARIADB, [("mariadb", "sort_buffer_size", "4M", ""), ("mariadb", "slow-query-log", "on", ""),
                                                        ("mariadb", "innodb_buffer_pool_size", "128M", "")],
                                       {"sort_buffer_size": "4194304", "slow_query_log": "ON", "innodb_buffer_pool_size": "134217728"}),
    "mariadb, by a restart": ("db1", MARIADB, [("mariadb", "innodb_read_io_threads", "8", "")], {"innodb_read_io_threads": "8"}),
    "java, by a restart": ("tomcat1", TOMCAT, [("jvm", "-Xmx", "300m", "tomcat10"), ("jvm", "-XX:UseSerialGC", "on", "tomcat10")],
                           {"-Xmx": "-Xmx300m", "-XX:UseSerialGC": "-XX:+UseSerialGC"}),
}


def settings_of(wishes) -> list[dict]:
    return [dict(zip(("system", "name", "value", "at"), wish, strict=True)) for wish in wishes]


def there_and_back(lab, hosts, surveys, name, look, wishes, effects) -> None:
    before = lab.must(name, look)
    plan = planned(hosts, surveys, name, *settings_of(wishes))
    assert not plan.blockers, plan.blockers
    assert len(plan.settings) == len(wishes) and all(change.before and change.source for change in plan.settings)
    running.deliver(hosts[name], plan, {})
    steps = [step for step in plan.steps if step.key.startswith("tune-")]
    done = [running.attempt(hosts[name], plan.change, step, "carry out", 1, print) for step in steps]
    assert all(one.result == "done" for one in done), done
    assert effects_of(done, name) == effects
    assert lab.must(name, look) != before
    again = [running.attempt(hosts[name], plan.change, step, "carry out", 2, print) for step in steps]
    assert all(one.result == "nothing to do" for one in again), again
    assert planned(hosts, surveys, name, *settings_of(wishes)).nothing_to_do
    for count in (1, 2):
        undone = [running.attempt(hosts[name], plan.change, step, "undo", count, print) for step in reversed(steps)]
        assert all(one.result == "done" for one in undone), undone
    assert lab.must(name, look) == before
    assert effects_of(undone, name).keys() == effects.keys() and not set(effects_of(undone, name).items()) & set(effects.items())


@pytest.mark.parametrize("case", CASES)
def test_set_in_force_and_back_to_the_byte(lab, hosts, surveys, clear, case):
    there_and_back(lab, hosts, surveys, *CASES[case])


def test_the_kernel_where_it_can_be_told(lab, hosts, surveys, clear):
    """A container may set what is its own; the guard of settings of the network is stood down by new logins."""
    lab.must("web1", "mount -o remount,bind,rw /proc/sys")
    try:
        wished = {"net.core.somaxconn": "1024", "net.ipv4.tcp_rmem": "4096 131072 4194304"}
        there_and_back(lab, hosts, surveys, "web1", KERNEL, [("kernel", name, value, "") for name, value in wished.items()], wished)
    finally:
        lab.must("web1", "mount -o remount,bind,ro /proc/sys")


def test_a_server_that_does_not_start_with_it_comes_back(lab, hosts, surveys, clear):
    """The machine has too little room for what the server's own program would take: the step fails, and its undo needs no server that answers."""
    before = lab.must("web1", POSTGRESQL)
    plan = planned(hosts, surveys, "web1", {"system": "postgresql", "name": "shared_buffers", "value": "160MB"},
                   {"system": "postgresql", "name": "shared_preload_libraries", "value": "not_there"})
    assert not plan.blockers
    running.deliver(hosts["web1"], plan, {})
    step = next(step for step in plan.steps if step.key.startswith("tune-"))
    done = running.attempt(hosts["web1"], plan.change, step, "carry out", 1, print)
    assert done.result == "failed", done
    assert lab.exec("web1", "systemctl is-active postgresql@15-main")[1].strip() == "failed"
    undone = running.attempt(hosts["web1"], plan.change, step, "undo", 1, print)
    assert undone.result == "done", undone
    assert lab.must("web1", POSTGRESQL) == before


def test_what_somebody_else_set_meanwhile_stays(lab, hosts, surveys, clear):
    ask = "runuser -u postgres -- psql -XAt"
    before = lab.must("web1", f"{ask} -c 'show work_mem'").strip()
    plan = planned(hosts, surveys, "web1", {"system": "postgresql", "name": "work_mem", "value": "64MB"})
    running.deliver(hosts["web1"], plan, {})
    step = next(step for step in plan.steps if step.key.startswith("tune-"))
    assert running.attempt(hosts["web1"], plan.change, step, "carry out", 1, print).result == "done"
    lab.must("web1", f"{ask} -c \"alter system set log_min_duration_statement = '7s'\" -c 'select pg_reload_conf()'")
    assert running.attempt(hosts["web1"], plan.change, step, "undo", 1, print).result == "done"
    assert lab.must("web1", f"{ask} -c 'show work_mem' -c 'show log_min_duration_statement'").split() == [before, "7s"]
    lab.must("web1", f"{ask} -c 'alter system reset log_min_duration_statement' -c 'select pg_reload_conf()'")


BAD = {
    "no such setting of postgresql": ("web1", "postgresql", "work_memory", "64MB", "", "has no setting work_memory"),
    "no size": ("web1", "postgresql", "work_mem", "much", "", "does not take work_mem = much (64 to 2147483647 of kB)"),
    "900 TB": ("web1", "postgresql", "shared_buffers", "900TB", "", "does not take shared_buffers = 900TB (16 to 1073741823 of 8kB)"),
    "more than there is": ("web1", "postgresql", "shared_buffers", "4TB", "", "is more than 75% of the memory"),
    "none of the choices": ("web1", "postgresql", "synchronous_commit", "maybe", "", "(one of local, remote_write, remote_apply, on, off)"),
    "cannot be set": ("web1", "postgresql", "block_size", "16384", "", "cannot be set for the whole server"),
    "set for a role": ("web1", "postgresql", "temp_buffers", "32MB", "", "is also set for role orders, which overrides"),
    "no such port": ("web1", "postgresql", "work_mem", "8MB", "5999", "on port 5999 of web1 does not answer"),
    "no such directive": ("web1", "nginx", "gzip_level", "9", "", "unknown directive"),
    "value out of range": ("web1", "nginx", "gzip_comp_level", "99", "", "must be between 1 and 9"),
    "another file decides": ("web1", "nginx", "proxy_read_timeout", "5s", "", "is also set in /etc/nginx/sites-enabled/orders, line"),
    "container": ("web1", "kernel", "vm.swappiness", "10", "", "cannot be set on web1; in a container its host decides"),
    "no such setting of the kernel": ("web1", "kernel", "vm.swap", "10", "", "has no setting vm.swap"),
    "nothing of MariaDB": ("web1", "mariadb", "sort_buffer_size", "1M", "", "does not answer (there is no MariaDB on this host)"),
    "no such setting of mariadb": ("db1", "mariadb", "sort_buffer", "1M", "", "has no setting sort_buffer"),
    "too large for mariadb": ("db1", "mariadb", "innodb_buffer_pool_size", "900T", "", "is more than 80% of the memory"),
    "out of range for mariadb": ("db1", "mariadb", "max_connections", "0", "", "is out of range (10 to 100000)"),
    "no choice of mariadb": ("db1", "mariadb", "innodb_flush_method", "fast", "", "takes one of"),
    "no option of java": ("tomcat1", "jvm", "-XX:NoSuchThing", "7", "tomcat10", "Java does not take -XX:NoSuchThing=7 (Unrecognized VM option"),
    "no memory for java": ("tomcat1", "jvm", "-Xmx", "900t", "tomcat10", "Java does not take -Xmx900t"),
    "more than there is for java": ("tomcat1", "jvm", "-Xmx", "100g", "tomcat10", "is more than 80% of the memory"),
    "no such unit": ("tomcat1", "jvm", "-Xmx", "100m", "tomcat99", "no Java runs in tomcat99.service"),
}


@pytest.fixture(scope="module")
def overridden(lab, hosts):
    lab.must("web1", "runuser -u postgres -- psql -XAtc \"alter role orders set temp_buffers = '16MB'\"")
    yield
    lab.must("web1", "runuser -u postgres -- psql -XAtc 'alter role orders reset temp_buffers'")


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_meant_is_refused_in_one_sentence(lab, hosts, surveys, overridden, case):
    name, *wish, told = BAD[case]
    plan = planned(hosts, surveys, name, *settings_of([wish]))
    assert len(plan.blockers) == 1 and told in plan.blockers[0].en and not plan.steps, plan.blockers
    assert plan.blockers[0].zh != plan.blockers[0].en and plan.blockers[0].en.count("\n") == 0
