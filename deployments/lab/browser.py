"""A browser for the one test that clicks: Chromium and its driver, installed where that is possible.

`python -m deployments.lab.browser` never fails: without a browser that test is skipped, and says so.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from deployments.lab import engine
from deployments.lab.place import LabError, say

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def found() -> tuple[str, str] | None:
    """Paths of a browser and its driver on this machine; None if either is missing."""
    browser = next((path for name in NAMES if (path := shutil.which(name))), None)
    driver = shutil.which("chromedriver")
    return (browser, driver) if browser and driver else None


def ensure() -> tuple[str, str] | None:
    """As `found`; as root on Debian they are installed first if they are missing. Says in one sentence why there is none."""
    if found() is None:
        try:
            if os.geteuid() != 0 or "\nID=debian" not in "\n" + Path("/etc/os-release").read_text():
                raise LabError("install chromium and chromium-driver (on Debian: apt-get install chromium chromium-driver)")
            engine.install(["chromium", "chromium-driver"], "the test in a real browser needs them")
        except (LabError, OSError) as problem:
            say(f"no browser, so the test in a real browser will be skipped: {problem}")
    return found()


if __name__ == "__main__":
    ensure()
