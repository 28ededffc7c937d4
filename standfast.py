"""The command line beside the UI, for people and scripts.

Exit codes, by how a change ended: 0 successful (also with issues, also nothing to do); 3 backed out; 4 refused before anything
was touched; 5 rejected or expired; 6 waiting for approval; 1 stuck, or the command itself failed; 2 wrong usage. An inspection or a
diagnosis ends with 0 all well, 7 warnings, 8 something critical or a target not reached, 9 something could not be checked.
"""

from __future__ import annotations

import json
import os
import re
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

app = typer.Typer(no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False, rich_markup_mode=None)
inventory_app = typer.Typer(no_args_is_help=True, help="Describe hosts, customers and the rest in one file.")
archive_app = typer.Typer(no_args_is_help=True, help="What was done, and the proof of it.")
app.add_typer(inventory_app, name="inventory")
app.add_typer(archive_app, name="archive")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Number = Annotated[str, typer.Argument(help="Change number, for example CHG-20261122-001")]
WAITING = 6


@contextmanager
def plainly():
    """What is wrong in one sentence on standard error, and the right exit code; never a traceback for what people can mend."""
    from blocks.foundation import UnknownName
    from blocks.inventory_file import InventoryFaulty
    from blocks.lookup import UnusableBlock
    from reports.archive import ArchiveError
    from tasks.errors import BlockersFound, ProcedureError

    try:
        yield
    except (BlockersFound, InventoryFaulty, UnknownName, UnusableBlock) as problem:
        typer.echo(f"standfast: {problem}", err=True)
        raise typer.Exit(4) from None
    except (ProcedureError, ArchiveError, OSError, ValueError) as problem:
        typer.echo(f"standfast: {problem}", err=True)
        raise typer.Exit(1) from None


def say(line: str) -> None:
    typer.echo(f"  {line}", err=True)


def show(value: Any, as_json: bool, text: str | None = None) -> None:
    if as_json or text is None:
        typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))
    else:
        typer.echo(text)


# --- inventory ------------------------------------------------------------------------------------------------------------

@inventory_app.command("check")
def inventory_check(file: Path) -> None:
    """Say every mistake in an inventory file, with its line; changes nothing."""
    from deployments.inventory import read_inventory

    with plainly():
        found = read_inventory(file, keys_too=True)
        typer.echo(f"{file}: {len(found.hosts)} hosts, {len(found.customers)} customers; no mistakes")


@inventory_app.command("load")
def inventory_load(file: Path) -> None:
    """Load all hosts, customers and settings of the file as Prefect blocks, at once."""
    from deployments.inventory import load_blocks, read_inventory

    with plainly():
        typer.echo(str(load_blocks(read_inventory(file))))


# --- the phases of a change -----------------------------------------------------------------------------------------------

@app.command()
def survey(host: str, as_json: AsJson = False) -> None:
    """Read a host in one round trip; nothing is changed there."""
    from tasks import desk, lifecycle

    with plainly():
        found = lifecycle.read_survey(desk.host(host), "now")
        waiting = [h for h in found.health if not h.ok]
        show(found.model_dump(mode="json"), as_json,
             f"{found.target}: {found.os_name}, kernel {found.kernel}, {len(found.packages)} packages, "
             f"{sum(s.active == 'active' for s in found.services)} services active, {len(found.ports)} ports open, "
             f"{len(found.configuration)} configuration files watched\n"
             + "\n".join(f"  {f.mount}: {f.free_kib // 1024} MiB free of {f.size_kib // 1024}" for f in found.disks)
             + "".join(f"\n  PostgreSQL {c.name} {c.version}"
                       + (f": {sum(t.rows for t in c.tables)} rows in {len(c.tables)} tables" if c.tables else "" if c.running else ": not running")
                       for c in found.clusters)
             + f"\n  health: {'good' if not waiting else '; '.join(f'{h.title.en}: {h.detail.en}' for h in waiting)}"
             + (f"\n  being changed: {found.lock}" if found.lock else ""))


