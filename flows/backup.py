"""Backup (备份, X17, R133).

Purpose: take of each of a customer's hosts what brings it back: databases, configuration, applications, package list, facts; and prove each
    backup by restoring it on a simulated copy of the host and comparing it with what the host was.
When to use: every night by schedule; before larger work; right after an emergency restore.
Approval: none; it reads. Standing leave in the inventory: `wal_kept_mib` lets PostgreSQL keep its log for the backup, within that bound.
Before you start: `watched`, `releases` and `backed_up` name what is kept beside the databases; there is room in the place for backups.
Steps: 1 survey the host; 2 read its files, package list and databases, each as a stream to the place for backups; 3 restore all of it on a
    copy, by the steps of an emergency, and compare row by row and file by file; 4 remove backups that are older than agreed; 5 seal the record.
Back-out plan: none needed; a backup that failed its proof is told and not counted. Point of no return: none.
Known errors: docs/known-errors.md, docs/backup.md.
Evidence kept: digests of every file, surveys before and after, each step of the proof with its seconds, sealed and chained.
"""

from prefect import State, flow

from flows.parts.backup import back_up
from flows.parts.run import named
from tasks.requests import BackupRequest


@flow(name="backup", flow_run_name=named("Backup of {request.customer}"), persist_result=True, validate_parameters=False)
def backup(request: BackupRequest) -> State:
    """Back up a customer's hosts and prove each backup by a restore in the sandbox."""
    return back_up(request)
