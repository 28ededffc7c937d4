# ruff: noqa: F401
"""The bottom layer: frozen records with plain fields. Imports nothing of Standfast above it."""

from reports.records.backup import BackedUpServer, Backup, BackupFile, BackupProof
from reports.records.base import NOTHING, Language, Moment, Record, Said, Text, canonical, same
from reports.records.change import (
    Approval,
    ApprovalRequest,
    Approver,
    ChangeRecord,
    Closure,
    Contact,
    Copy,
    JournalEntry,
    Likeness,
    Rehearsal,
    StepOutcome,
)
from reports.records.diagnosis import (
    AccessScope,
    Cause,
    DiagnosisRecord,
    Leave,
    LogFile,
    LogsRead,
    Precedent,
    Proposal,
    RecentChange,
    Sighting,
    Solution,
)
from reports.records.emergency import EmergencyReview
from reports.records.hardening import BaselineReading, HardenedControl, Hardening, RemainingControl
from reports.records.inspection import CheckAbout, CheckRow, Development, FullForecast, InspectionRecord, LimitAbout, Outcome, TargetRead
from reports.records.plan import (
    Acceptance,
    FileChange,
    Improvement,
    LeftOut,
    Measurement,
    Medium,
    Plan,
    Risk,
    SettingChange,
    Step,
    VersionChange,
    Window,
)
from reports.records.security import BaselineProfile, BoundAbout, ControlAbout, ControlException, LeftOff, Score, SecurityRecord, results
from reports.records.survey import (
    Cluster,
    Difference,
    FileSystem,
    Health,
    Package,
    Port,
    Release,
    Service,
    Survey,
    TableRows,
)

__all__ = [name for name in dir() if name[0].isupper()] + ["canonical", "results", "same"]
