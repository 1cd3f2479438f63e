"""A short run of each fault while messages keep coming; `make chaos` is the long one."""

from __future__ import annotations

import random
import sys

import pytest

from tests.chaos.crashes import CRASHES
from tests.chaos.run import Plan, run
from tests.kafka.broker import KafkaBroker
from tests.kafka.conftest import Deployment

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]


@pytest.mark.parametrize("fault", list(CRASHES))
async def test_nothing_is_lost_doubled_or_out_of_order(kafka: KafkaBroker, on_kafka: Deployment, fault: str) -> None:
    seed = random.randrange(1_000_000)
    sys.stderr.write(f"chaos seed {seed}\n")
    plan = Plan(seed=seed, cycles=2, names=[fault], conversations=30, messages_per_second=15)
    outcome = await run(plan, kafka, on_kafka)
    assert outcome.clean, f"seed {seed}: {outcome.verdict}, {outcome.scene.broken}"
    assert outcome.verdict.sent > 50
    assert max(outcome.scene.times.ready_after) < 30