def _request(file: Path, procedure: str, *, to_plan: bool = True):
    from pydantic import ValidationError

    from tasks import lifecycle
    from tasks.errors import BlockersFound

    try:
        plans = hasattr(lifecycle.procedure_of(procedure), "plan")
    except ImportError:
        raise BlockersFound(f"there is no procedure {procedure!r}; see standfast plan --help") from None
    if to_plan and not plans:
        raise BlockersFound(f"{procedure} is no change, so there is nothing to plan; see standfast --help for its own command")
    try:
        form = lifecycle.procedure_of(procedure).Request
        return lifecycle.complete(procedure, form.model_validate(yaml.safe_load(file.read_text()) or {}))
    except yaml.YAMLError as problem:
        raise BlockersFound(f"{file} is no YAML: {str(problem).splitlines()[0]}") from problem
    except OSError as problem:
        raise BlockersFound(f"{file} cannot be read ({problem.strerror}); name the file with the request") from problem
    except ValidationError as problem:
        said = [f"{'.'.join(map(str, one['loc']))}: {_plain(one)}" for one in problem.errors()[:8]]
        raise BlockersFound(f"{file}: {'; '.join(said)}") from problem


def _plain(error: Any) -> str:
    """What a form says of one field, without the library's own words before ours."""
    return error["msg"].removeprefix("Value error, ")


Procedure = Annotated[str, typer.Option(help="Procedure: software-upgrade, corrective-maintenance, security-hardening, capacity-expansion, "
                                         "configuration-tuning, emergency-restore, system-migration, back-out; "
                                         "start: also remote-diagnosis, backup, emergency-review")]


@app.command()
def plan(file: Annotated[Path, typer.Argument(help="The request as YAML, or the number of a change that is open")],
         procedure: Procedure = "software-upgrade", as_json: AsJson = False) -> None:
    """Open a change, or take an open one; survey its hosts and make the plan. Nothing is touched."""
    from reports.documents import render_plan_text
    from tasks import desk, lifecycle

    with plainly():
        number = str(file) if re.fullmatch(r"CHG-\d{8}-\d{3,}", str(file)) else ""
        if not number:
            number = lifecycle.open_change(procedure, _request(file, procedure).model_dump(mode="json"))
        made = lifecycle.make_plan(number, lifecycle.current_round(number), say)
        show({"number": number, "plan": made.model_dump(mode="json")}, as_json,
             render_plan_text(made, desk.customer(made.customer).language))
        if made.blockers:
            raise typer.Exit(4)


@app.command()
def rehearse(number: Number, as_json: AsJson = False) -> None:
    """Carry the plan out on a simulated copy, back it out there, compare."""
    from tasks import lifecycle, rehearsal

    with plainly():
        round_ = lifecycle.current_round(number)
        lifecycle.require_no_blockers(lifecycle.make_plan(number, round_, say))
        done = rehearsal.rehearse(number, round_, say)
        show(done.model_dump(mode="json") if done else {}, as_json,
             f"{number}: rehearsal {'passed' if done and done.passed else 'failed: ' + (done.problem.en if done else 'none is needed')}"
             + "".join(f"\n  {o.number:2} {o.title.en}: {o.result}, {o.seconds:.1f} s" for o in (done.outcomes if done else ())))
        if done and not done.passed:
            raise typer.Exit(4)


@app.command("send-codes")
def send_codes(number: Number) -> None:
    """Open the gate and send every approver a fresh one-time code; earlier codes no longer count."""
    from tasks import approval
    from tasks.questions import question_of

    with plainly():
        question = question_of(number)
        asked = question.ask(number, approval.current_round(number))
        question.send(number, asked, "")
        typer.echo(f"{number}: codes sent to {', '.join(asked.sent_to)}; answer until {asked.expires_at:%Y-%m-%d %H:%M %Z}")


