"""The one change lifecycle: survey, plan, rehearse, approve, carry out, verify, archive, or back out.

Every function here takes a change number, does one phase, files what came of it in the archive, and may be called again at any
time: what is filed is not done twice. The archive is the truth; whoever drives (a Prefect flow, the command line) may die.
Here a change is opened, surveyed, planned and closed, and stands how far it is. The other phases lie beside: rehearsal.py, approval.py,
carrying_out.py, verification.py; what papers tell of it, in change_record.py.

A *round* is one pass of survey, plan, rehearsal and approval. When the targets have drifted after the approval, a new round begins.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

from blocks.host_access import HostAccess
from reports.archive import ChangeRow, UnknownChange
from reports.records import (
    NOTHING,
    ApprovalRequest,
    Closure,
    Plan,
    Rehearsal,
    Step,
    StepOutcome,
    Survey,
    Text,
)
from tasks import approval, desk, gates, running
from tasks.approval import current_round
from tasks.controls.kinds import HARDENING
from tasks.errors import BlockersFound, ProcedureError
from tasks.redaction import redact
from tasks.remote import connected
from tasks.survey import parse_survey, survey_script

Say = Callable[[str], None]
AT_ONCE = 20  # hosts read at the same time
SURVEY_LIMIT_S = 300


def procedure_of(name: str) -> ModuleType:
    """The procedure's module: `Request` (its form) and `plan(number, request, surveys, say) -> Plan`."""
    return importlib.import_module(f"tasks.procedures.{name.replace('-', '_')}")


def complete(procedure: str, request):
    """The request with what the procedure knows by itself (the hosts of the change that is backed out, say)."""
    module = procedure_of(procedure)
    return module.complete(request) if hasattr(module, "complete") else request


# --- open, and where it stands --------------------------------------------------------------------------------------------

def open_change(procedure: str, request: dict, *, run_id: str = "") -> str:
    """A new change number, or the existing one this run or request belongs to.

    Raises:
        BlockersFound: the number asked for does not exist, is closed, or belongs to another procedure.
    """
    archive = desk.archive()
    if number := request.get("number"):
        try:
            row = archive.change(number)
        except UnknownChange as problem:
            raise BlockersFound(str(problem), f"档案中没有变更 {number}；编号形如 CHG-20261122-001") from problem
        if row.procedure != procedure:
            raise BlockersFound(f"{number} is a {row.procedure}, not a {procedure}; start that procedure instead",
                                f"{number} 属于流程 {row.procedure}，不属于 {procedure}；请启动相应的流程")
        if run_id:
            archive.attach_run(number, run_id)
        return number
    desk.customer(request["customer"])  # without one there is nobody to ask, and no language to write in
    number = archive.new_change(procedure=procedure, customer=request["customer"], requester=request["requester"],
                                operator=request.get("operator", ""), reason=request["reason"],
                                request={**request, "number": ""}, opened_at=desk.now(), run_id=run_id)
    if not archive.journal(number, event="opened"):
        archive.note(number, "opened", procedure=procedure, requester=request["requester"], reason=request["reason"], run=run_id)
    return number


def request_of(number: str):
    """The request as its form."""
    row = desk.change(number)
    return procedure_of(row.procedure).Request.model_validate(row.request)


def targets_of(number: str) -> str:
    """The hosts in words, short enough for a title."""
    request = desk.change(number).request
    names = [*request.get("hosts", []), *request.get("databases", [])]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def hardened_by(number: str) -> str:
    """The security hardening that this change is, or takes back; empty: neither."""
    row = desk.change(number)
    name = row.request.get("change", "") if row.procedure == "back-out" else number
    return name if name and desk.change(name).procedure == HARDENING else ""


def closed_as(number: str) -> tuple[Closure, Text] | None:
    """How it ended, if it did. Stuck is no end: such a change can be taken up again."""
    row = desk.change(number)
    return (row.closure, reason_of(row)) if row.closure and row.closure is not Closure.FAILED else None


def reason_of(row: ChangeRow) -> Text:
    return Text(zh=row.closure_reason_zh or row.closure_reason, en=row.closure_reason)


def sealed(number: str) -> bool:
    """Whether its closing was finished: report written, bundle sealed."""
    return desk.change(number).phase == "sealed"


def step_of(number: str, step_number: int, target: str) -> Step:
    return next(s for s in plan_of(number).steps if s.number == step_number and s.target == target)


def note_issue(number: str, issue: Text) -> None:
    if issue.en not in [e.detail.get("issue") for e in desk.archive().journal(number, event="issue")]:
        desk.archive().note(number, "issue", **issue.fields("issue"))


def plan_of(number: str, round_: int | None = None) -> Plan | None:
    return desk.archive().load(number, "plan", str(round_ or current_round(number)), Plan)


