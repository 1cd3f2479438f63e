"""What a machine must have for the marked tests, and what becomes of them where it is missing.

On a laptop they are skipped, and the last lines of the run say so loudly. With ``CI=true`` a missing part ends the
run at once: a green run that tested nothing is worse than a red one.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.kafka.jars import why_unavailable

CAP_SYS_ADMIN = 21  # its number in the kernel's list of rights
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def browser_command() -> str | None:
    """Return the first Chromium on the path."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def why_no_browser() -> str | None:
    """Return what is missing for the tests that drive a browser."""
    return None if browser_command() else f"none of {', '.join(BROWSERS)} is on the PATH; install chromium"


def why_no_install() -> str | None:
    """Return what is missing for the tests that build and install the package."""
    missing = [module for module in ("venv", "ensurepip") if importlib.util.find_spec(module) is None]
    return f"this Python lacks {' and '.join(missing)}; install python3-venv" if missing else None


def why_no_mount() -> str | None:
    """Return why the tests that mount a small disk cannot."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.is_file() else []
    rights = next((int(line.split()[1], 16) for line in lines if line.startswith("CapEff:")), 0)
    if rights >> CAP_SYS_ADMIN & 1 and shutil.which("mount"):
        return None
    return "this process may not mount a small disk; run it as root (in a container also with CAP_SYS_ADMIN)"


def why_no_wrong_clock() -> str | None:
    """Return what is missing for the tests whose workers have wrong clocks."""
    if not sys.platform.startswith("linux"):
        return "a library that makes a clock wrong is preloaded on Linux only"
    return None if shutil.which("cc") else "cc is not on the PATH; install gcc and libc6-dev"


REQUIREMENTS: Mapping[str, Callable[[], str | None]] = {
    "kafka": why_unavailable,
    "browser": why_no_browser,
    "install": why_no_install,
    "mount": why_no_mount,
    "clock": why_no_wrong_clock,
}


def missing_parts(markers: set[str]) -> dict[str, str]:
    """Return marker -> what is missing, for those of ``markers`` that this machine cannot run."""
    reasons = {marker: check() for marker, check in REQUIREMENTS.items() if marker in markers}
    return {marker: reason for marker, reason in reasons.items() if reason is not None}


def must_run_everything(environment: Mapping[str, str] = os.environ) -> bool:
    """Say whether a missing part is a failure (``CI=true``)."""
    return environment.get("CI", "").lower() in {"1", "true", "yes"}
