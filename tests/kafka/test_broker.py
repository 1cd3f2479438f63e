from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import UnknownTopicOrPartitionError

from signalstream.streaming.embedded import answers_kafka, free_port
from tests.conftest import TopicNames
from tests.kafka.broker import KafkaBroker, KafkaStartError

pytestmark = pytest.mark.kafka
REPOSITORY = Path(__file__).parents[2]


async def create(bootstrap: str, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, num_partitions=2, replication_factor=1)])
    await admin.close()


async def produce(bootstrap: str, topic: str, value: bytes) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True) as producer:
        await producer.send_and_wait(topic, value, key=b"acme/1")


async def first_value(bootstrap: str, topic: str, group: str) -> bytes:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, group_id=group, auto_offset_reset="earliest")
    async with consumer:
        return bytes((await consumer.getone()).value)


async def test_what_is_produced_is_consumed_by_a_group(kafka: KafkaBroker, topic_names: TopicNames) -> None:
    topic = f"{topic_names.topic_prefix}.greetings"
    await create(kafka.bootstrap, topic)
    await produce(kafka.bootstrap, topic, b"hello")
    assert await first_value(kafka.bootstrap, topic, topic_names.app_id) == b"hello"


async def test_a_topic_that_nobody_created_stays_missing(kafka: KafkaBroker, topic_names: TopicNames) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    try:
        answer = await admin.describe_topics([f"{topic_names.topic_prefix}.nobody"])
    finally:
        await admin.close()
    assert answer[0]["error_code"] == UnknownTopicOrPartitionError.errno


async def test_data_survive_a_kill_on_the_same_port() -> None:
    with KafkaBroker() as broker:
        await create(broker.bootstrap, "kept")
        await produce(broker.bootstrap, "kept", b"written before the power cut")
        before = broker.bootstrap
        broker.kill()
        assert not answers_kafka(broker.port)
        broker.restart()
        assert broker.bootstrap == before
        assert await first_value(broker.bootstrap, "kept", "reader") == b"written before the power cut"
        directory = broker.directory
    assert not directory.exists()


def test_a_frozen_broker_is_silent_until_it_is_resumed() -> None:
    with KafkaBroker() as broker:
        broker.pause()
        assert not answers_kafka(broker.port, timeout_seconds=0.5)
        broker.resume()
        assert answers_kafka(broker.port, timeout_seconds=10)
        with pytest.raises(KafkaStartError, match="running already"):
            broker.start()


def test_the_broker_dies_with_the_process_that_started_it() -> None:
    program = (
        "import time; from tests.kafka.broker import KafkaBroker; broker = KafkaBroker(); broker.start(); "
        "print(broker.port, broker.directory, flush=True); time.sleep(60)"
    )
    owner = subprocess.Popen([sys.executable, "-c", program], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    port, directory = owner.stdout.readline().split()
    assert answers_kafka(int(port), timeout_seconds=5)
    owner.kill()
    owner.wait()
    owner.stdout.close()
    deadline = time.monotonic() + 5
    while answers_kafka(int(port)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not answers_kafka(int(port))
    shutil.rmtree(directory)


def test_settings_that_kafka_refuses_are_shown(tmp_path: Path) -> None:
    broker = KafkaBroker(tmp_path)
    (tmp_path / "server.properties").write_text("process.roles=nonsense\n")
    with pytest.raises(KafkaStartError, match=r"(?s)ended with code 1 .*nonsense"):
        broker.start()


def test_an_operator_gets_a_broker_by_one_command() -> None:
    port = free_port()
    command = [sys.executable, "-m", "tests.kafka", "--port", str(port)]
    broker = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
    assert broker.stdout is not None
    assert broker.stdout.readline() == f"Apache Kafka answers on 127.0.0.1:{port}; Ctrl-C ends it\n"
    assert answers_kafka(port, timeout_seconds=5)
    broker.terminate()
    rest = broker.stdout.read()
    broker.stdout.close()
    assert (broker.wait(20), rest) == (0, "stopping\n")
    assert not answers_kafka(port)
