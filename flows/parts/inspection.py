"""An inspection as a flow: read handfuls of targets side by side, one task run each; then compare, report, seal."""

from __future__ import annotations

from anyio import to_thread
from prefect import State
from prefect.states import Completed, Failed

from blocks.foundation import Undescribed
from flows.parts import inspection_steps as steps
from flows.parts.run import ending, name_this_run, run_id
from reports.documents import get_ready
from reports.records import Closure, Outcome
from tasks import desk, inspection
from tasks.errors import ProcedureError
from tasks.requests import InspectionRequest

STATES = {Outcome.OK: "AllWell", Outcome.WARNING: "Warnings", Outcome.CRITICAL: "Critical", Outcome.UNKNOWN: "Incomplete",
          Outcome.NOT_APPLICABLE: "AllWell"}


async def inspect(procedure: str, request: InspectionRequest) -> State:
    """Take an inspection from its request to its sealed report, and say the worst that was found in the run's state.

    In a thread, under a flow that is asynchronous only because Prefect ends one a second sooner (it does not wait for the heartbeat).
    """
    return await to_thread.run_sync(_inspect, procedure, request)


def _inspect(procedure: str, request: InspectionRequest) -> State:
    try:
        if request.when == "quarterly" and not request.number and not desk.archive().change_of_run(run_id()):
            if number := inspection.left_open(request.customer, procedure):
                request = request.model_copy(update={"number": number})
            elif not inspection.is_due(request.customer, procedure):
                return Completed(name="NotDue", message=f"the quarter's inspection of {request.customer} is done, or not due today")
        number = inspection.open_inspection(procedure, request, run_id=run_id())
    except (ProcedureError, Undescribed) as problem:
        return ending(None, Closure.REFUSED, problem.text)
    name_this_run(number)
    with desk.driving(number):
        if steps.readers_elsewhere():
            steps.read_elsewhere(number)  # what they leave is read here
        parts = inspection.handfuls(inspection.missing(number))
        reading = [steps.read.submit(number, names, part, len(parts)) for part, names in enumerate(parts, start=1)]
        get_ready()  # what draws the report's charts, while the hosts answer
        for future in reading:
            future.wait()
        if missing := inspection.missing(number):
            return Failed(name="Interrupted", message=f"{number}: {len(missing)} targets are not read, the first {missing[0]}; take it up again with Retry")
        found = steps.report(number)
    return Completed(name=STATES[Outcome(found["grade"])], message=f"{number}: {found['says']}")