@app.command()
def approve(number: Number,
            name: Annotated[str, typer.Option(help="The customer's approver")],
            code: Annotated[str, typer.Option(help="One-time code from the mail to the approver", prompt=True, hide_input=True)],
            decision: Annotated[str, typer.Option(help="approve or reject")] = "approve",
            channel: Annotated[str, typer.Option(help="form, link, phone or paper")] = "phone",
            taken_by: Annotated[str, typer.Option(help="The operator who took down a phone call or a paper")] = "",
            reason: Annotated[str, typer.Option(help="Needed for a refusal")] = "") -> None:
    """Take down the customer's answer; a run that waits for it is woken."""
    from pydantic import ValidationError

    from tasks import approval, desk, gates
    from tasks.questions import question_of
    from tasks.watching import wake

    with plainly():
        try:
            entry = gates.Entry(decision=decision, name=name, channel=channel, taken_by=taken_by, reason=reason, code=code)
        except ValidationError as problem:
            raise typer.BadParameter(f"{problem.errors()[0]['loc'][0]}: {_plain(problem.errors()[0])}") from None
        round_ = approval.current_round(number)
        answer = approval.take_entry(number, round_, entry, without_code=question_of(number).by_phone(number))
        if isinstance(answer, gates.AskAgain):
            if approval.mailings(number) < approval.mailing_due(number, round_):
                question_of(number).send(number, question_of(number).ask(number, round_), "")
            typer.echo(f"standfast: {answer.why.en} / {answer.why.zh}", err=True)
            raise typer.Exit(WAITING)
        woken = False
        if run := desk.change(number).run_id:
            woken = _quietly(wake, run)
        then = "the waiting run goes on" if woken else f"go on with: standfast resume {number}"
        typer.echo(f"{number}: {answer.decision} by {answer.name or 'nobody'}; {then}")
        if answer.decision != "approved":
            raise typer.Exit(5)


def _quietly(wake, run: str) -> bool:
    from blocks.lookup import require_server

    try:
        require_server()
        return wake(run)
    except Exception:  # no server, or the run is gone: the change can be resumed here
        return False


def _go_on(number: str, as_json: bool) -> None:
    """Run the change's flow in this process to its end."""
    from blocks.lookup import require_server
    from flows.parts.catalogue import flow_of
    from tasks import desk, emergency, emergency_review
    from tasks.targets import DATABASE, DIAGNOSIS, SECURITY, SYSTEM

    require_server(temporary=True)
    row = desk.change(number)
    if row.procedure in (SYSTEM, DATABASE):
        inspect(number=number, databases=row.procedure == DATABASE, as_json=as_json)
    if row.procedure == SECURITY:
        security_check(number=number, as_json=as_json)
    if row.procedure == "backup":
        backup(number=number, as_json=as_json)
    if row.procedure == DIAGNOSIS:
        diagnose(number=number, as_json=as_json)
    flow, form = flow_of(row.procedure)
    asked = emergency_review.request_of(number) if row.procedure == emergency.REVIEW else form.model_validate({**row.request, "number": number})
    state = flow(asked, return_state=True)
    _say_ending(number, as_json, state)


def _say_ending(number: str, as_json: bool, state: Any = None) -> None:
    from tasks import desk, papers

    row = desk.change(number)
    waiting = state is not None and state.name == "AwaitingApproval"
    word = row.closure.value if row.closure else "waiting for approval" if waiting else "open"
    text = f"{number}: {word}. {row.closure_reason or (state.message if state is not None else '') or ''}"
    files = {name: str(path) for name, path in papers.documents(number).items()} if row.closure else {}
    score = _score(number) if row.closure else {}
    text += f"\n  {score.pop('says')}" if score else ""
    show({"number": number, "closure": row.closure.value if row.closure else None, "reason": row.closure_reason, "documents": files,
          **({"score": score} if score else {})}, as_json,
         text + "".join(f"\n  {path}" for path in files.values()))
    raise typer.Exit(row.closure.exit_code if row.closure else WAITING if waiting else 1)


def _score(number: str) -> dict[str, Any]:
    """Of a hardening, or its back-out: before, after, and both in one sentence; empty for every other change."""
    from tasks import lifecycle

    if not lifecycle.hardened_by(number):
        return {}
    from tasks import hardening

    both = hardening.scored(number)
    return {"before": both[0].score, "after": both[1].score, "says": hardening.sentence(number).en} if both else {}


@app.command("carry-out")
def carry_out(number: Number, as_json: AsJson = False) -> None:
    """Carry out an approved change in this process, to its end."""
    with plainly():
        _go_on(number, as_json)


@app.command()
def resume(number: Number, as_json: AsJson = False,
           here: Annotated[bool, typer.Option("--here", help="In this process, even if a worker could take it")] = False) -> None:
    """Take a change, an inspection or a diagnosis up again, wherever it stopped: by its own run where there is a server and a worker, else here."""
    from tasks import desk
    from tasks.watching import take_up_again

    with plainly():
        row = desk.change(number)
        if not here and row.run_id and _quietly(take_up_again, row.run_id):
            typer.echo(f"{number}: its run is taken up again by a worker; see standfast status {number}")
            return
        _go_on(number, as_json)


