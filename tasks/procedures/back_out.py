"""Back-out on request: the undo steps of a finished change as a plan of their own, through the same lifecycle."""

from __future__ import annotations

from collections.abc import Callable

from reports.archive import UnknownChange
from reports.records import Closure, Plan, Risk, Step, Survey, Text, VersionChange
from tasks import desk, emergency, lifecycle, obstacles, verification
from tasks.errors import BlockersFound
from tasks.planning.roll_out import held_up, last_first
from tasks.requests import BackOutRequest as Request
from tasks.running import change_folder


def complete(request: Request) -> Request:
    """Customer and hosts of the change that is taken back.

    Raises:
        BlockersFound: there is no such change, or nothing of it stands.
    """
    try:
        row = desk.archive().change(request.change)
    except UnknownChange as problem:
        raise BlockersFound(str(problem), f"档案中没有变更 {request.change}；编号形如 CHG-20261122-001") from problem
    if row.closure not in (Closure.SUCCESSFUL, Closure.SUCCESSFUL_WITH_ISSUES):
        state = f"ended as “{row.closure.value}”" if row.closure else "is still open: resume it, or back it out with `standfast back-out`"
        state_zh = "的结论不是成功" if row.closure else "尚未结束：请继续处理，或用 `standfast back-out` 回退"
        raise BlockersFound(f"{request.change} {state}; only a change that was carried out can be backed out",
                            f"{request.change} {state_zh}；只有已实施的变更才能回退")
    if review := emergency.settled_by(request.change):
        raise BlockersFound(f"the confirmed review {review} says that nothing of {request.change} is taken back any more; restore from a backup instead",
                            f"{review} 已确认复核：{request.change} 不再回退；请改用备份恢复")
    plan = lifecycle.plan_of(request.change)
    return request.model_copy(update={"customer": row.customer, "hosts": list(plan.targets)})


def plan(number: str, request: Request, surveys: dict[str, Survey], say: Callable[[str], None]) -> Plan:
    """The plan: every step of the change that can be undone, last first, with the scripts that were approved and rehearsed then."""
    original = lifecycle.plan_of(request.change)
    done = (Closure.SUCCESSFUL, Closure.SUCCESSFUL_WITH_ISSUES)
    rows = desk.archive().changes(limit=100_000)
    taken_back = {row.request.get("change") for row in rows if row.procedure == "back-out" and row.closure in done}
    since = desk.change(request.change).opened_at
    later = [row.number for row in rows if row.number not in (number, request.change) and row.opened_at > since
             and row.procedure != "back-out" and row.number not in taken_back and set(row.request.get("hosts", [])) & set(original.targets)
             and row.closure in (*done, None, Closure.FAILED) and lifecycle.begun(row.number)]
    if not any(step.undo for step in original.steps):
        raise BlockersFound(f"this change has no way back: nothing of {request.change} can be undone; its plan said so",
                            f"{request.change} 没有可回退的步骤；其方案已写明不可回退")
    if request.change in taken_back:
        raise BlockersFound(f"{request.change} has been backed out already", f"{request.change} 已经回退过")
    before = lifecycle.just_before(request.change)
    acceptance = tuple(check for check in original.acceptance
                       if check.target not in before or verification.was_good(original, before[check.target], check.title))
    return plan_back_out(number, request, original, acceptance=acceptance, facts={n: s.facts_digest() for n, s in surveys.items()},
                         later=later, edited=() if later else _edited_since(original))


def _edited_since(original: Plan) -> tuple[Text, ...]:
    """What others wrote since into files that come back only as a whole: a back-out would take it away, so people decide first."""
    found = []
    for name in original.targets:
        asking = {step.key: step for step in original.steps_of(name) if step.undo_holds}
        for key, said in (obstacles.of_undo(desk.host(name), original.change) if asking else {}).items():
            found.append(Text(zh=f"{name}：“{asking[key].title.zh}”写入的文件此后被他人修改，而该文件只能整体恢复；请先将这些修改另存，或人工撤回（{said}）。",
                              en=f"{name}, '{asking[key].title.en}': {said}."))
    return tuple(found)


