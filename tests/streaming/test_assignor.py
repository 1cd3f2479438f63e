from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.coordinator.protocol import ConsumerProtocolMemberMetadata
from faust.assignor.client_assignment import ClientAssignment, ClientMetadata
from faust.assignor.partition_assignor import PartitionAssignor
from faust.types import TP
from hypothesis import given, settings
from hypothesis import strategies as st

from signalstream.settings import Settings
from signalstream.streaming.application import SignalApp, new_app
from signalstream.streaming.assignor import MendedAssignor

PARTITIONS = 4
TOPICS = ("in", "offline-rows-changelog")
CLUSTER = SimpleNamespace(partitions_for_topic=lambda topic: set(range(PARTITIONS)))


class Group:
    """Workers of one group: who leaves and who joins, and what each then holds."""

    def __init__(self, app: SignalApp, assignor: type[PartitionAssignor] = MendedAssignor, replicas: int = 1) -> None:
        self.assignor = assignor(app, replicas=replicas)
        self.held: dict[str, ClientAssignment] = {}
        self.external: dict[str, Any] = {}

    def rebalance(self, *members: str) -> None:
        metadata = {member: self._metadata(member) for member in members}
        assigned = self.assignor.assign(CLUSTER, metadata)
        told = {
            member: ClientMetadata.loads(PartitionAssignor._decompress(assigned[member].user_data))
            for member in members
        }
        self.held = {member: client.assignment for member, client in told.items()}
        self.assignor.external_topic_distribution = told[members[0]].external_topic_distribution

    def _metadata(self, member: str) -> ConsumerProtocolMemberMetadata:
        held = self.held.get(member, ClientAssignment(actives={}, standbys={}))
        client = ClientMetadata(assignment=held, url=f"http://{member}:1", changelog_distribution={}, topic_groups={})
        return ConsumerProtocolMemberMetadata(4, list(TOPICS), client.dumps())

    def actives(self, topic: str = TOPICS[1]) -> dict[str, list[int]]:
        return {member: sorted(held.actives[topic]) for member, held in self.held.items()}

    def standbys(self) -> dict[str, list[int]]:
        return {member: sorted(held.standbys[TOPICS[1]]) for member, held in self.held.items()}


@pytest.fixture
async def app(tmp_path: Path) -> SignalApp:
    return offline_app(tmp_path)


def offline_app(path: Path) -> SignalApp:
    app = new_app("offline", Settings(_env_file=None, data_dir=path, partitions=PARTITIONS), standby_replicas=1)
    app.Table("rows", key_type=bytes, value_type=bytes, partitions=PARTITIONS)
    return app


async def test_a_third_worker_gets_its_share_though_the_others_hold_no_more_than_the_rounded_up_one(app):
    group = Group(app)
    for members in (["a"], ["a", "b"], ["a", "b", "c"]):
        group.rebalance(*members)
    assert sorted(map(len, group.actives().values())) == [1, 1, 2]


async def test_upstream_leaves_it_without(app):
    group = Group(app, PartitionAssignor)
    for members in (["a"], ["a", "b"], ["a", "b", "c"]):
        group.rebalance(*members)
    assert sorted(map(len, group.actives().values())) == [0, 2, 2]


async def test_what_a_dead_worker_held_goes_to_its_standby(app):
    group = Group(app)
    for members in (["a"], ["a", "b"]):
        group.rebalance(*members)
    copied = set(group.standbys()["a"])
    assert copied == set(group.actives()["b"])
    group.rebalance("a")
    assert group.actives() == {"a": list(range(PARTITIONS))}


async def test_every_worker_learns_where_every_standby_is(app):
    group = Group(app)
    group.rebalance("a", "b", "c")
    for partition in range(PARTITIONS):
        urls = group.assignor.standby_urls(TP(TOPICS[1], partition))
        assert urls == tuple(f"http://{member}:1" for member, held in group.standbys().items() if partition in held)
        assert len(urls) == 1


async def test_without_standbys_none_is_known(app):
    group = Group(app, replicas=0)
    group.rebalance("a", "b")
    assert group.assignor.standby_urls(TP(TOPICS[1], 0)) == ()


async def test_our_app_assigns_with_this(app):
    assert isinstance(app.assignor, MendedAssignor)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sets(st.sampled_from("abcde"), min_size=1), min_size=1, max_size=6))
def test_whoever_comes_and_goes_every_partition_has_one_owner_and_a_standby_elsewhere(tmp_path_factory, rounds):
    asyncio.run(check_rounds(offline_app(tmp_path_factory.getbasetemp() / "rounds"), rounds))


async def check_rounds(app: SignalApp, rounds: list[set[str]]) -> None:
    group = Group(app)
    for members in rounds:
        group.rebalance(*sorted(members))
        owners = [partition for held in group.actives().values() for partition in held]
        copies = [partition for held in group.standbys().values() for partition in held]
        assert sorted(owners) == list(range(PARTITIONS))
        assert sorted(copies) == (list(range(PARTITIONS)) if len(members) > 1 else [])
        assert all(not set(held) & set(group.standbys()[member]) for member, held in group.actives().items())
        assert group.actives(TOPICS[0]) == group.actives(TOPICS[1])