def rehearsal_of(number: str, round_: int | None = None) -> Rehearsal | None:
    return desk.archive().load(number, "rehearsal", str(round_ or current_round(number)), Rehearsal)


def surveys_of(number: str, when: str) -> dict[str, Survey]:
    """The filed surveys of one moment ("before 1", "after", "after back-out"), by target."""
    filed = desk.archive().load_all(number, "survey", Survey)
    return {survey.target: survey for key, survey in filed if key.partition(" ")[2] == when}


def just_before(number: str) -> dict[str, Survey]:
    """How the targets were when nothing had been done yet, by target: as they were locked for carrying out, till then as when the plan was made."""
    round_, found = current_round(number), {}
    for key, survey in desk.archive().load_all(number, "survey", Survey):
        if (when := key.partition(" ")[2]) == f"before {round_}" or when.startswith(f"carrying out {round_}."):
            if survey.target not in found or survey.taken_at >= found[survey.target].taken_at:
                found[survey.target] = survey
    return found


def was_before(number: str) -> dict[str, Survey]:
    """How the targets were at the time to which this change brings them back; empty for a change that brings nothing back."""
    module = procedure_of(desk.change(number).procedure)
    return module.was_before(number) if hasattr(module, "was_before") else {}


# --- survey ---------------------------------------------------------------------------------------------------------------

def read_survey(host: HostAccess, when: str) -> Survey:
    """Read a host in one round trip; nothing is changed there.

    Raises:
        HostUnreachable, HostKeyRefused, LoginRefused: no connection. UnreadableOutput: the answer makes no sense.
    """
    script = survey_script(host.watched, host.databases, host.releases, host.acceptances())
    with connected(host) as remote:
        asked_at = desk.now()
        answer = remote.run(script, timeout_s=SURVEY_LIMIT_S)
        answered_at = desk.now()
    survey = parse_survey(answer.out, target=host.name, when=when, taken_at=asked_at, asked_at=asked_at, answered_at=answered_at)
    return survey.model_copy(update={
        "identity": host.identity,
        "health": tuple(h.model_copy(update={"detail": Text(zh=redact(h.detail.zh), en=redact(h.detail.en))}) for h in survey.health)})


def survey_targets(number: str, names: list[str], when: str) -> dict[str, Survey]:
    """Survey several hosts at once and file it; what is filed for this moment is not read again."""
    filed = surveys_of(number, when)
    missing = [name for name in names if name not in filed]
    looked_at = getattr(procedure_of(desk.change(number).procedure), "looked_at", lambda host: host)
    with ThreadPoolExecutor(min(AT_ONCE, len(missing) or 1)) as pool:
        read = list(pool.map(lambda name: read_survey(looked_at(desk.host(name)), when), missing))
    for survey in read:
        desk.archive().save(number, "survey", f"{survey.target} {when}", survey)
        filed[survey.target] = survey
    return {name: filed[name] for name in names}


# --- plan -----------------------------------------------------------------------------------------------------------------

def make_plan(number: str, round_: int, say: Say) -> Plan:
    """Survey the targets and make the plan; file both.

    Raises:
        BlockersFound: something stands in the way, all of it said.
    """
    if plan := plan_of(number, round_):
        return plan
    request = request_of(number)
    desk.customer(request.customer)
    for name in request.hosts:
        host = desk.host(name)
        if host.customer != request.customer:
            raise BlockersFound(f"host {name} belongs to customer {host.customer}, not to {request.customer}; name hosts of one customer",
                                f"主机 {name} 属于客户 {host.customer}，不属于 {request.customer}；一次变更只能涉及同一客户的主机")
    if len(set(request.hosts)) != len(request.hosts):
        raise BlockersFound("a host is named twice; name each host once", "有主机重复填写；每台主机只能填写一次")
    _check_staging(request)
    surveys = survey_targets(number, request.hosts, f"before {round_}")
    plan = procedure_of(desk.change(number).procedure).plan(number, request, surveys, say)
    if plan.targets != tuple(request.hosts) and not plan.blockers and not plan.nothing_to_do:
        raise BlockersFound("the plan names other hosts than the request; nothing was touched, have the procedure looked at",
                            "方案中的主机与申请不一致；未触及任何主机，请检查该流程")
    if plan.in_order and getattr(request, "rehearse_on", ""):
        raise BlockersFound("hosts that depend on each other are rehearsed together, on simulated copies; leave the staging host empty",
                            "相互依赖的主机须在模拟副本上一同演练；请将预演主机留空")
    archive = desk.archive()
    archive.save(number, "plan", str(round_), plan)
    archive.note(number, "planned", round=round_, steps=len(plan.steps), blockers=[b.en for b in plan.blockers])
    return plan


