"""A disk that is full or cannot be written ends a worker with one clear line; others go on, and nothing is lost."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

from tests.chaos.disks import DISKS, mounted
from tests.chaos.run import Plan, run
from tests.kafka.broker import KafkaBroker
from tests.kafka.conftest import Deployment
from tests.workers import Worker

pytestmark = [pytest.mark.kafka, pytest.mark.mount, pytest.mark.timeout(300)]


@pytest.mark.parametrize("fault", list(DISKS))
async def test_the_worker_ends_with_a_clear_line_and_nothing_is_lost(
    kafka: KafkaBroker, on_kafka: Deployment, fault: str
) -> None:
    seed = random.randrange(1_000_000)
    sys.stderr.write(f"disk seed {seed}\n")
    plan = Plan(seed=seed, cycles=1, names=[fault], conversations=20, messages_per_second=10, calm_seconds=(2, 4))
    outcome = await run(plan, kafka, on_kafka)
    assert outcome.clean, f"seed {seed}: {outcome.verdict}, {outcome.scene.broken}"
    assert outcome.verdict.sent > 50


@pytest.mark.parametrize(
    ("options", "reason"), [("size=1m,ro", "Read-only file system"), ("size=1m", "the disk of {path} is full (")]
)
def test_a_worker_without_a_usable_disk_does_not_start(
    tmp_path: Path, kafka: KafkaBroker, options: str, reason: str
) -> None:
    worker = Worker(kafka.bootstrap, tmp_path, {})
    worker.data_dir.mkdir()
    with mounted(worker.data_dir, options):
        worker.start()
        assert worker.wait_ended(30) == 2
    line = worker.log(1)
    assert line.startswith("signalstream: ")
    assert reason.format(path=worker.data_dir) in line
