"""The host's own updates begin nothing while a change works on packages, and run again afterwards however it ended."""

from __future__ import annotations

import pytest

from tasks.operations.update_timers import TIMERS
from tests.live.drive import Desk, facts, healthy
from tests.live.test_faults import step_number, until_done
from tests.live.test_kinds import backed_out
from tests.live.test_upgrade import NGINX

pytestmark = pytest.mark.long

# The lab masks the timers. What they start does nothing here, and ends when it is told to; apt notes how they stand whenever it calls dpkg.
LIKE_A_HOST_IN_USE = f"""
systemctl unmask -q apt-daily.timer apt-daily.service apt-daily-upgrade.timer apt-daily-upgrade.service
for unit in apt-daily apt-daily-upgrade; do
  mkdir -p /run/systemd/system/$unit.service.d
  printf '[Service]\\nExecStartPre=\\nExecStart=\\nExecStart=/bin/sh -c "until [ -e /run/update-ends ]; do sleep 0.1; done"\\n' \\
    >/run/systemd/system/$unit.service.d/lab.conf
done
systemctl daemon-reload
systemctl start {" ".join(TIMERS)}
cat >/etc/apt/apt.conf.d/99lab <<'END'
DPkg::Pre-Invoke {{"systemctl is-active {" ".join(TIMERS)} >>/root/seen || :";}};
DPkg::Post-Invoke {{"[ ! -e /root/spoil ] || {{ rm /root/spoil; echo spoilt >>/etc/nginx/nginx.conf; }}";}};
END
"""


@pytest.fixture
def desk(lab, fresh_web1, server, tmp_path):
    lab.must("web1", LIKE_A_HOST_IN_USE)
    yield Desk.open(lab, tmp_path, server.environment)
    lab.reset("web1")  # with its timers masked, as the other tests expect it


def timers(lab) -> set[str]:
    """How the timers stand."""
    return set(lab.exec("web1", f"systemctl is-active {' '.join(TIMERS)}")[1].split())


def seen_by_dpkg(lab) -> set[str]:
    """How they stood whenever dpkg was called since this was last asked."""
    return set(lab.must("web1", "cat /root/seen; rm /root/seen").split())


def test_updates_pause_and_run_again_whatever_is_killed(desk, lab):
    before = facts(lab)
    assert timers(lab) == {"active"}
    # An update is at work, and is waited for; then whoever drives is killed in the middle, and the change is taken up.
    number = desk.approved(**NGINX)
    lab.must("web1", "systemctl start --no-block apt-daily.service")
    driver = desk.begin("carry-out", number)
    desk.wait_for(number, "step begun", step=step_number(desk, number, "pause-updates"))
    lab.until("web1", f"! systemctl -q is-active {' '.join(TIMERS)}")
    assert lab.exec("web1", "systemctl is-active apt-daily.service")[1].strip() == "activating", "what has begun is not cut off"
    lab.must("web1", "touch /run/update-ends")
    desk.wait_for(number, "step begun", step=step_number(desk, number, "upgrade-packages"))
    driver.kill()
    driver.wait()
    assert timers(lab) == {"inactive"}
    assert until_done(desk, number) == 0 and desk.closure(number) == "successful", desk.run("status", number).stdout
    assert seen_by_dpkg(lab) == {"inactive"} and timers(lab) == {"active"}
    backed_out(desk, number)
    assert seen_by_dpkg(lab) == {"inactive"} and timers(lab) == {"active"}
    assert facts(lab) == before and healthy(lab)

    # A step fails, and the driver is killed while it backs out.
    number = desk.approved(**NGINX)
    lab.must("web1", "touch /root/spoil")
    driver = desk.begin("carry-out", number)
    desk.wait_for(number, "undo begun", step=step_number(desk, number, "upgrade-packages"))
    driver.kill()
    driver.wait()
    assert timers(lab) == {"inactive"}
    assert until_done(desk, number) == 3, desk.run("status", number).stdout
    assert seen_by_dpkg(lab) == {"inactive"} and timers(lab) == {"active"}
    assert facts(lab) == before and healthy(lab)
