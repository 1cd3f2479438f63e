"""Faults of the disk that a worker's tables are on: it fills up, or cannot be written when tables are opened."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.chaos.scene import Faults, Scene
from tests.workers import Worker, get_json

MEGABYTE = 1_000_000
DISK_MEGABYTES = 256  # the tables of a long run with their files of preparation fit; what fills it is ballast
LOW_MEGABYTES = 10  # left when /health must have said so (SIGNALSTREAM_LOW_DISK_MEGABYTES is far above by default)
ENDS_SECONDS = 40.0
BLOCK = b"\x00" * 65_536


@contextmanager
def mounted(directory: Path, options: str) -> Iterator[None]:
    """Put an empty tmpfs over a directory. Needs root."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(directory)], check=True, timeout=10)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(directory)], check=True, timeout=10)


def fill(directory: Path, leave_megabytes: int) -> Path:
    """Write a file that leaves only so much of a small disk; 0 leaves nothing at all."""
    ballast = directory / "ballast"
    with ballast.open("ab", buffering=0) as file, suppress(OSError):
        while shutil.disk_usage(directory).free > leave_megabytes * MEGABYTE:
            file.write(BLOCK)
        while not leave_megabytes:
            file.write(b"\x00")
    return ballast


async def full(scene: Scene) -> None:
    """A worker's disk fills up under it; it is started again too early, and then with room."""
    worker = scene.pick()
    await scene.terminate(worker)
    with mounted(worker.data_dir, f"size={DISK_MEGABYTES}m"):
        worker.start()
        await scene.ready(worker)
        fill(worker.data_dir, LOW_MEGABYTES)
        await _low_is_told(scene, worker)
        ballast = fill(worker.data_dir, 0)
        await _ends(scene, worker, 1, "No space left on device")
        worker.start()
        await _ends(scene, worker, 2, "No space left on device")
        ballast.unlink()
        worker.start()
        await scene.ready(worker)
        await asyncio.sleep(2)
        await scene.terminate(worker)
    await scene.again(worker)


async def unwritable(scene: Scene) -> None:
    """A worker's disk cannot be written when another's partitions come to it."""
    worker, *others = scene.workers
    with mounted(worker.data_dir, "size=1m,ro"):
        for other in others:
            await scene.terminate(other)
        await _ends(scene, worker, 1, "Read-only file system")
    for each in scene.workers:
        await scene.again(each, (0.0, 0.0))


async def _low_is_told(scene: Scene, worker: Worker) -> None:
    _, health = await asyncio.to_thread(get_json, f"{worker.url}/health")
    part = health["parts"]["disk"] if isinstance(health, dict) else {}
    scene.promise(part.get("status") == "low", f"/health does not say that the disk is nearly full: {part}")
    scene.promise(str(worker.data_dir) in str(part.get("reason")), "/health does not say which disk is nearly full")


async def _ends(scene: Scene, worker: Worker, code: int, reason: str) -> None:
    try:
        found: int | str = await asyncio.to_thread(worker.wait_ended, ENDS_SECONDS)
    except subprocess.TimeoutExpired:
        found = f"none within {ENDS_SECONDS:.0f} s"
    scene.promise(found == code, f"exit code {found} instead of {code}; the log ends: {worker.log(5)}")
    last = worker.log(1)
    scene.promise(last.startswith("signalstream: ") and reason in last, f"the last line is no explanation: {last}")


DISKS: Faults = {"disk full": full, "disk unwritable": unwritable}