@app.command("back-out")
def back_out(number: Number, reason: Annotated[str, typer.Option(prompt=True)], requester: Annotated[str, typer.Option(prompt=True)],
             operator: str = "", as_json: AsJson = False) -> None:
    """Take a change back: at once if it is still open, as a change of its own (with approval) if it was closed."""
    from reports.records import Closure, Text
    from tasks import desk, lifecycle
    from tasks.procedures import back_out as procedure

    with plainly():
        row = desk.change(number)
        if row.closure in (None, Closure.FAILED) and lifecycle.begun(number):
            with desk.driving(number):  # not while another process carries it out
                desk.archive().note(number, "back-out asked", requester=requester, reason=reason)
                lifecycle.begin_back_out(number, Text(zh=f"应 {requester} 要求回退：{reason}", en=f"asked for by {requester}: {reason}"))
            _go_on(number, as_json)
        request = procedure.complete(procedure.Request(change=number, requester=requester, operator=operator, reason=reason))
        _go_on(lifecycle.open_change("back-out", request.model_dump(mode="json")), as_json)


@app.command()
def start(file: Annotated[Path, typer.Argument(help="The request as YAML")], procedure: Procedure = "software-upgrade",
          here: Annotated[bool, typer.Option("--here", help="In this process instead of by a worker")] = False, as_json: AsJson = False) -> None:
    """Start a procedure: by a worker (see its page in the UI), or with --here in this process up to the approval."""
    with plainly():
        request = _request(file, procedure, to_plan=here)
        if here:
            from tasks import lifecycle

            _go_on(lifecycle.open_change(procedure, request.model_dump(mode="json")), as_json)
        from prefect.deployments import run_deployment

        from blocks.lookup import require_server
        from flows.parts.run import link_to

        require_server()
        run = run_deployment(f"{procedure}/standfast", parameters={"request": request.model_dump(mode="json")}, timeout=0)
        show({"run": str(run.id), "link": link_to(str(run.id))}, as_json, link_to(str(run.id)))


@app.command()
def inspect(customer: Annotated[str, typer.Argument(help="The customer's name")] = "",
            target: Annotated[list[str] | None, typer.Option(help="Only this host or database; may be given several times")] = None,
            label: Annotated[list[str] | None, typer.Option(help="Only what has this label")] = None,
            databases: Annotated[bool, typer.Option("--databases", help="The customer's database servers instead of its hosts")] = False,
            operator: str = "", requester: str = "operator", reason: str = "inspection on request",
            number: Annotated[str, typer.Option(help="Take up this inspection")] = "", as_json: AsJson = False) -> None:
    """Inspect a customer's hosts or database servers in this process; reads only."""
    _read("database-inspection" if databases else "system-inspection", as_json, customer=customer, targets=target or [], labels=label or [],
          operator=operator, requester=requester, reason=reason, number=number)


@app.command()
def backup(customer: Annotated[str, typer.Argument(help="The customer's name")] = "",
           host: Annotated[list[str] | None, typer.Option(help="Only this host; may be given several times")] = None,
           label: Annotated[list[str] | None, typer.Option(help="Only what has this label")] = None,
           operator: str = "", requester: str = "operator", reason: str = "backup on request",
           number: Annotated[str, typer.Option(help="Take up this backup")] = "", as_json: AsJson = False) -> None:
    """Back up a customer's hosts in this process, and prove each backup by a restore in the sandbox; 0: all proved, 8: not all."""
    if not customer and not number:
        raise typer.BadParameter("name the customer, or a backup by --number")
    from blocks.lookup import require_server
    from flows.backup import backup as flow
    from tasks import backing_up, desk
    from tasks.requests import BackupRequest

    with plainly():
        require_server(temporary=True)
        customer = customer or desk.change(number).customer
        desk.customer(customer)  # a mistake in the inventory is told here, in its own words
        state = flow(BackupRequest(customer=customer, hosts=host or [], labels=label or [], operator=operator, requester=requester, reason=reason,
                                   number=number), return_state=True)
        done = (state.message or "").partition(":")[0]
        table = backing_up.table(done) if done.startswith("BAK-") else []
        show({"number": done, "grade": state.name, "says": state.message, "hosts": table}, as_json,
             f"{state.name}. {state.message}" + "".join("\n  " + ", ".join(f"{name} {value}" for name, value in row.items() if value != "") for row in table))
        raise typer.Exit({"Proved": 0, "Incomplete": 8, "Refused": 4}.get(state.name or "", 1))


