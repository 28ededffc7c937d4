"""The lab: real Debian 12 hosts in containers, a mail sink and a vendor's releases, for demonstrations and tests.

`from deployments.lab import lab` gives what tests use; `python -m deployments.lab --help` is for people.
"""

from deployments.lab.control import Lab, lab
from deployments.lab.hosts import Host
from deployments.lab.media import Release
from deployments.lab.place import LabError

__all__ = ["Host", "Lab", "LabError", "Release", "lab"]
