"""What the command line needs, imported once; see warm.py. Nothing here may start a thread or open a connection."""

import flows.back_out
import flows.software_upgrade
import reports.documents
import standfast
import tasks.papers
import tasks.simulated_copy

__all__ = ["flows", "reports", "standfast", "tasks"]