def _check_staging(request) -> None:
    """A rehearsal carries the plan out before anybody approved it: only on a host that is there for this.

    Raises:
        BlockersFound: it is a target, another customer's, or not marked as a staging host.
    """
    if not (name := getattr(request, "rehearse_on", "")):
        return
    staging, targets = desk.host(name), [desk.host(target) for target in request.hosts]
    if staging.customer != request.customer or "staging" not in staging.labels:
        raise BlockersFound(f"host {name} cannot be rehearsed on: it must be the same customer's and bear the label staging in its block",
                            f"主机 {name} 不能用于预演：须属于同一客户，且登记时带有标签 staging")
    if any(name == t.name or (staging.address, staging.port) == (t.address, t.port) or staging.host_key == t.host_key for t in targets):
        raise BlockersFound(f"host {name} is itself to be changed; rehearse on another host, or leave the field empty for a simulated copy",
                            f"主机 {name} 本身即为变更对象；请另选预演主机，或留空以使用模拟副本")


def require_no_blockers(plan: Plan) -> None:
    if plan.blockers:
        raise BlockersFound(" ".join(blocker.en for blocker in plan.blockers), "".join(blocker.zh for blocker in plan.blockers))


# --- approve --------------------------------------------------------------------------------------------------------------

def ask_customer(number: str, round_: int) -> ApprovalRequest:
    """Open the gate: the question as it is put to the customer's approvers. Filed once a round."""
    row, plan = desk.change(number), plan_of(number, round_)
    return approval.open_gate(number, round_, gate=gates.GATE, digest=gates.approval_digest(plan, rehearsal_of(number, round_)),
                              asks=row.requester, hours=row.request.get("approval_hours", 72))


# --- how far the steps are ------------------------------------------------------------------------------------------------

def begun(number: str) -> bool:
    """Whether a step was begun on a real target: from then on the change is carried out or backed out."""
    return bool(desk.archive().journal(number, event="step begun"))


def outcomes(number: str, action: running.Action = "carry out") -> tuple[StepOutcome, ...]:
    return tuple(o for _, o in desk.archive().load_all(number, "outcome", StepOutcome) if o.action == action)


def outcome_of(number: str, step: Step, action: running.Action) -> StepOutcome | None:
    found = [o for o in outcomes(number, action) if (o.target, o.number) == (step.target, step.number)]
    return max(found, key=lambda o: o.attempt, default=None)


def begun_steps(number: str, target: str) -> set[int]:
    return {e.step for e in desk.archive().journal(number, event="step begun", target=target) if e.step is not None}


def step_failed(outcome: StepOutcome) -> bool:
    return outcome.result not in ("done", "nothing to do")


def past_no_return(number: str) -> bool:
    """Whether the step after which there is no way back has been done."""
    plan = plan_of(number)
    return any(s.point_of_no_return and (o := outcome_of(number, s, "carry out")) and not step_failed(o) for s in plan.steps)


def begin_back_out(number: str, why: Text) -> None:
    """From here on the change can only be backed out, whoever takes it up."""
    if not desk.archive().journal(number, event="back-out begun"):
        desk.archive().note(number, "back-out begun", **why.fields("why"))


def backing_out(number: str) -> Text:
    """Why the change is being backed out; empty if it is not."""
    noted = desk.archive().journal(number, event="back-out begun")
    return (Text.of_fields(noted[0].detail, "why") or Text(zh="有步骤失败", en="a step failed")) if noted else NOTHING


# --- close ----------------------------------------------------------------------------------------------------------------

def close(number: str, closure: Closure, reason: Text, say: Say) -> None:
    """Give the locks back (kept when stuck: nobody else may touch a half-changed host), close, write the papers, seal."""
    from tasks.papers import write_report

    archive, plan = desk.archive(), plan_of(number)
    if closure is not Closure.FAILED and plan is not None and archive.journal(number, event="lock asked"):
        def give_back(name: str) -> None:
            try:
                running.release_lock(desk.host(name), number)
            except ProcedureError as problem:
                say(f"{name}: the lock could not be given back ({problem}); it expires by itself")

        with ThreadPoolExecutor(min(AT_ONCE, len(plan.targets))) as pool:
            list(pool.map(give_back, plan.targets))
    module = procedure_of(desk.change(number).procedure)
    if hasattr(module, "ends"):
        module.ends(number, closure)
    archive.close(number, closure, reason, desk.now())
    noted = archive.journal(number, event="closed")
    if not noted or noted[-1].detail.get("closure") != closure.value:
        archive.note(number, "closed", closure=closure.value, **reason.fields("reason"))
    write_report(number)
    archive.seal(number, desk.now())


def media_files(plan: Plan) -> dict[str, Path]:
    from tasks import backup_store
    from tasks.media import stored

    return {m.name: backup_store.path_of(m) or stored(m.sha256, desk.archive().root / "media") for m in plan.media if m.delivered == "by us"}
