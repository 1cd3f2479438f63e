from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from benchmarks.memory import MemoryPlan, memory_verdicts, run_memory
from benchmarks.pipelines import YardstickPipeline
from benchmarks.throughput import Burst, run_burst
from benchmarks.workload import load
from benchmarks.yardsticks.programs import AIOKAFKA, FAUST_MULTI, Program
from tests.kafka.broker import KafkaBroker
from tests.web.conftest import NOW

pytestmark = pytest.mark.kafka
SECONDS = 40.0


async def burst(broker: KafkaBroker, directory: Path, program: Program) -> Burst:
    name = program.words[-1].rpartition(".")[2]
    pipeline = YardstickPipeline(broker.bootstrap, directory / name, f"quick-{name}", program)
    await pipeline.start()
    try:
        return await run_burst(broker.bootstrap, broker.pid, pipeline, load("quick", 20, 10, NOW), SECONDS)
    finally:
        pipeline.stop()


async def check_yardsticks(broker: KafkaBroker, directory: Path) -> None:
    for program in (AIOKAFKA, FAUST_MULTI):
        found = await burst(broker, directory, program)
        assert (found.missing, found.surplus) == (0, 0), program.name


def test_the_cheap_form_loses_nothing_and_reports(tmp_path: Path) -> None:
    with KafkaBroker() as broker:
        asyncio.run(check_yardsticks(broker, tmp_path))
        said: list[str] = []
        memory = run_memory(MemoryPlan(rounds=1, messages=20, conversations=10), broker, tmp_path, said.append)
        assert memory.lost == 0
        assert memory_verdicts(memory)[0].found is not None
