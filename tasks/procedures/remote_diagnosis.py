"""Remote diagnosis: its form. It plans no change; what it does is in tasks/remote_diagnosis.py."""

from tasks.requests import DiagnosisRequest as Request

__all__ = ["Request"]
