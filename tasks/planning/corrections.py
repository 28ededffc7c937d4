"""The plan that puts right what an inspection (R006, R013) or a security check (R008) found: findings and readings in, plan out. Pure.

How a finding is mended stands in its check's or control's own file; here those mends become the steps of one change. Those that change the same
file become one step, and so do all paths that one control wants narrowed. What can lock somebody out (a control says so) is carried out under the
host's own guard.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from reports.records import Acceptance, CheckRow, Health, Improvement, LeftOut, Outcome, Plan, Risk, Step, Survey, Text
from tasks.checks.kinds import Check, DatabaseCheck, mender_of
from tasks.checks.reading import Reading, object_of
from tasks.controls.kinds import HARDENING, Control
from tasks.errors import BlockersFound, ProcedureError
from tasks.operations.attributes import Narrowing, together
from tasks.operations.file_lines import FileLines, joined
from tasks.operations.installed import PLACE, install
from tasks.operations.mend import Mend
from tasks.planning.roll_out import batches_of, held_up, require_surveyed, window_blockers, window_of
from tasks.requests import CorrectionRequest, HardeningRequest

PROCEDURE, KIND = "corrective-maintenance", "corrections"
CONFIRM_S = 120  # time for new logins, before the host takes a step back that could have locked everybody out
# First what nobody notices, last what decides who gets in at all.
FAMILIES = ("files", "banners", "mounts", "kernel", "modules", "services", "time", "updates", "auditing", "logging", "postgresql", "mysql", "accounts",
            "sudo", "ssh", "passwords", "firewall")
BAD = (Outcome.CRITICAL, Outcome.WARNING)
SCRIPTS = ("probe", "holds_before", "command", "proof", "undo", "undo_proof", "undo_holds")
WEIGHT = {"low": 0, "medium": 1, "high": 2}
SETTLED_S = 2  # even what is right at once is asked a second time before it counts as not mended
NAMED = 6
NOT_READ = Text(zh="未能重新检查", en="it could not be read anew")


def chosen(findings: Iterable[CheckRow], wishes: Sequence[str], targets: Sequence[str], checks: Mapping[str, Check]) -> list[CheckRow]:
    """The findings that a request means: those it names, or all whose check says how they are mended.

    Raises:
        BlockersFound: a wish that names no finding, or one that is not mended by this procedure; or nothing that could be.
    """
    there = [row for row in findings if not targets or row.target in targets]
    if not wishes:
        if able := [row for row in there if row.check in checks and mender_of(checks[row.check])]:
            return able
        if not there:
            raise BlockersFound("There is nothing to do: nothing was found to be at fault here, or what was is excepted since",
                                "无需操作：所选范围内没有发现问题，或发现的问题此后已列为例外")
        raise BlockersFound("Nothing was found here that this procedure could mend; the report says what is done by hand or by another procedure",
                            "所选范围内没有可由本流程整改的问题；人工处理或由其他流程办理的问题见报告")
    found: dict[CheckRow, None] = {}
    for wish in wishes:
        check, target, name = (*wish.split(" ", 2), "", "")[:3]
        meant = [row for row in there if row.check == check and target in ("", row.target) and name in ("", row.object)]
        if not meant and checks and check not in checks:
            raise _unknown(check)
        if not meant:
            raise BlockersFound(f"There is no finding “{wish}” here; see the table of findings in the report",
                                f"所选范围内没有问题“{wish}”；请核对报告中的问题清单")
        if check not in checks or not mender_of(checks[check]):
            why = _another_way(check, checks.get(check))
            raise BlockersFound(why.en, why.zh)
        found |= dict.fromkeys(meant)
    return list(found)


def _unknown(check: str) -> BlockersFound:
    what, zh, command = ("control", "控制项", "controls") if check.startswith("H-") else ("check", "检查项", "checks")
    return BlockersFound(f"there is no {what} {check}; see the list with: standfast {command}", f"没有{zh} {check}；可用 standfast {command} 查看全部")


def _another_way(name: str, check: Check | None) -> Text:
    if check is None:
        return Text(zh=f"检查项 {name} 已不存在", en=f"there is no check {name} any more")
    if check.remedy_operation:
        return Text(zh=f"检查项 {name}（{check.title.zh}）由流程 {check.remedy_operation} 办理",
                    en=f"{name} ({check.title.en}) is dealt with by the procedure {check.remedy_operation}")
    return Text(zh=f"检查项 {name}（{check.title.zh}）须人工处理：{check.remedy.zh}", en=f"{name} ({check.title.en}) is dealt with by hand: {check.remedy.en}")


@dataclass(frozen=True)
class _Able:
    """A finding that still stands, and how it is mended: on which host; port: of its database server, 0 for a finding of the host itself.

    on_copy: a simulated copy can show that.
    """

    host: str
    port: int
    row: CheckRow
    check: Check
    mend: Mend
    on_copy: bool


def plan_corrections(number: str, request: CorrectionRequest | HardeningRequest, surveys: Mapping[str, Survey], findings: Sequence[CheckRow],
                     checks: Mapping[str, Check], readings: Mapping[str, Mapping[str, Reading]], acceptance: Mapping[str, Sequence[Acceptance]],
                     silent_in_copies: Iterable[str], plan_at: datetime, databases: Mapping[str, tuple[str, int]] | None = None,
                     refused: Mapping[tuple[str, str], str] | None = None, unread: Sequence[CheckRow] = ()) -> Plan:
    """The plan that mends these findings, as far as they still stand.

    readings: by target and check, read just now. acceptance: the hosts' own checks. silent_in_copies: units that a simulated copy switches off.
    databases: by name, the host and port of each database server whose place is known.
    refused: by host and key, what a host said against a step of the plan without this; it is left out, and the plan says why.
    unread: what the inspection itself could not read, so nobody knows whether it is well; the plan names those that it could have mended.
    A finding that is gone meanwhile gets no step; with no step and no blocker the plan says "nothing to do". One that a person has to mend
    is a blocker if it was asked for by name, or, but in a hardening, if there is no other; else it is left out and the plan says so.
    One that could not be read anew is a blocker where nothing else is done.

    Raises:
        ProcedureError: a host was not surveyed.
    """
    hosts, silent = tuple(dict.fromkeys(request.hosts)), frozenset(silent_in_copies)
    require_surveyed(hosts, surveys)
    hardening = isinstance(request, HardeningRequest)
    work = "加固" if hardening else "整改"
    able: list[_Able] = []
    left: list[LeftOut] = []
    for row in findings:
        now = _as_it_is_now(row, checks[row.check], readings.get(row.target, {}).get(row.check))
        host, port = (databases or {}).get(row.target, ("", 0)) if isinstance(checks[row.check], DatabaseCheck) else (row.target, 0)
        if isinstance(now, Mend) and host not in hosts:
            now = Text(zh="台账没有写明该数据库运行在哪台主机上", en="the inventory does not say on which host this database server runs")
        if isinstance(now, Mend):
            mend = _guarded(checks[row.check], now)
            able.append(_Able(host, port, row, checks[row.check], mend, mend.on_copy and not silent & set(mend.touches)))
        elif now is not None:
            left.append(LeftOut(target=row.target, check=row.check, object=row.object, why=now))
    groups = [group for host in hosts for group in _groups(host, [one for one in able if one.host == host])]
    gone = {id(one): said for group in groups if (said := (refused or {}).get((group.host, group.key))) for one in group.ones}
    left += [LeftOut(target=one.row.target, check=one.row.check, object=one.row.object,
                     why=Text(zh=f"主机上的前提不成立（{said}）", en=f"the host says: {said}")) for one in able if (said := gone.get(id(one)))]
    able = [one for one in able if id(one) not in gone]
    groups = [group for host in hosts for group in _groups(host, [one for one in able if one.host == host])] if gone else groups
    blockers = window_blockers(request, plan_at) if able else []
    # Asked for by name, or nothing else is done: that must not be overlooked. What only people can do is no reason why a hardening had something to do.
    standing = left if request.findings or not (able or hardening) else [] if able else [one for one in left if one.why.en.startswith(NOT_READ.en)]
    blockers += [_left(one, checks[one.check]) for one in standing]
    left = [one for one in left if one not in standing]
    left += [LeftOut(target=row.target, check=row.check, object=row.object, why=_not_read_then(row))
             for row in unread if row.check in checks and mender_of(checks[row.check])]
    if blockers:
        able, groups = [], []
    steps = [_step_of(number, group) for number, group in enumerate(groups, start=1)]
    changed = tuple(host for host in hosts if any(step.target == host for step in steps))
    unwell = [(host, health) for host in changed for health in surveys[host].health if not health.ok]
    not_required = {(host, health.title) for host, health in unwell}
    made = Plan(
        change=number, procedure=HARDENING if hardening else PROCEDURE, kind="hardening" if hardening else KIND,
        customer=request.customer, requester=request.requester, reason=request.reason,
        title=_title(request, len(able)),
        targets=hosts, batches=batches_of(changed or hosts, request.canaries, request.batch_size),
        facts={host: surveys[host].facts_digest() for host in hosts}, versions=(), media=(), steps=tuple(steps),
        improvements=tuple(Improvement(name=one.row.check, version="", kind="fix", text=_on(one.row.target, one.row.says)) for one in able),
        acceptance=(*(check for host in changed for check in acceptance.get(host, ()) if (host, check.title) not in not_required),
                    *(check for host in changed for check in _promised(host, [one for one in able if one.host == host]))),
        window=window_of(request, plan_at), impact=_impact(work, able, [_left(one, checks[one.check]) for one in left]),
        risk=_risk(work, able, unwell),
        back_out=Text(zh=f"任一步骤失败，或复查仍发现该问题时自动回退：按保存的属主、权限、启动状态和内容逐项恢复到{work}前，并与之前比对。",
                      en="By itself when a step fails or the check still finds fault: owners, modes, states and contents are brought back as they were saved, "
                         "and compared with the state before."),
        blockers=tuple(blockers), untested=_untested(able), left=tuple(left))
    return held_up(made)


def _as_it_is_now(row: CheckRow, check: Check, reading: Reading | None) -> Mend | Text | None:
    """How the finding is mended, or why it is not; None: it is gone."""
    if reading is None:
        return NOT_READ
    now = next((one for one in reading.rows if object_of(one) == row.object and one.outcome in BAD), None)
    if now is None:
        unread = next((one for one in reading.rows if one.outcome is Outcome.UNKNOWN), None)
        return Text(zh=f"{NOT_READ.zh}（{unread.zh}）", en=f"{NOT_READ.en} ({unread.en})") if unread else None
    mender = mender_of(check)
    if mender is None or reading.answer is None:
        return NOT_READ
    try:
        return mender(now, reading.answer, reading.known)
    except ProcedureError as problem:  # a name that no operation accepts
        return problem.text


def _not_read_then(row: CheckRow) -> Text:
    return Text(zh=f"检查时未能读取，是否符合尚不清楚，请重新检查（{row.says.zh}）",
                en=f"it could not be read then, so nobody knows whether it is well; check again ({row.says.en})")


def _title(request: CorrectionRequest | HardeningRequest, n: int) -> Text:
    some = f"{n} finding{'s' * (n != 1)}"
    if isinstance(request, HardeningRequest):
        return Text(zh=f"{request.inspection} 不符合项安全加固（{n} 项）", en=f"Security hardening after {request.inspection}: {some}")
    return Text(zh=f"{request.inspection} 发现问题整改（{n} 项）", en=f"Corrective maintenance after {request.inspection}: {some}")


def _guarded(check: Check, mend: Mend) -> Mend:
    """What a control says of its risk, and its guard, become its mend's."""
    if not isinstance(check, Control):
        return mend
    return replace(mend, risk=check.risk, breaks=check.breaks or mend.breaks, confirm_s=CONFIRM_S if check.cuts_off else mend.confirm_s)


