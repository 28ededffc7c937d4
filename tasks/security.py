"""The security check (R008, R058): a customer's hosts and databases judged by the baseline and the customer's profile. An inspection in all else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import replace
from typing import Any

from reports.archive import inspections
from reports.records import BaselineProfile, BoundAbout, CheckRow, ControlAbout, Development, Outcome, SecurityRecord, TargetRead, Text, results
from tasks import desk
from tasks.checks.kinds import Limits
from tasks.controls.catalogue import all_controls, database_controls, host_controls
from tasks.controls.kinds import HARDENING, DatabaseControl, HostControl
from tasks.controls.left_off import LEFT_OFF
from tasks.controls.profile import bounds_of, see_that_it_fits, settled
from tasks.controls.score import scores
from tasks.targets import HOST, SECURITY, SERVER, Kind, KnownFor, Target, targets_of

Read = Callable[[Any, Sequence[Any], Mapping[str, Limits], KnownFor], tuple[TargetRead, str]]


def kinds(profile: BaselineProfile) -> tuple[Kind, ...]:
    """Hosts and database servers, asked the controls of the profile's level and judged by it."""
    return (Kind(HOST.block, lambda _: host_controls(profile.level), _judged(HOST.read, profile)),
            Kind(SERVER.block, lambda access: database_controls(access.kind, profile.level), _judged(SERVER.read, profile)))


def _judged(read: Read, profile: BaselineProfile) -> Read:
    def ask(block: Any, controls: Sequence[Any], limits: Mapping[str, Limits], known_for: KnownFor) -> tuple[TargetRead, str]:
        bounds = {control.id: bounds_of(control, profile) for control in controls}
        found, raw = read(block, controls, bounds,  # type: ignore[arg-type]
                          lambda check: replace(known_for(check), banner=profile.banner, log_host=profile.log_host))
        today = found.read_at.astimezone(desk.customer(block.customer).time_zone()).date()
        return found.model_copy(update={"rows": settled(found.rows, controls, profile, today)}), raw
    return ask


def targets(customer: str, profile: BaselineProfile) -> dict[str, Target]:
    return targets_of(SECURITY, customer, kinds(profile))


def profile_now(customer: str) -> BaselineProfile:
    """The customer's profile as it is today.

    Raises:
        BlockersFound: it asks for what there is not, or contradicts itself.
    """
    profile = desk.customer(customer).baseline.record()
    see_that_it_fits(profile, all_controls(), targets(customer, profile))
    return profile


def profile_of(number: str) -> BaselineProfile:
    """The profile by which a check judges: as it was when the check was opened."""
    return BaselineProfile.model_validate(desk.change(number).request["profile"])


def security_record(common: Mapping[str, Any], last: inspections.Inspection | None, last_rows: Iterable[CheckRow]) -> SecurityRecord:
    """What the report says, from what every inspection's report says. last_rows: of the same targets, by their last check."""
    profile = profile_of(common["number"])
    score, each = scores((row for read in common["reads"] for row in read.rows), severities())
    last_score, last_each = scores(last_rows, severities()) if last else (None, ())
    return SecurityRecord(**{
        **common, "developments": _developed(common["developments"], common["reads"]),
        "checks": abouts(profile, {read.kind for read in common["reads"]}),
        "profile": profile, "left_off": LEFT_OFF, "score": score, "scores": each,
        "checked_on": common["opened_at"].astimezone(desk.customer(common["customer"]).time_zone()).date(),
        "last_score": last_score, "last_scores": last_each, "last_level": profile_of(last.number).level if last else 0})


def severities() -> dict[str, str]:
    """What each control weighs by, by its id."""
    return {control.id: control.severity for control in all_controls()}


def abouts(profile: BaselineProfile, kinds_read: Set[str]) -> tuple[ControlAbout, ...]:
    """The controls that the profile's level asks of such targets, as its report tells them."""
    return tuple(about(control, profile) for control in all_controls() if control.level <= profile.level and (
        "host" in kinds_read if isinstance(control, HostControl) else any(_reads_as(kind) in kinds_read for kind in control.kinds)))


def _developed(developments: Iterable[Development], reads: Iterable[TargetRead]) -> tuple[Development, ...]:
    """A fault that is no longer named is gone with its object, or fixed where the control now passes: then it says so without naming one."""
    now = results(row for read in reads for row in read.rows)
    return tuple(one.model_copy(update={"change": "fixed"}) if one.change == "gone" and now.get((one.target, one.check)) is Outcome.OK else one
                 for one in developments)


def _reads_as(kind: str) -> str:
    return "mysql" if kind == "mariadb" else kind


def about(control: HostControl | DatabaseControl, profile: BaselineProfile) -> ControlAbout:
    bounds = {}
    for name, bound in bounds_of(control, profile).items():
        usual = bounds_of(control, profile.model_copy(update={"limits": {}}))[name].figure
        bounds[name] = BoundAbout(figure=bound.figure, unit=bound.unit, most=bound.most, source=bound.source, own=f"{control.id}.{name}" in profile.limits,
                                  usual=usual)
    return ControlAbout(id=control.id, title=control.title, chapter=control.family, remedy=control.remedy, source=control.source, clause=control.clauses[-1],
                        operation=HARDENING if control.mend else "", objects=dict(control.objects), severity=control.severity, level=control.level,
                        clauses=control.clauses, rule=control.rule, cis=control.cis, bounds=bounds, risk=control.risk, breaks=control.breaks,
                        cuts_off=control.cuts_off)


def sentence(record: SecurityRecord) -> Text:
    """How it ended, for the register and the mail."""
    score, last = record.score, record.last_score
    silent = sum(read.problem is not None for read in record.reads)
    points = "-" if score.score is None else f"{score.score:.1f}"
    before = f"{last.score:.1f}" if last and last.score is not None else ""
    return Text(
        zh=f"共 {len(record.reads)} 个对象，{silent} 个无法连接；第 {record.profile.level} 级基线得分 {points}" + (f"（上次 {before}）" if before else "")
           + f"；不符合 {score.failed} 项，未能判定 {score.unknown} 项，例外 {score.excepted} 项",
        en=f"{len(record.reads)} targets, {silent} not reached; score {points} by level {record.profile.level}" + (f" (last time {before})" if before else "")
           + f"; {score.failed} fail, {score.unknown} not known, {score.excepted} excepted")


def target_table(record: SecurityRecord) -> list[dict[str, object]]:
    """One row a target, the lowest score first, for the run's page."""
    each = {score.target: score for score in record.scores}
    rows = []
    for read in record.reads:
        score = each.get(read.target)
        points = score.score if score else None
        rows.append({"target": read.target, "reached": "no" if read.problem else "yes", "score": None if points is None else round(points, 1),
                     **({"pass": score.passed, "fail": score.failed, "unknown": score.unknown, "excepted": score.excepted,
                         "not applicable": score.not_applicable} if score else {}), "seconds": round(read.seconds, 1)})
    return sorted(rows, key=lambda row: (row["reached"], row["score"] if row["score"] is not None else -1, row["target"]))