@app.command()
def review(change: Annotated[str, typer.Argument(help="The emergency restore, for example CHG-20261123-001")],
           cause: Annotated[str, typer.Option(help="Why it came to the failure", prompt=True)],
           judged: Annotated[str, typer.Option(help="Whether restore, loss and leave were right", prompt=True)],
           follows: Annotated[str, typer.Option(help="What keeps it from happening again; who, until when", prompt=True)],
           requester: Annotated[str, typer.Option(help="Who of ours reviews; may not confirm it", prompt=True)], as_json: AsJson = False) -> None:
    """Review an emergency restore, and ask another approver of the customer to confirm it; the review is open until then."""
    from tasks import emergency_review
    from tasks.requests import ReviewRequest

    with plainly():
        _go_on(emergency_review.open_review(ReviewRequest(change=change, cause=cause, judged=judged, follows=follows, requester=requester)), as_json)


@app.command()
def backups(host: str, as_json: AsJson = False) -> None:
    """The backups of a host whose files are all there, the newest first."""
    from tasks import backup_store, desk

    with plainly():
        desk.host(host)
        rows = [{"number": one.number, "taken_at": one.taken_at, "proved": bool(proof and proof.passed), "restored_in_s": proof.seconds if proof else None,
                 "mib": sum(file.size for file in one.files) >> 20, "servers": [server.name for server in one.servers],
                 "remarks": [remark.en for remark in one.remarks]}
                for one, proof in backup_store.kept(host)]
        show(rows, as_json, "\n".join(f"{row['number']}  {row['taken_at']:%Y-%m-%d %H:%M %Z}  {'proved' if row['proved'] else 'NOT PROVED'}  {row['mib']} MiB  "
                                      f"{', '.join(row['servers'])}" + "".join(f"\n    {remark}" for remark in row["remarks"]) for row in rows)
             or f"{host} has no backup")


@app.command("security-check")
def security_check(customer: Annotated[str, typer.Argument(help="The customer's name")] = "",
                   target: Annotated[list[str] | None, typer.Option(help="Only this host or database; may be given several times")] = None,
                   label: Annotated[list[str] | None, typer.Option(help="Only what has this label")] = None,
                   operator: str = "", requester: str = "operator", reason: str = "security check on request",
                   number: Annotated[str, typer.Option(help="Take up this check")] = "", as_json: AsJson = False) -> None:
    """Check a customer's hosts and database servers against the security baseline in this process; reads only."""
    _read("security-check", as_json, customer=customer, targets=target or [], labels=label or [], operator=operator, requester=requester, reason=reason,
          number=number)


def _read(procedure: str, as_json: bool, **asked) -> None:
    """Run an inspection or a security check here; asked: as in its form."""
    if not asked["customer"] and not asked["number"]:
        raise typer.BadParameter("name the customer, or an inspection by --number")
    import asyncio
    import importlib

    from pydantic import ValidationError

    from blocks.lookup import require_server
    from tasks import desk, inspection, papers
    from tasks.requests import InspectionRequest, SecurityRequest

    with plainly():
        require_server(temporary=True)
        if asked["number"]:
            asked["customer"] = inspection.inspection(asked["number"]).customer
        desk.customer(asked["customer"])  # a mistake in the inventory is told here, in its own words
        try:
            request = (SecurityRequest if procedure == "security-check" else InspectionRequest)(**asked)
        except ValidationError as problem:
            raise typer.BadParameter(f"{problem.errors()[0]['loc'][0]}: {_plain(problem.errors()[0])}") from None
        name = procedure.replace("-", "_")
        state = asyncio.run(getattr(importlib.import_module(f"flows.{name}"), name)(request, return_state=True))
        done = (state.message or "").partition(":")[0]
        files = {name: str(path) for name, path in papers.documents(done).items()} if done.startswith(("INS-", "SEC-")) else {}
        show({"number": done, "grade": state.name, "says": state.message, "documents": files}, as_json,
             f"{state.name}. {state.message}" + "".join(f"\n  {path}" for path in files.values()))
        raise typer.Exit({"AllWell": 0, "Warnings": 7, "Critical": 8, "Incomplete": 9, "Refused": 4}.get(state.name or "", 1))


