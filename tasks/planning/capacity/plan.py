"""The plan of a capacity expansion (R011): what each host needs in, plan out. Pure.

What can be taken back comes first on every host, what cannot comes last; and before that it is made sure that the goal can be reached at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from reports.records import Acceptance, Health, Plan, Risk, Step, Survey, Text
from tasks.planning.capacity.expansion import Act, Expansion
from tasks.planning.roll_out import batches_of, held_up, require_surveyed, window_blockers, window_of
from tasks.requests import CapacityRequest

PROCEDURE, KIND = "capacity-expansion", "capacity"
SCRIPTS = ("probe", "holds_before", "command", "proof", "undo", "undo_proof", "undo_holds")
WEIGHT = {"low": 0, "medium": 1, "high": 2}
TITLES = {"file_system": Text(zh="文件系统扩容", en="More room on a file system"), "swap": Text(zh="增加交换空间", en="More swap"),
          "tablespace": Text(zh="增加表空间", en="A tablespace on another file system"),
          "connections": Text(zh="提高数据库连接数", en="More database connections"), "limits": Text(zh="提高服务限额", en="Higher limits of a service"),
          "node": Text(zh="增加应用节点", en="An application node more")}


def plan_capacity(number: str, request: CapacityRequest, surveys: Mapping[str, Survey], found: Mapping[str, Expansion],
                  acceptance: Mapping[str, Sequence[Acceptance]], plan_at: datetime) -> Plan:
    """The plan that brings these hosts the room that is wanted.

    found: by host, what its kind of need says of it. acceptance: the hosts' own checks. Where there is room enough already a host gets no step;
    with no step and no blocker the plan says "nothing to do".

    Raises:
        ProcedureError: a host was not surveyed.
    """
    hosts = tuple(dict.fromkeys(request.hosts))
    require_surveyed(hosts, surveys)
    if request.node and not found[request.node.balancer].acts:  # it gets traffic already, or is held up
        of_node = found[request.node.host]
        found = {**found, request.node.host: replace(of_node, acts=tuple(act for act in of_node.acts if not act.turn))}
    blockers = [_on(host, blocker) for host in hosts for blocker in found[host].blockers]
    changed = tuple(host for host in hosts if found[host].acts)
    if changed:
        blockers += window_blockers(request, plan_at)
    acts = [(host, act) for host in changed for act in _last_what_stays(found[host].acts)]
    if request.node:
        acts.sort(key=lambda one: one[1].turn)
    steps = [_step(count, host, act) for count, (host, act) in enumerate(acts if not blockers else (), start=1)]
    unwell = [(host, health) for host in changed for health in surveys[host].health if not health.ok]
    not_required = {(host, health.title) for host, health in unwell}
    part = request.parts[0]
    made = Plan(
        change=number, procedure=PROCEDURE, kind=KIND, customer=request.customer, requester=request.requester, reason=request.reason,
        title=Text(zh=f"{TITLES[part].zh}（{'、'.join(hosts)}）", en=f"{TITLES[part].en}: {', '.join(hosts)}"), targets=hosts,
        # a node answers before it gets traffic, and gets none any more before it rests
        in_order=bool(request.node), batches=(hosts,) if request.node else batches_of(changed or hosts, request.canaries, request.batch_size),
        facts={host: surveys[host].facts_digest() for host in hosts},
        versions=(), improvements=(), media=(), steps=tuple(steps),
        acceptance=_acceptance(changed, found, acceptance, not_required),
        window=window_of(request, plan_at), impact=_impact(hosts, found), risk=_risk(changed, found, unwell), back_out=_back_out(changed, found),
        blockers=tuple(blockers), no_rehearsal=_not_rehearsed(request, steps), untested=_untested(changed, found))
    return held_up(made)


def _on(host: str, text: Text) -> Text:
    return Text(zh=f"{host}：{text.zh}", en=f"{host}: {text.en}")


def _last_what_stays(acts: Sequence[Act]) -> list[Act]:
    return sorted(acts, key=lambda act: act.no_return)


def _step(number: int, host: str, act: Act) -> Step:
    mend, where = act.mend, f'SAVED="$CHANGE_DIR/saved/{act.key}"\n' + (f"PORT={act.mend.port}\n" if act.mend.port else "")
    reads = not mend.undo and not act.no_return
    return Step(number=number, key=act.key, target=host, title=mend.title, expected=mend.expected, interrupts=mend.interrupts, changes=not reads,
                reversible="no" if act.no_return else "auto", point_of_no_return=act.no_return, time_limit_s=mend.time_limit_s, touches=mend.touches,
                on_copy=mend.on_copy, files=mend.files, **{script: where + text if (text := getattr(mend, script)) else "" for script in SCRIPTS})


def _acceptance(changed: Sequence[str], found: Mapping[str, Expansion], acceptance: Mapping[str, Sequence[Acceptance]],
                not_required: set[tuple[str, Text]]) -> tuple[Acceptance, ...]:
    """The hosts' own checks, then what was wanted, measured; one good answer of that is enough."""
    own = [check for host in changed for check in acceptance.get(host, ()) if (host, check.title) not in not_required]
    alone = {host for host in changed if not any(act.mend.on_copy for act in found[host].acts)}  # the copy of a balancer has no servers behind it
    own = [check.model_copy(update={"on_copy": False}) if check.target in alone else check for check in own]
    return (*own, *(Acceptance(target=host, title=one.title, command=one.command, steady_s=0, within_s=one.within_s, on_copy=one.on_copy,
                          reads=one.reads)
                    for host in changed for one in found[host].headroom))