def _left(one: LeftOut, check: Check) -> Text:
    place = f"{one.target} {one.object}".strip()
    return Text(zh=f"{one.check} {check.title.zh}（{place}）：{one.why.zh}。", en=f"{one.check} {check.title.en} ({place}): {one.why.en}.")


def _on(host: str, text: Text) -> Text:
    return Text(zh=f"{host}：{text.zh}", en=f"{host}: {text.en}")


def _listed(texts: Iterable[Text]) -> Text:
    """The first few, each once, and that there are more."""
    once = list(dict.fromkeys(texts))
    more = len(once) > NAMED
    return Text(zh="、".join(text.zh for text in once[:NAMED]) + (f" 等 {len(once)} 项" if more else ""),
                en=", ".join(text.en for text in once[:NAMED]) + (f" and {len(once) - NAMED} more" if more else ""))


@dataclass(frozen=True)
class _Group:
    """What becomes one step. key: the step's. packages: it installs what the others need."""

    host: str
    key: str
    ones: tuple[_Able, ...]
    packages: bool = False


def _groups(host: str, able: Sequence[_Able]) -> list[_Group]:
    """Packages that any of them needs come first, then what users do not notice and weighs little, of controls by their families. A unit that several
    complain of is started once, and a file that several change is written once."""
    ordered = sorted(able, key=lambda one: (one.mend.last, _family(one.check), one.mend.interrupts, WEIGHT[one.mend.risk], one.row.check))
    once: dict[object, list[_Able]] = {PLACE: needing} if (needing := [one for one in ordered if one.mend.packages]) else {}
    for one in ordered:
        if one.mend.touches != (PLACE,):
            once.setdefault(_done_at_once(one), []).append(one)
    found: list[_Group] = []
    for what, ones in once.items():
        key = f"mend-{ones[0].row.check.lower()}-"
        found.append(_Group(host, f"{key}{sum(group.key.startswith(key) for group in found) + 1}", tuple(ones), what == PLACE))
    return found


