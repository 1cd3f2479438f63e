"""The broker goes away and comes back: callers are told so in bounded time, and nothing that was accepted is lost."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.outside import OUTSIDE
from tests.chaos.run import Plan, run
from tests.conftest import new_topic_names
from tests.kafka.broker import KafkaBroker
from tests.kafka.conftest import Deployment

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]
STALL_SECONDS = "8"  # shorter than the outages: standing still without a broker must not end a worker


@pytest.fixture(scope="module")
def own_broker() -> Iterator[KafkaBroker]:
    with KafkaBroker() as broker:
        yield broker


@pytest.fixture
def deployment(own_broker: KafkaBroker, tmp_path: Path) -> Iterator[Deployment]:
    settings = {"SIGNALSTREAM_STALL_SECONDS": STALL_SECONDS}
    deployment = Deployment(own_broker.bootstrap, new_topic_names(), tmp_path, settings)
    yield deployment
    deployment.stop()


@pytest.mark.parametrize("fault", list(OUTSIDE))
async def test_callers_are_told_in_bounded_time_and_nothing_is_lost(
    own_broker: KafkaBroker, deployment: Deployment, fault: str
) -> None:
    seed = random.randrange(1_000_000)
    sys.stderr.write(f"outage seed {seed}\n")
    plan = Plan(seed=seed, cycles=1, names=[fault], conversations=20, messages_per_second=10, calm_seconds=(1, 3))
    outcome = await run(plan, own_broker, deployment)
    sys.stderr.write(f"accepted again after {outcome.scene.times.accepted_after} s\n")
    assert outcome.clean, f"seed {seed}: {outcome.verdict}, {outcome.scene.broken}"
    assert outcome.verdict.sent > 50
    assert [worker.terminate() for worker in deployment.workers] == [0, 0]  # none had ended by itself
