"""Backup: its form. It is no change, so there is nothing to plan; its work is in tasks/backing_up.py."""

from tasks.requests import BackupRequest as Request

__all__ = ["Request"]
