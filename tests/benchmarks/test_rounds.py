from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks.processes import pinned, resident_bytes
from benchmarks.rounds import ORDER, SCALING, _pipeline
from tests.kafka.broker import KafkaBroker


@pytest.mark.parametrize("name", sorted({*ORDER, *SCALING}))
def test_every_row_has_a_pipeline_of_its_name_on_topics_of_its_own(name: str, tmp_path: Path) -> None:
    broker = KafkaBroker(tmp_path)  # not started
    pipelines = [_pipeline(name, broker, tmp_path, number) for number in range(2)]
    assert [pipeline.name for pipeline in pipelines] == [name] * 2
    assert len({pipeline.prefix for pipeline in pipelines}) == 2
    assert all(set(pipeline.prefix) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for pipeline in pipelines)


def test_a_pinned_process_gets_its_cores_back() -> None:
    before = os.sched_getaffinity(0)
    with pinned(os.getpid()):
        assert os.sched_getaffinity(0) == {max(before)}
    assert os.sched_getaffinity(0) == before


def test_a_process_holds_memory() -> None:
    assert resident_bytes(os.getpid()) > 1_000_000
