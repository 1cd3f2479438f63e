"""Short runs of the faults of workers while messages keep coming; `make chaos` is the long one, with all of them."""

from __future__ import annotations

import random
import sys

import pytest

from tests.chaos.crashes import CRASHES
from tests.chaos.membership import MEMBERSHIP
from tests.chaos.run import Plan, run
from tests.kafka.broker import KafkaBroker
from tests.kafka.conftest import Deployment

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(400)]
RUNS = {
    "killed": ("SIGKILL", "SIGKILL again and again", "SIGKILL and empty disk", "SIGKILL and swapped disks"),
    "stopped": ("rolling restart", "workers come and go"),
    "frozen": ("SIGSTOP past the session", "zombie"),
    "backlogged": ("backlog",),
}


def test_every_fault_of_workers_is_in_a_run() -> None:
    assert sorted(name for names in RUNS.values() for name in names) == sorted({**CRASHES, **MEMBERSHIP})


@pytest.mark.parametrize("names", RUNS.values(), ids=list(RUNS))
async def test_every_message_has_its_effect_once_and_in_order(
    kafka: KafkaBroker, on_kafka: Deployment, names: tuple[str, ...]
) -> None:
    seed = random.randrange(1_000_000)
    sys.stderr.write(f"chaos seed {seed}\n")
    on_kafka.settings["SIGNALSTREAM_ANALYSIS_DEADLINE_SECONDS"] = "10"  # SIGTERM has 5 s more: see Worker.terminate
    plan = Plan(seed=seed, cycles=len(names), names=names, conversations=20, messages_per_second=10)
    outcome = await run(plan, kafka, on_kafka)
    assert outcome.clean, f"seed {seed}: {outcome.drawn}, {outcome.verdict}, {outcome.scene.broken}"
    assert outcome.verdict.sent > 50
    assert outcome.connections > len(outcome.drawn)
