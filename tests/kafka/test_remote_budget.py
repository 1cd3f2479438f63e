"""Workers share a remote model's quota by their partitions, and ask one another for nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from signalstream.streaming.embedded import free_port
from tests.kafka.conftest import Deployment
from tests.workers import Worker, get

pytestmark = pytest.mark.kafka
QUOTA = 1_000


def budget(worker: Worker) -> dict[str, Any]:
    _, body = get(f"{worker.url}/health")
    part: dict[str, Any] = json.loads(body)["parts"]["analyst"]["remote"]["budget"]
    return part


def shares_become(workers: list[Worker], wanted: Callable[[list[float]], bool], seconds: float = 40.0) -> None:
    deadline = time.monotonic() + seconds
    while not wanted(shares := [budget(worker)["share"] for worker in workers]):
        assert time.monotonic() < deadline, f"the shares stay {shares}"
        time.sleep(0.2)


def test_the_quota_is_shared_by_partitions_and_moves_with_them(on_kafka: Deployment) -> None:
    on_kafka.settings |= {
        "SIGNALSTREAM_ANALYST": "openai",
        "SIGNALSTREAM_OPENAI_BASE_URL": f"http://127.0.0.1:{free_port()}/v1",  # nobody is asked: there is no message
        "SIGNALSTREAM_OPENAI_MODEL": "any",
        "SIGNALSTREAM_REMOTE_REQUESTS_PER_MINUTE": str(QUOTA),
    }
    first = on_kafka.start()
    first.wait_ready()
    shares_become([first], lambda shares: shares == [1.0])

    second = on_kafka.start()
    second.wait_ready()
    shares_become([first, second], lambda shares: min(shares) > 0 and sum(shares) == 1.0)
    allowed = sum(budget(worker)["requests_per_minute"] for worker in (first, second))
    assert allowed == pytest.approx(0.9 * QUOTA)

    second.terminate()
    shares_become([first], lambda shares: shares == [1.0])
    assert budget(first)["requests_per_minute"] == 0.9 * QUOTA
