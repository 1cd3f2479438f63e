"""Look the locked packages up in a database of known holes, by pip-audit. Exit code 1 when one has a hole.

Where no database can be reached, one line says so and the exit code is 0. That is asked first, with one old package
whose hole every database knows: a mirror of the package index answers too, and knows of no holes at all.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCKS = (ROOT / "requirements" / "dev.txt", ROOT / "requirements" / "build.txt")  # dev.txt has all of run.txt
PROBE = "pyyaml==5.3"  # a file that it loads may run code: PYSEC-2020-96
SECONDS = 300
ACCEPTED: dict[str, str] = {}
"""Ids of holes that do not concern us, each with its reason."""

Ask = Callable[[Sequence[Path]], list[dict[str, Any]] | None]


def main(ask: Ask | None = None, locks: Sequence[Path] = LOCKS) -> int:
    """Print what was found and return the exit code. ``ask`` returns what is known of the packages of files."""
    ask = ask or asked
    if not _reachable(ask):
        return _said("known holes: skipped, no vulnerability database reachable", 0)
    packages = ask(locks)
    if packages is None:
        return _said("known holes: the database was lost half-way; run it again", 1)
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    if unknown:
        _said(f"known holes: nothing is known of {', '.join(unknown)}", 0)
    found = [line for package in packages for line in _lines(package)]
    return _said("\n".join(found) or f"known holes: none in {len(packages) - len(unknown)} packages", 1 if found else 0)


def asked(files: Sequence[Path]) -> list[dict[str, Any]] | None:
    """Return what pip-audit knows of the packages that the files pin, None when it had nobody to ask."""
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--no-deps", "--progress-spinner", "off"]
    command += ["--timeout", "10", "--format", "json"]
    for file in files:
        command += ["--requirement", str(file)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    try:
        packages: list[dict[str, Any]] = json.loads(ended.stdout)["dependencies"]
    except ValueError:
        return None
    return packages


def _reachable(ask: Ask) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        probe = Path(folder) / "probe.txt"
        probe.write_text(PROBE + "\n")
        return any(package.get("vulns") for package in ask([probe]) or ())


def _lines(package: dict[str, Any]) -> list[str]:
    return [
        f"known holes: {package['name']} {package['version']} has {hole['id']}; {_advice(hole)}"
        for hole in package.get("vulns", ())
        if hole["id"] not in ACCEPTED
    ]


def _advice(hole: dict[str, Any]) -> str:
    mended = ", ".join(hole["fix_versions"])
    if mended:
        return f"mended in {mended}: run scripts/lock.sh --upgrade"
    return "not mended yet: do without the package, or accept it in scripts/known_holes.py with a reason"


def _said(text: str, code: int) -> int:
    sys.stdout.write(text + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
