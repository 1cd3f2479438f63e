from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
from aiokafka.partitioner import DefaultPartitioner
from yarl import URL

from signalstream.core.keys import ConversationKey
from signalstream.errors import OwnerUnavailableError
from signalstream.streaming.ownership import TableOwnership

KEY = ConversationKey("acme", "c-1")


PARTITIONS = 4


@dataclass
class App:
    """An app whose assignor has given ``partitions`` to the workers at these addresses."""

    partitions: dict[str, set[int]] = field(default_factory=dict)
    is_ready: bool = True

    @property
    def conf(self) -> SimpleNamespace:
        return SimpleNamespace(canonical_url=URL("http://127.0.0.1:8000"), topic_partitions=PARTITIONS)

    @property
    def router(self) -> SimpleNamespace:
        changelogs = {host: {"rows-changelog": sorted(held)} for host, held in self.partitions.items()}
        return SimpleNamespace(table_metadata=lambda table: changelogs)


def owner(app: App, key: ConversationKey = KEY) -> str | None:
    return TableOwnership(app, "conversations").owner_url(key)  # type: ignore[arg-type]


def test_a_row_of_this_worker_has_no_other_owner():
    assert owner(App({"http://127.0.0.1:8000/": set(range(PARTITIONS))})) is None


@pytest.mark.parametrize("url", ["http://127.0.0.1:8001/", "http://worker-2:8000"])
def test_a_row_of_another_worker_has_its_url(url):
    assert owner(App({url: set(range(PARTITIONS)), "http://127.0.0.1:8000": set()})) == url.rstrip("/")


@pytest.mark.parametrize(
    "app",
    [App(), App({"http://a:1": set()}), App({"http://a:1": set(range(PARTITIONS))}, is_ready=False)],
    ids=["no assignment", "not assigned", "recovering"],
)
def test_while_it_is_not_settled_nobody_is_named(app):
    with pytest.raises(OwnerUnavailableError):
        owner(app)


def test_the_owner_is_that_of_the_partition_that_the_producer_writes_to():
    workers = App({f"http://worker-{number}:81": {number} for number in range(PARTITIONS)})
    everywhere = list(range(PARTITIONS))

    for number in range(50):
        key = ConversationKey("acme", f"ü-{number}")
        partition = DefaultPartitioner()(key.encode(), everywhere, everywhere)
        assert owner(workers, key) == f"http://worker-{partition}:81"
