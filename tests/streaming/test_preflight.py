from __future__ import annotations

import socket
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from signalstream.errors import BrokerUnavailableError, ConfigurationError
from signalstream.settings import Settings
from signalstream.streaming import preflight
from signalstream.streaming.preflight import Report, TopicRow, check_port
from signalstream.topics import all_topics

SETTINGS = Settings(_env_file=None, partitions=3)


@dataclass
class FakeAdmin:
    """A cluster in memory: topic name -> partitions and configuration."""

    topics: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)
    refusal: int = 0
    hidden: set[str] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)

    async def _send_request(self, asked: Any) -> Any:
        """Answer what is allowed with topics: nothing with hidden ones, everything with the others."""
        codes = {name: 29 if name in self.hidden else 0 if name in self.topics else 3 for name in asked._names}
        return SimpleNamespace(topics=[(code, name, False, [], 0xFFFF) for name, code in codes.items()])

    async def list_topics(self) -> list[str]:
        return list(self.topics)

    async def describe_topics(self, names: list[str]) -> list[dict[str, Any]]:
        return [{"topic": name, "partitions": [None] * self.topics[name][0]} for name in names]

    async def describe_configs(self, resources: list[Any]) -> list[Any]:
        names = [resource.name for resource in resources]
        return [
            SimpleNamespace(
                resources=[
                    (29, "", 2, name, [])
                    if name in self.unread
                    else (0, "", 2, name, list(self.topics[name][1].items()))
                    for name in names
                ]
            )
        ]

    async def create_topics(self, wanted: list[Any]) -> Any:
        for topic in wanted if not self.refusal else []:
            self.topics[topic.name] = (topic.num_partitions, topic.topic_configs)
        return SimpleNamespace(topic_errors=[(topic.name, self.refusal, "why") for topic in wanted])


def row(**changes: Any) -> TopicRow:
    fields = {
        "name": "t",
        "partitions_wanted": 3,
        "partitions_found": 3,
        "config_wanted": {"cleanup.policy": "compact,delete"},
        "config_found": {"cleanup.policy": "delete, compact"},
    }
    return TopicRow(**fields | changes)


def test_a_topic_that_is_as_wanted_is_ok_in_whatever_order_its_policies_are_written():
    assert (row().state, row().problems()) == ("ok", ())


def test_a_missing_topic_says_how_to_create_it():
    missing = row(partitions_found=None, config_found={})

    assert missing.state == "missing"
    assert "signalstream topics create" in missing.problems()[0]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"partitions_found": 4}, "topic t has 4 partitions, SIGNALSTREAM_PARTITIONS says 3"),
        ({"config_found": {"cleanup.policy": "delete"}}, "topic t has cleanup.policy=delete, expected compact,delete"),
    ],
)
def test_a_difference_names_the_topic_what_it_has_and_what_it_should_have(changes, said):
    assert row(**changes).state == "mismatch"
    assert said in row(**changes).problems()[0]


def test_what_a_broker_does_not_tell_is_no_difference():
    assert row(config_found={}).state == "ok"


def test_a_report_lists_every_difference():
    report = Report((row(), row(partitions_found=4), row(partitions_found=None)))

    assert len(report.problems) == 2


async def test_missing_topics_are_created_as_the_table_says_and_then_all_is_well():
    admin = FakeAdmin()
    before = await preflight._rows(admin, SETTINGS)
    assert {each.state for each in before} == {"missing"}

    await preflight._create(admin, list(all_topics(SETTINGS)), SETTINGS)

    after = await preflight._visible(admin, SETTINGS)
    assert {each.state for each in after} == {"ok"}
    assert [each.name for each in after] == [spec.name for spec in all_topics(SETTINGS)]


@pytest.mark.parametrize(("code", "fatal"), [(36, False), (44, True)])
async def test_a_topic_that_another_worker_created_first_is_fine_and_a_refusal_is_not(code, fatal):
    refusing = preflight._create(FakeAdmin(refusal=code), list(all_topics(SETTINGS))[:1], SETTINGS)

    if fatal:
        with pytest.raises(ConfigurationError, match=r"refused to create topic .*raw: PolicyViolation"):
            await refusing
    else:
        await refusing


async def test_without_a_broker_the_address_is_named_and_a_start_waits_no_longer_than_it_is_told():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        broker = f"127.0.0.1:{free.getsockname()[1]}"
    nobody = Settings(_env_file=None, kafka_brokers=(broker,), broker_wait_seconds=0)

    with pytest.raises(BrokerUnavailableError, match=f"{broker}.*SIGNALSTREAM_KAFKA_BROKERS"):
        await preflight.preflight(nobody)


def test_a_busy_port_says_which_setting_changes_it():
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"127.0.0.1:{port} .*SIGNALSTREAM_PORT"):
            check_port("127.0.0.1", port)
    check_port("127.0.0.1", port)
