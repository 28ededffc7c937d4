"""Emergency review: its form. It is no change, so there is nothing to plan; its work is in tasks/emergency_review.py."""

from tasks.requests import ReviewRequest as Request

__all__ = ["Request"]
