"""What people can mend is said in one sentence in a run's logs, and once: Prefect would print where in our code it came up, some thirty lines of it."""

from __future__ import annotations

import logging

from prefect.exceptions import CancelledRun, FailedRun

from blocks.foundation import Undescribed
from tasks.errors import ProcedureError
from tasks.redaction import redact


class OneSentence(logging.Filter):
    """Takes the traceback out of records about our own errors; what is a mistake of the code keeps its own."""

    def filter(self, record: logging.LogRecord) -> bool:
        problem = record.exc_info[1] if record.exc_info else None
        if isinstance(problem, (FailedRun, CancelledRun)):  # a flow that ended in such a state, whose message has said it
            return False
        if not isinstance(problem, (ProcedureError, Undescribed)):
            return True
        if getattr(problem, "is_told", False):
            return False
        problem.is_told = True
        record.msg, record.args, record.exc_info, record.exc_text = redact(problem.text.en), (), None, None
        return True


def speak_plainly() -> None:
    """For runs and their tasks, in this process; once."""
    for name in ("prefect.flow_runs", "prefect.task_runs"):
        logger = logging.getLogger(name)
        if not any(isinstance(there, OneSentence) for there in logger.filters):
            logger.addFilter(OneSentence())