@app.command()
def diagnose(customer: Annotated[str, typer.Argument(help="The customer's name")] = "",
             target: Annotated[list[str] | None, typer.Option(help="A host or database; may be given several times")] = None,
             problem: Annotated[str, typer.Option(help="In the customer's own words")] = "",
             at: Annotated[str, typer.Option(help="When it happened, for example '2026-11-23 10:15', in the customer's time zone; none: now")] = "",
             before: Annotated[int, typer.Option(help="Minutes before it that are looked at")] = 60,
             after: Annotated[int, typer.Option(help="Minutes after it")] = 15,
             requester: Annotated[str, typer.Option(help="The person at the customer who reported it; none: who gave the leave")] = "",
             engineer: Annotated[str, typer.Option(help="Who diagnoses; none: the account that runs this command")] = "",
             operator: Annotated[str, typer.Option(help="Who took the call")] = "",
             reference: Annotated[str, typer.Option(help="Call or ticket")] = "",
             leave_by: Annotated[str, typer.Option(help="Which approver or contact gave leave to log in; none: the approvers are asked by mail")] = "",
             leave_how: Annotated[str, typer.Option(help="phone, mail or paper")] = "phone",
             leave_at: Annotated[str, typer.Option(help="When it was given; none: just now")] = "",
             leave_hours: Annotated[float, typer.Option(help="For how many hours the leave lasts")] = 24,
             approval_hours: Annotated[float, typer.Option(help="Hours until silence counts as no")] = 24,
             number: Annotated[str, typer.Option(help="Take up this diagnosis, or file what became of it")] = "",
             solution: Annotated[str, typer.Option(help="With --number: how the problem was solved, for the problem base")] = "",
             solved: Annotated[bool, typer.Option("--solved", help="With --solution: it is solved")] = False,
             on_site: Annotated[bool, typer.Option("--on-site", help="With --solution: it is handed over to on-site service")] = False,
             agreed_by: Annotated[str, typer.Option(help="With --solution: who agreed for the customer before it was carried out")] = "",
             change: Annotated[list[str] | None, typer.Option(help="With --solution: a change by which it was carried out")] = None,
             as_json: AsJson = False) -> None:
    """Look into a problem from afar, with the customer's leave, in this process; reads only. Later: file what became of it."""
    if solution:
        _file_solution(number, solution, "on site" if on_site else "solved" if solved else "not solved", engineer, agreed_by, change or [], as_json)
        return
    if not number and not (customer and target and problem):
        raise typer.BadParameter("name the customer, at least one --target and the --problem; or a diagnosis by --number")
    from pydantic import ValidationError

    from blocks.lookup import require_server
    from flows.remote_diagnosis import remote_diagnosis
    from tasks import desk, papers
    from tasks.remote_diagnosis import sorted_targets
    from tasks.requests import DiagnosisRequest

    with plainly():
        require_server(temporary=True)
        if number:
            asked = {**desk.change(number).request, "number": number}
        else:
            hosts, databases = sorted_targets(customer, target or [])
            given = {"by": leave_by, "how": leave_how, "at": _moment(leave_at, customer), "taken_by": operator} if leave_by else None
            asked = {"customer": customer, "hosts": hosts, "databases": databases, "problem": problem, "happened_at": _moment(at, customer),
                     "minutes_before": before, "minutes_after": after, "requester": requester or leave_by, "engineer": engineer or operator or _account(),
                     "operator": operator, "reference": reference, "leave": given, "leave_hours": leave_hours, "approval_hours": approval_hours}
        try:
            request = DiagnosisRequest.model_validate(asked)
        except ValidationError as invalid:
            first = invalid.errors()[0]
            raise typer.BadParameter(f"{'.'.join(map(str, first['loc'])) or 'request'}: {_plain(first)}") from None
        state = remote_diagnosis(request, return_state=True)
        done = next(iter(re.findall(r"^DIA-\d{8}-\d{3,}", state.message or "")), "")
        files = {name: str(path) for name, path in papers.documents(done).items()} if done else {}
        show({"number": done, "grade": state.name, "says": state.message, "documents": files}, as_json,
             f"{state.name}. {state.message}" + "".join(f"\n  {path}" for path in files.values()))
        raise typer.Exit({"NothingFound": 0, "Warnings": 7, "Critical": 8, "Incomplete": 9, "Refused": 4, "Rejected": 5, "Expired": 5,
                          "AwaitingApproval": WAITING}.get(state.name or "", 1))


