from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.partitioner import DefaultPartitioner
from faust.types import TP
from yarl import URL

from signalstream.core.copies import Copies
from signalstream.core.keys import ConversationKey
from signalstream.errors import OwnerUnavailableError
from signalstream.streaming.lease import Lease, elapsed
from signalstream.streaming.ownership import TableOwnership

KEY = ConversationKey("acme", "c-1")


PARTITIONS = 4
OWN = "http://127.0.0.1:8000"
EVERYWHERE = set(range(PARTITIONS))


class Tables(dict[str, Any]):
    """Two tables, whose copies' ages are those of ``copies``."""

    def __init__(self, copies: Copies[TP]) -> None:
        topic = SimpleNamespace(get_topic_name=lambda: "rows-changelog")
        super().__init__(conversations=SimpleNamespace(changelog_topic=topic))
        self.changelog_topics = {"rows-changelog", "more-changelog"}
        self.recovery = SimpleNamespace(copies=copies)


@dataclass
class App:
    """An app whose assignor has given ``partitions`` to the workers at these addresses."""

    partitions: dict[str, set[int]] = field(default_factory=dict)
    is_ready: bool = True
    standbys: dict[str, set[int]] = field(default_factory=dict)
    replicas: int = 1
    copies: Copies[TP] = field(default_factory=Copies)
    lease: Lease = field(default_factory=lambda: Lease(6.0))

    @property
    def consumer(self) -> SimpleNamespace:
        return SimpleNamespace(lease=self.lease)

    @property
    def conf(self) -> SimpleNamespace:
        return SimpleNamespace(
            canonical_url=URL(OWN), topic_partitions=PARTITIONS, table_standby_replicas=self.replicas
        )

    @property
    def tables(self) -> Any:
        return Tables(self.copies)

    @property
    def assignor(self) -> SimpleNamespace:
        held = self.standbys.items()
        return SimpleNamespace(
            standby_urls=lambda tp: [url for url, parts in held if tp.partition in parts],
            tables_metadata=lambda: self.partitions,
        )

    @property
    def router(self) -> SimpleNamespace:
        changelogs = {host: {"rows-changelog": sorted(held)} for host, held in self.partitions.items()}
        return SimpleNamespace(table_metadata=lambda table: changelogs)


def owner(app: App, key: ConversationKey = KEY) -> str | None:
    return TableOwnership(app, "conversations").owner_url(key)  # type: ignore[arg-type]


def ownership(app: App) -> TableOwnership:
    return TableOwnership(app, "conversations")  # type: ignore[arg-type]


def leveled(*topics: str) -> Copies[TP]:
    copies = Copies[TP]()
    for topic in topics:
        for partition in EVERYWHERE:
            copies.owned(TP(topic, partition), elapsed() - 60)
    return copies


def test_a_copy_of_every_table_has_an_age_also_while_the_owner_is_not_known():
    app = App(is_ready=False, copies=leveled("rows-changelog", "more-changelog"))
    assert ownership(app).copy_age(KEY) == pytest.approx(60, abs=5)


def test_a_copy_of_some_of_the_tables_is_none():
    assert ownership(App(copies=leveled("rows-changelog"))).copy_age(KEY) is None


def test_without_standbys_nothing_counts_as_a_copy():
    app = App(replicas=0, copies=leveled("rows-changelog", "more-changelog"), standbys={"http://a:1": EVERYWHERE})
    assert (ownership(app).copy_age(KEY), ownership(app).copy_urls(KEY)) == (None, ())


def test_the_other_workers_with_a_standby_of_the_partition_are_known():
    app = App(is_ready=False, standbys={"http://a:1/": EVERYWHERE, OWN: EVERYWHERE, "http://b:1": set()})
    assert ownership(app).copy_urls(KEY) == ("http://a:1",)


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


def test_a_worker_that_was_frozen_past_its_session_names_nobody_not_even_itself():
    lease = Lease(6.0)
    app = App({OWN: EVERYWHERE}, lease=lease)
    assert owner(app) is None
    lease.renew(elapsed() - 7.0)
    with pytest.raises(OwnerUnavailableError, match="not sure"):
        owner(app)


def test_the_owner_is_that_of_the_partition_that_the_producer_writes_to():
    workers = App({f"http://worker-{number}:81": {number} for number in range(PARTITIONS)})
    everywhere = list(range(PARTITIONS))

    for number in range(50):
        key = ConversationKey("acme", f"ü-{number}")
        partition = DefaultPartitioner()(key.encode(), everywhere, everywhere)
        assert owner(workers, key) == f"http://worker-{partition}:81"


def test_workers_are_counted_those_without_partitions_too_and_there_is_one_before_anyone_knows():
    assert ownership(App({OWN: EVERYWHERE, "http://a:1": {1}, "http://b:1": set()})).workers() == 3
    assert ownership(App()).workers() == 1
