"""An inspection as a flow: read handfuls of targets side by side, one task run each; then compare, report, seal."""

from __future__ import annotations

from prefect import State
from prefect.states import Completed, Failed

from blocks.lookup import UnknownName
from flows.parts import inspection_steps as steps
from flows.parts.run import ending, name_this_run, run_id
from reports.records import Closure, Outcome
from tasks import desk, inspection
from tasks.errors import ProcedureError
from tasks.requests import InspectionRequest

STATES = {Outcome.OK: "AllWell", Outcome.WARNING: "Warnings", Outcome.CRITICAL: "Critical", Outcome.UNKNOWN: "Incomplete",
          Outcome.NOT_APPLICABLE: "AllWell"}


def inspect(procedure: str, request: InspectionRequest) -> State:
    """Take an inspection from its request to its sealed report, and say the worst that was found in the run's state."""
    try:
        if request.when == "quarterly" and not request.number and not desk.archive().change_of_run(run_id()):
            if number := inspection.left_open(request.customer, procedure):
                request = request.model_copy(update={"number": number})
            elif not inspection.is_due(request.customer, procedure):
                return Completed(name="NotDue", message=f"the quarter's inspection of {request.customer} is done, or not due today")
        number = inspection.open_inspection(procedure, request, run_id=run_id())
    except (ProcedureError, UnknownName) as problem:
        return ending(None, Closure.REFUSED, problem.text)
    name_this_run(number)
    with desk.driving(number):
        parts = inspection.handfuls(inspection.missing(number))
        reading = [steps.read.submit(number, names, part, len(parts)) for part, names in enumerate(parts, start=1)]
        for future in reading:
            future.wait()
        if missing := inspection.missing(number):
            return Failed(name="Interrupted", message=f"{number}: {len(missing)} targets are not read, the first {missing[0]}; take it up again with Retry")
        found = steps.report(number)
    return Completed(name=STATES[Outcome(found["grade"])], message=f"{number}: {found['says']}")