def _file_solution(number: str, text: str, outcome: str, by: str, agreed_by: str, changes: list[str], as_json: bool) -> None:
    from pydantic import ValidationError

    from reports.records import Solution
    from tasks import desk, papers
    from tasks.remote_diagnosis import file_solution

    if not number:
        raise typer.BadParameter("name the diagnosis by --number")
    with plainly():
        try:
            solution = Solution.model_validate({"change": number, "text": text, "outcome": outcome, "by": by or _account(), "at": desk.now(),
                                                "agreed_by": agreed_by, "changes": tuple(changes)})
        except ValidationError as invalid:
            raise typer.BadParameter(f"{invalid.errors()[0]['loc'][0]}: {_plain(invalid.errors()[0])}") from None
        name = file_solution(number, solution)
        files = [str(path) for file, path in papers.documents(number).items() if file.startswith(f"{name}-")]
        show({"number": number, "outcome": outcome, "documents": files}, as_json, f"{number}: {outcome}; filed and sealed" + "".join(f"\n  {f}" for f in files))


def _account() -> str:
    import getpass

    return getpass.getuser()


def _moment(words: str, customer: str):
    """A time as people write it, in the customer's zone if it names none."""
    from datetime import datetime

    from tasks import desk

    if not words:
        return None
    try:
        moment = datetime.fromisoformat(words.strip())
    except ValueError:
        raise typer.BadParameter(f"{words!r} is no time; write for example '2026-11-23 10:15' or '2026-11-23T10:15+08:00'") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=desk.customer(customer).time_zone())


@app.command()
def readers(limit: Annotated[int, typer.Option(help="Handfuls of targets at the same time")] = 2) -> None:
    """Read targets for inspections that run elsewhere with STANDFAST_READERS=task-workers, until stopped; start as many as wished."""
    from prefect.task_worker import serve

    from blocks.lookup import require_server
    from flows.parts.inspection_steps import read

    with plainly():
        require_server()
        serve(read, limit=limit)


@app.command()
def mend(number: Annotated[str, typer.Argument(help="Number of an inspection, a diagnosis or a security check, for example INS-20261123-001")],
         requester: Annotated[str, typer.Option(help="Who asks for it; may not approve it", prompt=True)],
         check: Annotated[list[str] | None, typer.Option(help="Only this check's findings, or: 'CFG-09a web1 /etc/shadow'; may be given several times")] = None,
         target: Annotated[list[str] | None, typer.Option(help="Only this host; may be given several times")] = None,
         operator: str = "", reason: Annotated[str, typer.Option(help="Empty: the inspection's number")] = "",
         rehearse_on: Annotated[str, typer.Option(help="Staging host; empty: a simulated copy")] = "",
         only_show: Annotated[bool, typer.Option("--show", help="Only say what would be opened")] = False, as_json: AsJson = False) -> None:
    """Turn an inspection's findings into changes: corrective maintenance for what can be mended, a software upgrade for security updates;
    a security check's (SEC-...) into security hardening."""
    from pydantic import ValidationError

    from tasks import lifecycle, mending

    with plainly():
        try:
            found, left = mending.openings(number, check or [], target or [], requester=requester, operator=operator, rehearse_on=rehearse_on,
                                           reason=reason)
        except ValidationError as problem:
            raise typer.BadParameter(f"{problem.errors()[0]['loc'][0]}: {_plain(problem.errors()[0])}") from None
        numbers = ["" if only_show else lifecycle.open_change(one.procedure, one.request.model_dump(mode="json")) for one in found]
        show([{"number": name, "procedure": one.procedure, "hosts": one.request.hosts,
               "findings": [[row.check, row.target, row.object, row.says.en] for row in one.findings]} for name, one in zip(numbers, found, strict=True)],
             as_json, "\n".join(
                 [line for name, one in zip(numbers, found, strict=True) for line in
                  (f"{name or 'would open'}: {one.procedure} on {', '.join(one.request.hosts)}",
                   *(f"  {row.check} {row.target}: {row.says.en}" for row in one.findings))]
                 + [f"left to people: {row.check} {row.target}: {row.says.en}" for row in left]
                 + [f"go on with: standfast plan {name}, then rehearse, send-codes, approve, carry-out" for name in numbers if name]))


