"""Remote diagnosis (远程诊断服务, R103-R114).

Purpose: find out from afar why something does not work: with the customer's leave, check the targets, read their logs around the time of the
    problem, put in order what was seen, say what it may mean and what is proposed, and hand over a report (R108, R110).
When to use: words on the phone do not explain the problem (R102, R103). Also for operating systems and databases, where the customer agrees (X13).
Approval: the customer's leave to log in, told by phone, mail or in writing and taken down, or asked for by mail with a code (R104). It is for
    exactly the targets, logs and span named, and runs out. Nobody logs in before it is in the archive. Carrying a proposal out needs another yes (R111).
Before you start: the targets are in the inventory; the customer's approvers and contacts are in the customer block.
Steps: 1 record the problem; 2 the customer's leave; 3 the checks of an inspection, and the logs around the time, two round trips a host;
    4 timeline, suspected causes, proposals; 5 report in two languages, sealed and sent. Later: file what became of it (R112).
Back-out plan: none needed; nothing on a target is written. Point of no return: none.
Known errors: docs/known-errors.md. A host that cannot be reached is said; a warranty repair from afar needs the application manager's word (R056, X6).
Evidence kept: the leave, every log-in, the logs without secrets, every row of the checks, the report, sealed and chained.
"""

from prefect import State, flow

from flows.parts.diagnosis import diagnose
from flows.parts.run import named
from tasks.requests import DiagnosisRequest


@flow(name="remote-diagnosis", flow_run_name=named("Remote diagnosis for {request.customer}"), persist_result=True, validate_parameters=False)
def remote_diagnosis(request: DiagnosisRequest) -> State:
    """Look into a problem from afar, with the customer's leave; reads only."""
    return diagnose(request)