def _step_of(number: int, group: _Group) -> Step:
    checks = list(dict.fromkeys(one.row.check for one in group.ones))
    mend = install(name for one in group.ones for name in one.mend.packages) if group.packages else _one_of(group.ones)
    port, name = group.ones[0].port, ", ".join(checks[:NAMED]) + (f" (+{len(checks) - NAMED})" if len(checks) > NAMED else "")
    saved = f'SAVED="$CHANGE_DIR/saved/{group.key}"\n' + (f"PORT={port}\n" if port else "")
    needs = " ".join(sorted({need for one in group.ones for need in one.mend.packages} if not group.packages else ()))
    if needs and mend.holds_before:  # asked while planning, too
        mend = replace(mend, holds_before=f"""for one in {needs}; do  # the first step installs it; dpkg also lists what others only suggest
  [ "$(dpkg-query -W -f '${{db:Status-Status}}' "$one" 2>/dev/null)" = installed ] || exit 0
done
{mend.holds_before}""")
    return Step(
        number=number, key=group.key, target=group.host, title=Text(zh=f"{name}：{mend.title.zh}", en=f"{name}: {mend.title.en}"),
        expected=mend.expected, interrupts=mend.interrupts, time_limit_s=mend.time_limit_s, touches=mend.touches,
        on_copy=group.packages or group.ones[0].on_copy, confirm_s=mend.confirm_s, files=mend.files, mends=tuple(checks),
        **{script: saved + text if (text := getattr(mend, script)) else "" for script in SCRIPTS})


