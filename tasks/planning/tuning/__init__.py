"""The plan of a tuning (R014): settings wished for and what the hosts say of them in, plan out. Pure.

On each host: every load before, the settings, what interrupts most last, every load after. Whether it is kept, the loads' own figures decide
(reports/records/measurement.py); that verdict is part of the acceptance, so a change that is not better is backed out like any other that failed.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache

from reports.records import Acceptance, Health, Measurement, Plan, Risk, Step, Survey, Text, same
from reports.records.measurement import wanted
from tasks.errors import BlockersFound
from tasks.operations.measuring import Load, measure
from tasks.operations.mend import Mend
from tasks.planning.roll_out import batches_of, held_up, require_surveyed, window_blockers, window_of
from tasks.planning.tuning.kinds import System, Tuned
from tasks.redaction import redact
from tasks.requests import LoadWish, SettingWish, TuningRequest
from tasks.sections import Answer, Part

PROCEDURE, KIND = "configuration-tuning", "tuning"
SCRIPTS = ("probe", "holds_before", "command", "proof", "undo", "undo_proof", "undo_holds")
WEIGHT = {"low": 0, "medium": 1, "high": 2}
LONGEST_S = 4 * 3600  # that loads may run on one host in all
MOST_LUCK = 5.0       # percent


BACK_OUT = Text(zh="任一步骤失败、任一验收检查不通过，或负载测量未达到判定标准时自动回退：配置文件按原内容、属主和权限恢复，运行中的值改回原值，并与之前比对。",
                en="By itself when a step or an acceptance check fails, or a load does not show what was required: files come back byte for byte with owner "
                   "and mode, the values in force are set back, and all is compared with the state before.")


@cache
def systems() -> tuple[System, ...]:
    """Every module beside this one that has a SYSTEM, in the order in which their steps come."""
    modules = (importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__))
    return tuple(sorted((module.SYSTEM for module in modules if hasattr(module, "SYSTEM")), key=lambda system: system.rank))


def questions(wishes: Sequence[SettingWish], survey: Survey) -> list[Part]:
    """What is to be asked of this host beside the survey. Raises BlockersFound for wishes that cannot be meant."""
    return [part for system in systems() if (of := _of(system, wishes)) for part in system.facts(of, survey)]


def _of(system: System, wishes: Sequence[SettingWish]) -> list[SettingWish]:
    return [wish for wish in wishes if wish.system == system.name]


def plan_tuning(number: str, request: TuningRequest, surveys: Mapping[str, Survey], wishes: Mapping[str, Sequence[SettingWish]],
                answers: Mapping[str, Mapping[str, Answer]], acceptance: Mapping[str, Sequence[Acceptance]], silent_in_copies: Iterable[str],
                plan_at: datetime) -> Plan:
    """The plan that sets what is wished for, as far as it is not so already.

    wishes: by host, what the form and the inspection's proposals ask for. answers: by host, what was said to `questions`.
    acceptance: the hosts' own checks. silent_in_copies: units that a simulated copy switches off.

    Raises:
        ProcedureError: a host was not surveyed.
    """
    hosts, silent = tuple(dict.fromkeys(request.hosts)), frozenset(silent_in_copies)
    require_surveyed(hosts, surveys)
    blockers = _of_form(request)
    tuned: dict[str, list[tuple[Tuned, bool]]] = {host: [] for host in hosts}
    for host in hosts if not blockers else ():
        for system in systems():
            if of := _of(system, wishes.get(host, ())):
                try:
                    found = system.tune(of, answers.get(host, {}), surveys[host])
                except BlockersFound as problem:
                    blockers.append(Text(zh=f"{host}：{problem.text.zh}。", en=f"{host}: {problem.text.en}."))
                    continue
                tuned[host] += [(one, system.on_copy and one.mend.on_copy and not silent & set(one.mend.touches)) for one in found]
    changed = tuple(host for host in hosts if tuned[host])
    if changed:
        blockers += window_blockers(request, plan_at)
        blockers += _unmeasurable(request, changed, tuned)
    if blockers:
        tuned, changed = {host: [] for host in hosts}, ()
    steps: list[Step] = []
    measurements: list[Measurement] = []
    for host in changed:
        loads = [(f"load-{count}", load, _shown(load, request, tuned[host])) for count, load in enumerate(request.loads, start=1)]
        measurements += [_measurement(host, key, load, on_copy) for key, load, on_copy in loads]
        steps += _steps(host, len(steps) + 1, loads, tuned[host])
    every = [one for host in changed for one, _ in tuned[host]]
    unwell = [(host, health) for host in changed for health in surveys[host].health if not health.ok]
    not_required = {(host, health.title) for host, health in unwell}
    made = Plan(
        change=number, procedure=PROCEDURE, kind=KIND, customer=request.customer, requester=request.requester, reason=request.reason,
        title=_title([change.name for one in every for change in one.settings] or [wish.name for of in wishes.values() for wish in of]),
        targets=hosts, batches=batches_of(changed or hosts, request.canaries, request.batch_size),
        facts={host: surveys[host].facts_digest() for host in hosts}, versions=(), media=(), improvements=(), steps=tuple(steps),
        acceptance=tuple(check for host in changed for check in acceptance.get(host, ()) if (host, check.title) not in not_required),
        window=window_of(request, plan_at), impact=_impact(every, measurements), risk=_risk(every, measurements, unwell),
        back_out=BACK_OUT,
        blockers=tuple(dict.fromkeys(blockers)), untested=_untested(tuned),
        settings=tuple(change for one in every for change in one.settings), measurements=tuple(measurements))
    return held_up(made)


def _of_form(request: TuningRequest) -> list[Text]:
    """What is wrong with the loads, whatever the hosts say."""
    found = []
    for load in request.loads:
        if load.better == "lower" and load.at_least_pct >= 100:
            found.append(Text(zh=f"负载“{load.title}”：数值越小越好时改善不可能达到 {load.at_least_pct:g} %；请填写小于 100 的数。",
                              en=f"The load '{load.title}': where lower is better nothing can be better by {load.at_least_pct:g} %; ask for less than 100."))
        if any(redact(text) != text for text in (load.command, load.prepare, load.clean)):
            found.append(Text(zh=f"负载“{load.title}”的命令中似有密码；方案会给客户看，请改用该账户自己的密码文件。",
                              en=f"The commands of the load '{load.title}' seem to hold a password, and the plan is shown; use a password file."))
    if sum(2 * _load(load).seconds for load in request.loads) > LONGEST_S:
        found.append(Text(zh=f"各负载在一台主机上合计最多运行 {LONGEST_S // 3600} 小时；请减少轮数或每轮时间。",
                          en=f"The loads may run {LONGEST_S // 3600} hours on a host in all; ask for fewer or shorter rounds."))
    if all(load.at_least_pct <= 0 for load in request.loads):
        found.append(Text(zh="至少一个负载须要求改善（大于 0 的百分比），否则无从判断是否保留。",
                          en="At least one load must have to be better (a percentage over 0): else nothing says why the change should be kept."))
    twice = [one for one in {(wish.system, wish.name, wish.at) for wish in request.settings}
             if sum((wish.system, wish.name, wish.at) == one for wish in request.settings) > 1]
    found += [Text(zh=f"{name} 填写了两次；每个参数只能填写一次。", en=f"{name} is named twice; name each setting once.") for _, name, _ in twice]
    return found


def _unmeasurable(request: TuningRequest, changed: Sequence[str], tuned: Mapping[str, Sequence[tuple[Tuned, bool]]]) -> list[Text]:
    """Loads that are to run in the rehearsal only, where that rehearsal cannot show the settings."""
    return [Text(zh=f"负载“{load.title}”只在演练中运行，但模拟副本无法体现 {host} 的这些参数；请指定演练主机，或允许在目标主机上运行。",
                 en=f"The load '{load.title}' is to run in the rehearsal only, and a simulated copy cannot show these settings of {host}; "
                    "name a staging host, or let it run on the host.")
            for host in changed for load in request.loads if load.where == "copy" and not request.rehearse_on and not any(shown for _, shown in tuned[host])]


def _shown(load: LoadWish, request: TuningRequest, tuned: Sequence[tuple[Tuned, bool]]) -> bool:
    """Whether a simulated copy runs this load: it is to, and every setting can be shown there."""
    return load.where != "host" and all(shown for _, shown in tuned)


def _load(wish: LoadWish) -> Load:
    return Load(title=same(wish.title), command=wish.command.strip(), words=wish.figure.strip(), run_as=wish.run_as, rounds=wish.rounds, limit_s=wish.limit_s,
                prepare=wish.prepare.strip(), clean=wish.clean.strip())


def _measurement(host: str, key: str, load: LoadWish, on_copy: bool) -> Measurement:
    return Measurement(key=key, target=host, title=same(load.title), unit=load.unit, better=load.better, at_least_pct=load.at_least_pct,
                       chance_pct=MOST_LUCK, rounds=load.rounds, seconds=2 * _load(load).seconds, on_copy=on_copy, on_host=load.where != "copy",
                       in_rehearsal=load.where != "host")


def _steps(host: str, first: int, loads: Sequence[tuple[str, LoadWish, bool]], tuned: Sequence[tuple[Tuned, bool]]) -> list[Step]:
    steps: list[Step] = []

    def add(key: str, mend: Mend, on_copy: bool, on_host: bool = True) -> None:
        saved = f'SAVED="$CHANGE_DIR/saved/{key}"\n' + (f"PORT={mend.port}\n" if mend.port else "")
        title = mend.title if on_host else Text(zh=f"{mend.title.zh}（仅在演练中）", en=f"{mend.title.en} (in the rehearsal only)")
        steps.append(Step(
            number=first + len(steps), key=key, target=host, title=title, expected=mend.expected, interrupts=mend.interrupts,
            time_limit_s=mend.time_limit_s, touches=mend.touches, on_copy=on_copy, on_host=on_host, confirm_s=mend.confirm_s, files=mend.files,
            **{script: saved + text if (text := getattr(mend, script)) else "" for script in SCRIPTS}))

    for key, load, on_copy in loads:
        add(f"measure-before-{key}", measure(_load(load), "before"), on_copy, load.where != "copy")
    for count, (one, on_copy) in enumerate(tuned, start=1):
        add(f"tune-{one.settings[0].system}-{count}", one.mend, on_copy)
    for key, load, on_copy in loads:
        add(f"measure-after-{key}", measure(_load(load), "after"), on_copy, load.where != "copy")
    return steps


def _title(names: Sequence[str]) -> Text:
    once = list(dict.fromkeys(names))
    told = once[:4]
    return Text(zh=f"配置优化：{'、'.join(told)}" + (f" 等 {len(once)} 项" if len(once) > 4 else ""),
                en=f"Configuration tuning: {', '.join(told)}" + (f" and {len(once) - 4} more" if len(once) > 4 else ""))


def _impact(every: Sequence[Tuned], measurements: Sequence[Measurement]) -> Text:
    noticed = list(dict.fromkeys(one.mend.title for one in every if one.mend.interrupts))
    zh = "逐台主机调整；" + (f"下列操作会短暂中断服务：{'、'.join(text.zh for text in noticed)}。" if noticed else "参数在线生效，不中断业务。")
    en = "Host by host. " + (f"Users notice: {', '.join(text.en for text in noticed)}." if noticed else "The settings come into force without an interruption.")
    live = [one for one in measurements if one.on_host]
    if live:
        most = max(sum(one.seconds for one in live if one.target == host) for host in {one.target for one in live})
        minutes = -(-most // 60)
        zh += f"负载测量在目标主机上运行，每台合计不超过 {minutes} 分钟，期间业务会变慢。"
        en += f" Loads run on the live system, {minutes} min at most on each host, and its users are slowed down meanwhile."
    return Text(zh=zh, en=en)


def _risk(every: Sequence[Tuned], measurements: Sequence[Measurement], unwell: Sequence[tuple[str, Health]]) -> Risk:
    level = max((one.mend.risk for one in every), key=WEIGHT.__getitem__, default="low")
    reasons = [Text(zh=f"{one.mend.title.zh}：{one.mend.breaks.zh}", en=f"{one.mend.title.en}: {one.mend.breaks.en}") for one in every if one.mend.breaks]
    reasons += [Text(zh=f"负载“{one.title.zh}”的判定标准：{wanted(one).zh}；达不到即回退",
                     en=f"the load '{one.title.en}' decides: {wanted(one).en}; else it is backed out") for one in measurements]
    reasons += [Text(zh=f"{host}：验收检查“{health.title.zh}”调整前已不通过，本次不作要求",
                     en=f"{host}: the check '{health.title.en}' fails before anything is changed, so it is not required") for host, health in unwell]
    return Risk(level=level, reasons=tuple(dict.fromkeys(reasons)) or (
        Text(zh="各参数改动前的值已保存，可自动回退", en="each value is saved before and set back by itself"),))


def _untested(tuned: Mapping[str, Sequence[tuple[Tuned, bool]]]) -> tuple[Text, ...]:
    hidden = list(dict.fromkeys(one.mend.title for of in tuned.values() for one, shown in of if not shown))
    if not hidden:
        return ()
    return (Text(zh=f"模拟副本无法演练，仅在指定演练主机时演练：{'、'.join(text.zh for text in hidden)}；相应的负载测量也只在目标主机上进行",
                 en=f"a simulated copy cannot show it, only a staging host can: {', '.join(text.en for text in hidden)}; "
                    "so the loads are measured on the host only"),)
