from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).parents[2]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
LOCKS = {name: (REPOSITORY / "requirements" / f"{name}.txt").read_text() for name in ("build", "run", "dev")}
WANTED = {
    "build": PROJECT["build-system"]["requires"],
    "run": PROJECT["project"]["dependencies"],
    "dev": PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["dev"],
}
MACHINES = [
    {"python_version": version, "python_full_version": f"{version}.9", "sys_platform": platform,
     "platform_system": "Linux" if platform == "linux" else "Darwin", "os_name": "posix",
     "implementation_name": "cpython", "platform_python_implementation": "CPython"}
    for version in ("3.11", "3.12", "3.13") for platform in ("linux", "darwin")
]  # fmt: skip


def entries(lock: str) -> list[str]:
    joined = LOCKS[lock].replace("\\\n", " ")
    return [line for line in joined.splitlines() if line.strip()]


def applies(marker: Marker | None, machine: dict[str, str]) -> bool:
    return marker is None or marker.evaluate(machine)


def pins(lock: str, machine: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in entries(lock):
        requirement = Requirement(re.split(r"\s+--hash", entry)[0])
        if applies(requirement.marker, machine):
            assert requirement.name not in found, f"{requirement.name} is pinned twice for {machine}"
            found[canonicalize_name(requirement.name)] = str(requirement.specifier).removeprefix("==")
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_every_entry_is_one_version_with_hashes(lock: str) -> None:
    shape = re.compile(r"[a-z0-9.-]+(\[[a-z0-9,-]+\])?==\S+( ; .+?)?(\s+--hash=sha256:[0-9a-f]{64})+\s*")
    assert [entry for entry in entries(lock) if not shape.fullmatch(entry)] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_names_an_address_or_a_path(lock: str) -> None:
    assert re.findall(r"://|index-url|find-links|/root|/home|@ ", LOCKS[lock]) == []


@pytest.mark.parametrize(
    "machine", MACHINES, ids=lambda machine: f"{machine['sys_platform']}-{machine['python_version']}"
)
@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_satisfies_what_pyproject_asks_for(lock: str, machine: dict[str, str]) -> None:
    locked = pins(lock, machine)
    for line in WANTED[lock]:
        wanted = Requirement(line)
        if applies(wanted.marker, machine):
            version = locked.get(canonicalize_name(wanted.name))
            assert version, f"{line} is not locked; run scripts/lock.sh"
            assert wanted.specifier.contains(version), f"{line} is locked at {version}; run scripts/lock.sh"


@pytest.mark.parametrize(
    "machine", MACHINES, ids=lambda machine: f"{machine['sys_platform']}-{machine['python_version']}"
)
def test_tests_meet_the_versions_that_production_has(machine: dict[str, str]) -> None:
    assert pins("run", machine).items() <= pins("dev", machine).items()


def test_the_build_lock_is_made_from_what_pyproject_builds_with() -> None:
    asked = (REPOSITORY / "requirements" / "build.in").read_text().splitlines()
    assert [line for line in asked if not line.startswith("#")] == WANTED["build"]