def _done_at_once(one: _Able) -> object:
    """What is equal for mends that become one step."""
    mend = one.mend
    if isinstance(mend.part, FileLines):
        return replace(mend.part, lines=())
    if isinstance(mend.part, Narrowing) and isinstance(one.check, Control) and not one.port:
        return one.check.id
    only_units = not one.port and not any(name.startswith("/") for name in mend.touches)
    return mend.touches if only_units else (one.port, mend.command)


def _family(check: Check) -> int:
    return FAMILIES.index(check.family) if isinstance(check, Control) and check.family in FAMILIES else 0


def _one_of(ones: Sequence[_Able]) -> Mend:
    """One mend for all: the lines of all in their file, all that is narrowed, or else the one that does most (started and enabled, not only started)."""
    parts = [one.mend.part for one in ones if one.mend.part]
    if len(parts) < 2:
        return max((one.mend for one in ones), key=lambda mend: len(mend.command))
    if narrowings := [part for part in parts if isinstance(part, Narrowing)]:
        whole = together(narrowings, _listed(part.title for part in narrowings)).mend()
        return replace(ones[0].mend, **{script: getattr(whole, script) for script in SCRIPTS}, title=whole.title, touches=whole.touches)
    whole = joined(part for part in parts if isinstance(part, FileLines)).mend()
    was = tuple(dict.fromkeys(line for one in ones for line in one.mend.files[0].before))
    change, *beside = whole.files
    return replace(whole, confirm_s=max(one.mend.confirm_s for one in ones), files=(change.model_copy(update={"before": was}), *beside))


