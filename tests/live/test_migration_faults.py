"""What breaks in the middle of a migration, on real hosts: who may serve afterwards, and that no acknowledged order is lost, ever."""

from __future__ import annotations

import time

import pytest

from deployments.lab import Lab
from reports.records import Plan, StepOutcome
from tasks import desk as the_desk
from tasks import lifecycle, peers, running
from tasks.procedures import system_migration
from tests.live import moving
from tests.live.drive import Desk
from tests.live.test_migration import NEW_HOST

pytestmark = pytest.mark.long


class Moving:
    """One migration, step by step, as carrying out does it; a client writes all the time."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        request = system_migration.complete(system_migration.Request(**moving.request()))
        self.number = lifecycle.open_change("system-migration", request.model_dump(mode="json"))
        self.plan: Plan = lifecycle.make_plan(self.number, 1, print)
        lifecycle.require_no_blockers(self.plan)
        hosts = [the_desk.host(name) for name in self.plan.targets]
        for host in hosts:
            running.deliver(host, self.plan, {})
        peers.introduce(hosts, self.number)
        self.tries: dict[tuple[str, str], int] = {}

    def attempt(self, key: str, action: running.Action) -> StepOutcome:
        step = next(step for step in self.plan.steps if step.key == key)
        count = self.tries[key, action] = self.tries.get((key, action), 0) + 1
        return running.attempt(the_desk.host(step.target), self.number, step, action, count, print, patience_s=30)

    def up_to(self, last: str) -> None:
        for step in self.plan.steps:
            outcome = self.attempt(step.key, "carry out")
            assert outcome.result in ("done", "nothing to do"), (step.key, outcome.problem.en, outcome.output[-800:])
            if step.key == last:
                return

    def undo(self, *keys: str) -> None:
        for key in keys:
            outcome = self.attempt(key, "undo")
            assert outcome.result == "done", (key, outcome.problem.en, outcome.output[-800:])

    def undo_before(self, first: str) -> None:
        """All that came before this step, last first."""
        keys = [step.key for step in self.plan.steps if step.undo]
        self.undo(*reversed(keys[:keys.index(first)]))


@pytest.fixture
def ready(lab, fresh_web1, tmp_path, monkeypatch):
    lab.reset("web2")
    moving.make_ready(lab)
    Desk.open(lab, tmp_path, {}, web2=NEW_HOST)
    monkeypatch.setenv("STANDFAST_INVENTORY", str(tmp_path / "inventory.yaml"))
    the_desk.forget_what_is_kept()
    yield Moving(lab)
    the_desk.forget_what_is_kept()
    lab.reset("web2")


def writing(lab: Lab) -> moving.Writer:
    return moving.Writer(lab.host("web1").services["http"])


def goes_on(writer: moving.Writer) -> bool:
    """Whether further orders are acknowledged."""
    count, end = len(writer.taken), time.monotonic() + 60
    while len(writer.taken) < count + 3 and time.monotonic() < end:
        time.sleep(0.2)
    return len(writer.taken) >= count + 3


def test_the_old_host_comes_back_alone_if_the_new_one_dies_before_it_got_the_turn(lab, ready):
    with writing(lab) as writer:
        ready.up_to("fence")
        lab.must("web2", "systemctl stop postgresql@15-main ssh.socket ssh; pkill -x sshd || :")
        ready.undo("fence")
        assert goes_on(writer), "orders are taken again"
    assert moving.lost(lab, "web1", writer) == (set(), set(), 0)


def test_the_old_host_stays_fenced_while_the_new_one_may_hold_orders(lab, ready):
    """The new host got the turn and took orders, then it is gone: nobody may guess. When it is back, everything comes home."""
    with writing(lab) as writer:
        ready.up_to("front-door")
        time.sleep(1)
        ready.undo("front-door")
        lab.must("web2", "systemctl stop ssh.socket ssh; pkill -x sshd || :")
        refused = ready.attempt("fence", "undo")
        assert refused.result == "failed" and "it may hold what was written since" in refused.output
        assert lab.must("web1", "systemctl is-active postgresql@15-main || :").strip() in ("inactive", "failed")
        lab.must("web2", "systemctl start ssh")
        for key in ("replica", "files", "accounts"):  # an undo that is asked for too early harms nothing
            early = ready.attempt(key, "undo")
            assert early.result == "failed" and "this host serves" in early.output
        ready.undo("open", "fence")
        time.sleep(1)
    assert moving.lost(lab, "web1", writer) == (set(), set(), 0), "also what only the new host had"
    ready.undo_before("fence")


def test_no_way_back_is_said_before_anything_is_stopped(lab, ready):
    with writing(lab) as writer:
        ready.up_to("front-door")
        lab.must("web2", "su postgres -c \"psql -q -c 'select pg_drop_replication_slot(slot_name) from pg_replication_slots'\"")
        refused = ready.attempt("open", "undo")
        assert refused.result == "failed" and "no way back keeps what was written since" in refused.output
        assert goes_on(writer), "the new host goes on serving"
    assert moving.lost(lab, "web2", writer) == (set(), set(), 0)


@pytest.mark.parametrize("key, at", [("replica", "web2"), ("fence", "web1"), ("open", "web2"), ("front-door", "web1")])
def test_a_step_that_is_killed_half_way_is_finished_by_the_next_attempt(lab, ready, key, at):
    with writing(lab) as writer:
        ready.up_to({"replica": "replication", "fence": "caught-up", "open": "fence", "front-door": "open"}[key])
        number = next(step.number for step in ready.plan.steps if step.key == key)
        lab.must(at, f"""cat >/root/kill <<'END'
n=0; while [ $n -lt 2000 ]; do n=$((n + 1))
  if [ -e /var/lib/standfast/changes/{ready.number}/steps/{number:02d}-{key}/carry-out-1/started ]; then
    sleep 0.2; systemctl kill -s KILL --kill-who=all standfast-{ready.number.lower()}-{number:02d}-carry-out-1.service; exit
  fi
  sleep 0.02
done
END
systemd-run --quiet --collect --unit=kill sh /root/kill""")
        first = ready.attempt(key, "carry out")
        again = ready.attempt(key, "carry out") if first.result == "interrupted" else first
        assert again.result in ("done", "nothing to do"), (first.result, again.problem.en, again.output[-800:])
        ready.undo(*(step.key for step in reversed(ready.plan.steps) if step.undo and step.number <= number))
        time.sleep(1)
    assert moving.lost(lab, "web1", writer) == (set(), set(), 0)


def test_a_replica_that_is_gone_stops_it_before_anybody_notices(lab, ready):
    with writing(lab) as writer:
        ready.up_to("caught-up")
        lab.must("web2", "systemctl stop postgresql@15-main")
        lab.must("web1", """n=0; until [ "$(su postgres -c "psql -At -c 'select count(*) from pg_stat_replication'")" = 0 ]; do
          sleep 0.1; n=$((n+1)); [ $n -lt 200 ]; done""")
        refused = ready.attempt("fence", "carry out")
        assert refused.result == "failed" and "no replica is connected; nothing was stopped" in refused.output
        assert goes_on(writer) and not writer.refused
        ready.undo_before("fence")
    assert moving.lost(lab, "web1", writer) == (set(), set(), 0)