def plan_back_out(number: str, request: Request, original: Plan, *, acceptance, facts: dict[str, str], later: list[str],
                  edited: tuple[Text, ...] = ()) -> Plan:
    """Pure: the original plan turned round. acceptance: its checks that were good before it; going back cannot make others good.

    edited: what stands in the way on the hosts. It is asked once more before the first step on each host, and before each step for itself.
    """
    undoable = [step for step in last_first(original) if step.undo]
    steps = [_turned(count, step, original.change, first=step.target not in {one.target for one in undoable[:count - 1]})
             for count, step in enumerate(undoable, start=1)]
    blockers = edited + tuple(
        [Text(zh=f"{other} 在此之后变更过同一主机，请先回退 {other}。", en=f"{other} changed the same host later; back that out first.") for other in later])
    made = Plan(
        change=number, procedure="back-out", kind="back-out", customer=original.customer, requester=request.requester, reason=request.reason,
        title=Text(zh=f"回退 {original.change}：{original.title.zh}", en=f"Back out {original.change}: {original.title.en}"),
        targets=original.targets, batches=original.batches, facts=facts, in_order=original.in_order,
        versions=tuple(VersionChange(target=v.target, name=v.name, before=v.after, after=v.before) for v in original.versions),
        improvements=(), media=(), steps=tuple(steps), acceptance=acceptance,
        impact=_impact(original),
        risk=Risk(level="medium", reasons=(
            _data_written_since(original),
            *(Text(zh=f"{a.target}：检查“{a.title.zh}”在 {original.change} 之前并非正常，或未作检查，回退后不作要求",
                   en=f"{a.target}: the check '{a.title.en}' was not good, or not asked, before {original.change}, so it is not required afterwards")
              for a in original.acceptance if a not in acceptance))),
        back_out=Text(zh="回退步骤本身不再回退；失败时停止并通知人员处理", en="a back-out is not backed out again; if it fails it stops and people are called"),
        blockers=blockers,
        no_rehearsal=Text(zh=f"变更 {original.change} 未另行演练，回退步骤也未经演练（{original.no_rehearsal.zh}）",
                          en=f"change {original.change} was not rehearsed, and these steps neither ({original.no_rehearsal.en})")
        if original.no_rehearsal else
        Text(zh=f"回退步骤已在变更 {original.change} 的演练中完整验证",
             en=f"these steps were rehearsed, and proved by comparison, in change {original.change}"),
    )
    return held_up(made)


def _impact(original: Plan) -> Text:
    """What people notice of it: what the change itself said; of a restore, that the failure is back."""
    if original.kind == "emergency-restore":
        return Text(zh=f"恢复到 {original.change} 之前的故障状态：该次恢复所修复的内容重新失效。切换时数据库和服务短暂中断。",
                    en=f"Brings back the state before {original.change}: what that restore mended is broken again. Databases and services are interrupted "
                       "for moments.")
    return Text(zh=f"恢复到 {original.change} 之前的状态。该变更对业务影响的说明为：{original.impact.zh}",
                en=f"Brings back what was before {original.change}. What that change said of its own impact: {original.impact.en}")


def _data_written_since(original: Plan) -> Text:
    """What becomes of the data that people wrote after the change."""
    if original.kind == "emergency-restore":
        return Text(zh="恢复之后写入的数据库数据和配置改动不再生效，另存于主机上",
                    en="what was written to databases and configuration since the restore is no longer in force; it is kept beside, on the host")
    if original.kind == "migration":
        return Text(zh="切换之后写入新主机的数据随回退带回旧主机", en="what was written on the new host since the cutover comes home with it")
    if original.versions:
        return Text(zh="变更之后写入的数据保留，但须与旧版本兼容", en="data written since stay, and must suit the old version")
    return Text(zh="变更之后写入的数据保留", en="data written since stay")


def _turned(count: int, step: Step, change: str, *, first: bool) -> Step:
    folder = change_folder(change)
    there = f"# what change {change} kept for this moment\nCHANGE_DIR={folder}; export CHANGE_DIR\n"
    holds = f'for one in {folder}/steps/*/undo_holds; do if [ -s "$one" ]; then sh -eu "$one" || exit 1; fi; done\n' if first else step.undo_holds
    kept = f"[ -d {folder} ] || {{ echo 'nothing is kept of {change} on this host'; exit 1; }}\n"
    return Step(number=count, key=f"undo-{step.key}"[:60], target=step.target, account=step.account,
                title=Text(zh=f"回退：{step.title.zh}", en=f"Back out: {step.title.en}"),
                holds_before=kept + (there + holds if holds else ""),
                command=there + step.undo, proof=there + (step.undo_proof or "true"),
                expected=Text(zh="恢复到变更之前", en="as before the change"), reversible="no", changes=step.changes, touches=step.touches,
                interrupts=step.interrupts, time_limit_s=step.time_limit_s)


__all__ = ["Request", "complete", "plan"]