def _impact(hosts: Sequence[str], found: Mapping[str, Expansion]) -> Text:
    needs = [_on(host, found[host].need) for host in hosts if found[host].need]
    noticed = [_on(host, found[host].noticed) for host in hosts if found[host].noticed]
    zh = "业务影响：" + "；".join(one.zh for one in noticed) + "。" if noticed else "不中断业务。"
    en = "Users notice: " + "; ".join(one.en for one in noticed) + "." if noticed else "Nobody notices it."
    return Text(zh="；".join(one.zh for one in needs) + f"。{zh}", en="; ".join(one.en for one in needs) + f". {en}")


def _risk(changed: Sequence[str], found: Mapping[str, Expansion], unwell: Sequence[tuple[str, Health]]) -> Risk:
    acts = [act.mend for host in changed for act in found[host].acts]
    reasons = [Text(zh=f"{mend.title.zh}：{mend.breaks.zh}", en=f"{mend.title.en}: {mend.breaks.en}") for mend in acts if mend.breaks]
    reasons += [Text(zh=f"{host}：验收检查“{health.title.zh}”变更前已不通过，本次不作要求",
                     en=f"{host}: the check '{health.title.en}' fails before anything is changed, so it is not required") for host, health in unwell]
    return Risk(level=max((mend.risk for mend in acts), key=WEIGHT.__getitem__, default="low"), reasons=tuple(dict.fromkeys(reasons)) or (
        Text(zh="先保存原状，可自动回退", en="what was is saved first, and brought back by itself"),))


def _back_out(changed: Sequence[str], found: Mapping[str, Expansion]) -> Text:
    stays = [_on(host, found[host].no_way_back) for host in changed if found[host].no_way_back]
    zh = "任一步骤失败，或事后测得的余量达不到目标时自动回退，恢复到变更前并与之前比对。"
    en = "By itself when a step fails or the room measured afterwards misses the goal: all is brought back, and compared with the state before."
    if stays:
        zh += "不可回退点：" + "；".join(one.zh for one in stays) + "。该步骤排在最后，执行前先核实目标可以达到。"
        en += " Point of no return: " + "; ".join(one.en for one in stays) + ". That step comes last, and is begun only if the goal can be reached."
    return Text(zh=zh, en=en)


def _untested(changed: Sequence[str], found: Mapping[str, Expansion]) -> tuple[Text, ...]:
    left = list(dict.fromkeys(act.mend.title for host in changed for act in found[host].acts if not act.mend.on_copy))
    if not left:
        return ()
    return (Text(zh=f"模拟副本无法演练，仅在指定演练主机时演练：{'、'.join(one.zh for one in left)}",
                 en=f"a simulated copy cannot show it, only a staging host can: {', '.join(one.en for one in left)}"),)


def _not_rehearsed(request: CapacityRequest, steps: Sequence[Step]) -> Text | None:
    """A copy of which no step could be shown would prove nothing, and is not made."""
    if request.rehearse_on or not steps or any(step.on_copy for step in steps):
        return None
    return Text(zh="所有步骤均无法在模拟副本上演练（副本没有自己的磁盘、交换空间和后端节点）；如需演练，请指定演练主机",
                en="no step can be shown on a simulated copy, which has neither disks and swap of its own nor servers behind it; a staging host can show it")
