"""CFG-05c Services that die and are started again and again (R132 系统配置检查)."""

from __future__ import annotations

from collections.abc import Iterator

from reports.records import Text
from tasks.checks.configuration import UNITS, units
from tasks.checks.kinds import HostCheck, Known, Limit, Limits, Row, not_applicable, ok, whole


def judge(found: dict[str, dict[str, str]], limits: Limits, known: Known) -> Iterator[Row]:
    counted = {name: whole(told["NRestarts"], "NRestarts") for name, told in found.items() if told.get("NRestarts", "").isdigit()}
    if not counted:
        yield not_applicable("systemd 235 之前不计数", "systemd does not count restarts before 235")
        return
    bad = False
    for name, count in counted.items():
        before = known.before.get(name)
        new = count - (before.value if before and before.value is not None and before.value <= count else 0)
        looping = found[name].get("SubState") == "auto-restart"
        outcome = max(limits["restarts"].grade(new), limits["looping"].grade(int(looping)), key=lambda outcome: outcome.weight)
        if count:
            bad = True
            yield Row(outcome, f"{name} 被自动重启 {count} 次,新增 {new:.0f} 次", f"{name} was restarted {count} times, {new:.0f} of them new", object=name,
                      value=count, unit="restarts")
        elif looping:
            bad = True
            yield Row(outcome, f"{name} 正在等待自动重启", f"{name} waits to be started again", object=name, value=0, unit="restarts")
    if not bad:
        yield ok("没有服务被自动重启过", "no service had to be started again")


CHECK = HostCheck(
    id="CFG-05c",
    title=Text(zh="反复重启的服务", en="Services that keep dying"),
    chapter="configuration",
    command=UNITS,
    parse=units,
    judge=judge,
    limits={"restarts": Limit(5, 50, "new restarts", "own judgement"), "looping": Limit(1, None, "waits for a restart", "own judgement")},
    remedy=Text(zh="journalctl -u <单元>:查明每次退出的原因", en="journalctl -u <unit>: find out why it ends"),
    source="systemd.service(5); org.freedesktop.systemd1(5), NRestarts",
)