@app.command()
def checks(as_json: AsJson = False) -> None:
    """All checks with their limits, by which customers and hosts may set others."""
    from tasks.checks.catalogue import all_checks

    show([{"id": c.id, "title": c.title.en, "chapter": c.chapter, "limits": {f"{c.id}.{n}": [x.warning, x.critical, x.unit] for n, x in c.limits.items()}}
          for c in all_checks()], as_json,
         "\n".join(f"{c.id:8} {c.chapter:13} {c.title.en}" + "".join(
             f"\n{'':23}{c.id}.{n}: warning {x.warning}, critical {x.critical} {x.unit}" for n, x in c.limits.items()) for c in all_checks()))


@app.command()
def controls(as_json: AsJson = False) -> None:
    """All controls of the security baseline with their figures, by which a customer's baseline may set others."""
    from tasks.controls.catalogue import all_controls

    show([{"id": c.id, "title": c.title.en, "family": c.family, "severity": c.severity, "level": c.level, "clauses": c.clauses, "rule": c.rule, "cis": c.cis,
           "limits": {f"{c.id}.{n}": b.wanted for n, b in c.bounds.items()}} for c in all_controls()], as_json,
         "\n".join(f"{c.id:10} {c.family:11} {c.severity:7} {'level 3' if c.level == 3 else '':8} {c.title.en}" + "".join(
             f"\n{'':39}{c.id}.{n}: {b.wanted} {b.unit}" for n, b in c.bounds.items()) for c in all_controls()))


@app.command()
def status(number: Annotated[str, typer.Argument(help="Change number; none: the newest changes")] = "", as_json: AsJson = False,
           all_: Annotated[bool, typer.Option("--all", help="Also the closed ones")] = False) -> None:
    """How far a change is, or which changes there are."""
    from tasks import desk, lifecycle

    with plainly():
        if not number:
            rows = desk.archive().changes(open_only=not all_)
            show([r.model_dump(mode="json") for r in rows], as_json,
                 "\n".join(f"{r.number}  {r.closure.value if r.closure else 'open':10}  {r.procedure} of {lifecycle.targets_of(r.number)} for {r.customer}"
                           for r in rows) or "no open changes")
            return
        row, journal = desk.change(number), desk.archive().journal(number)
        show({"change": row.model_dump(mode="json"), "journal": [e.model_dump(mode="json") for e in journal]}, as_json,
             f"{number}: {row.closure.value if row.closure else 'open'} {row.closure_reason}\n"
             + "\n".join(f"  {e.at:%Y-%m-%d %H:%M:%S}  {e.event}" + (f"  {e.target}" if e.target else "") + (f" step {e.step}" if e.step else "")
                         + (f" {e.detail['result']}" if "result" in e.detail else "") + (f": {e.detail['problem']}" if e.detail.get("problem") else "")
                         for e in journal))


# --- archive --------------------------------------------------------------------------------------------------------------

@archive_app.command("show")
def archive_show(number: Number, as_json: AsJson = True) -> None:
    """Everything that is filed of a change, always as JSON."""
    from tasks import desk

    with plainly():
        show(desk.archive().show(number), as_json)


@archive_app.command("verify")
def archive_verify(path: Annotated[Path | None, typer.Argument(help="A bundle, or the folder of all bundles; none: the whole chain of the archive")] = None,
                   key: Annotated[Path | None, typer.Option(help="The public key to trust; none: the archive's own")] = None,
                   as_json: AsJson = False) -> None:
    """Verify a bundle or the whole chain, offline; names the first thing that does not fit. Exit code 1 if something does not."""
    from reports.archive import verify_bundle, verify_chain

    with plainly():
        whole = path is None and key is None
        if path is None or key is None:
            from tasks import desk

            archive = desk.archive()
            path, key = path or archive.bundle_folder, key or archive.public_key
        if whole:
            verdict = archive.verify()  # its end against the database, too
        else:
            verdict = verify_chain(path, key) if path.is_dir() and not (path / "manifest.json").exists() else verify_bundle(path, key)
        show({"ok": verdict.ok, "problem": verdict.problem, "checked": verdict.checked, "path": str(path)}, as_json,
             f"{path}: {'all fits' if verdict.ok else verdict.problem} ({verdict.checked} checked)")
        raise typer.Exit(0 if verdict.ok else 1)


def main() -> None:
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "WARNING")
    os.environ.setdefault("DO_NOT_TRACK", "1")
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")  # of the temporary server, where none is set
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