def _promised(host: str, able: Sequence[_Able]) -> list[Acceptance]:
    """Each check once more, over the objects that were mended: by its own parse and judge, as in an inspection."""
    promised = []

    def kind(one: _Able) -> tuple[str, str, bool]:
        return one.row.check, one.row.target if one.port else "", one.on_copy

    for check, database, on_copy in sorted({kind(one) for one in able}):
        ones = [one for one in able if kind(one) == (check, database, on_copy)]
        objects = tuple(dict.fromkeys(one.row.object for one in ones))
        told = _listed(Text(zh=name, en=name) for name in objects if name)
        title = ones[0].check.title
        zh, en = ("控制项", "Control") if isinstance(ones[0].check, Control) else ("巡检项", "Check")
        promised.append(Acceptance(
            target=host, check=check, objects=objects, database=database, on_copy=on_copy, command=_asked(ones[0].check),
            steady_s=max(one.mend.steady_s for one in ones), within_s=max(SETTLED_S, *(one.mend.settles_s for one in ones)),
            title=Text(zh=f"{zh} {check}“{title.zh}”复查正常" + (f"：{told.zh}" if told else ""),
                       en=f"{en} {check}, {title.en}, finds no fault any more" + (f": {told.en}" if told else ""))))
    return promised


def _asked(check: Check) -> str:
    """What the check asks, word for word; of a query the text for the newest servers."""
    return (check.queries[max(check.queries)] if isinstance(check, DatabaseCheck) else getattr(check, "command", "")).strip()


def _impact(work: str, able: Sequence[_Able], left: Sequence[Text]) -> Text:
    noticed = _listed(one.mend.title for one in able if one.mend.interrupts)
    zh = f"逐台主机{work}；" + (f"下列操作会短暂中断服务：{noticed.zh}。" if noticed else "不中断业务。")
    en = "Host by host. " + (f"Users notice: {noticed.en}." if noticed else "Nobody notices it.")
    if left:
        zh += f"不在本次{work}之内：" + "".join(text.zh for text in left)
        en += " Left out: " + " ".join(text.en for text in left)
    return Text(zh=zh, en=en)


def _risk(work: str, able: Sequence[_Able], unwell: Sequence[tuple[str, Health]]) -> Risk:
    level = max((one.mend.risk for one in able), key=WEIGHT.__getitem__, default="low")
    reasons = [Text(zh=f"{one.mend.title.zh}：{one.mend.breaks.zh}", en=f"{one.mend.title.en}: {one.mend.breaks.en}") for one in able if one.mend.breaks]
    reasons += [Text(zh=f"{host}：验收检查“{health.title.zh}”{work}前已不通过，本次不作要求",
                     en=f"{host}: the check “{health.title.en}” fails before anything is changed, so it is not required") for host, health in unwell]
    return Risk(level=level, reasons=tuple(dict.fromkeys(reasons)) or (
        Text(zh="均为单项小改动，改动前的状态已保存，可自动回退", en="single small changes, each saved before and undone by itself"),))


def _untested(able: Sequence[_Able]) -> tuple[Text, ...]:
    if not able:
        return ()
    not_shown = _listed(one.mend.title for one in able if not one.on_copy)
    nothing_to_do = Text(zh="演练环境中本来就正常的项目（例如副本启动时即运行的服务）在演练中无需操作",
                         en="what is well on the stand-in already, such as a service that its start has started, has nothing to do in the rehearsal")
    if not not_shown:
        return (nothing_to_do,)
    return (Text(zh=f"模拟副本无法演练，仅在指定演练主机时演练：{not_shown.zh}",
                 en=f"a simulated copy cannot show it, only a staging host can: {not_shown.en}"), nothing_to_do)
