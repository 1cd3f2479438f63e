from __future__ import annotations

from pathlib import Path

import pytest

from signalstream.streaming.embedded import free_port
from tests.conftest import TopicNames
from tests.kafka.broker import KafkaBroker
from tests.workers import Worker, WorkerError, get, get_json


@pytest.mark.kafka
def test_a_worker_is_ready_and_ends_in_order(kafka: KafkaBroker, tmp_path: Path, topic_names: TopicNames) -> None:
    with Worker(kafka.bootstrap, tmp_path, topic_names.environment()) as worker:
        worker.wait_ready()
        status, _ = get_json(f"{worker.url}/live")
        assert status == 200
        assert worker.terminate() == 0, worker.log()
    assert get(f"{worker.url}/live")[0] == 0


def test_a_worker_that_ends_before_it_is_ready_shows_its_log(tmp_path: Path, topic_names: TopicNames) -> None:
    settings = topic_names.environment() | {"SIGNALSTREAM_AUTH": "required"}
    with Worker("127.0.0.1:1", tmp_path, settings) as worker:
        with pytest.raises(WorkerError, match=r"(?s)ended with code 2 before it was ready; .*SIGNALSTREAM_AUTH"):
            worker.wait_ready()
        assert worker.terminate() == 2


def test_nobody_answers_where_no_worker_is() -> None:
    assert get(f"http://127.0.0.1:{free_port()}/ready")[0] == 0
