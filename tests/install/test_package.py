from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PACKAGE = REPOSITORY / "signalstream"
pytestmark = [pytest.mark.install, pytest.mark.timeout(600)]
LOOPBACK_ONLY = {"SIGNALSTREAM_AUTH": "off", "SIGNALSTREAM_ENCRYPTION": "off"}


def run(command: list[str], folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("SIGNALSTREAM_", "PYTHON"))
    }
    done = subprocess.run(
        command, cwd=folder, env=environment | settings, capture_output=True, text=True, check=False, timeout=280
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done


@pytest.fixture(scope="module")
def bin_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("venv")
    run([sys.executable, "-m", "venv", str(folder)], folder)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    run([*pip, "--require-hashes", "-r", str(REPOSITORY / "requirements" / "dev.txt")], folder)
    source = folder / "source"
    shutil.copytree(PACKAGE, source / "signalstream", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE", ".gitignore"):
        shutil.copy2(REPOSITORY / name, source / name)
    run([str(folder / "bin" / "python"), "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(folder), "."], source)
    run([*pip, "--no-deps", str(next(folder.glob("signalstream-*.whl")))], folder)
    yield folder / "bin"
    shutil.rmtree(folder)


def test_the_dev_lock_satisfies_every_package_that_it_brings(bin_folder: Path, tmp_path: Path) -> None:
    assert "No broken requirements found" in run([str(bin_folder / "python"), "-m", "pip", "check"], tmp_path).stdout


def test_the_command_line_answers(bin_folder: Path, tmp_path: Path) -> None:
    shown = run([str(bin_folder / "signalstream"), "--help"], tmp_path).stdout
    assert "topics" in shown
    assert "dlq" in shown


def test_the_settings_are_shown(bin_folder: Path, tmp_path: Path) -> None:
    shown = run([str(bin_folder / "signalstream"), "config"], tmp_path, SIGNALSTREAM_WINDOW_SECONDS="77").stdout
    assert "SIGNALSTREAM_WINDOW_SECONDS" in shown
    assert "77" in shown


def test_faust_finds_the_worker(bin_folder: Path, tmp_path: Path) -> None:
    shown = run([str(bin_folder / "faust"), "-A", "signalstream", "--help"], tmp_path, **LOOPBACK_ONLY).stdout
    assert "worker" in shown


def test_every_file_of_the_package_is_in_the_wheel(bin_folder: Path) -> None:
    with zipfile.ZipFile(next(bin_folder.parent.glob("signalstream-*.whl"))) as wheel:
        packed = {name for name in wheel.namelist() if name.startswith("signalstream/")}
        licences = {Path(name).name for name in wheel.namelist() if "/licenses/" in name}
    kept = {
        str(path.relative_to(REPOSITORY)) for path in PACKAGE.rglob("*") if path.is_file() and path.suffix != ".pyc"
    }
    assert packed == kept
    assert any(name.startswith("signalstream/samples/") for name in packed)
    assert licences == {"LICENSE", "NOTICE"}
