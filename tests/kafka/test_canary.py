"""The leak hunt on Apache Kafka: 1,000 values planted, none found where it must not be, and a leak would be found."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka import AIOKafkaProducer

from tests.canary.run import hunting
from tests.kafka.conftest import Deployment

pytestmark = pytest.mark.kafka


async def test_of_a_thousand_planted_values_none_is_anywhere_and_two_deliberate_leaks_are_found(
    on_kafka: Deployment,
) -> None:
    async with hunting(on_kafka) as hunt:
        await hunt.plant()
        await hunt.look()
        await asyncio.to_thread(on_kafka.stop)

        places = await hunt.seek()

        assert {place.name: [(hit.text, hit.place) for hit in place.hits] for place in places if place.hits} == {}
        assert all(place.parts for place in places)
        [with_keys] = [place for place in places if place.name == "the same, opened with the keys"]
        assert {(each.kind, each.place) for each in with_keys.found} == {("name", "text of a message")}  # model's alone
        assert len(hunt.supply.planted) >= 1_000
        assert {400, 401, 403, 404, 405, 415, 422} <= hunt.planter.statuses
        logged, sent = (next(each for each in hunt.supply.planted if each.kind == kind) for kind in ("name", "card"))
        with hunt.worker.log_path.open("a") as log:
            log.write(f'{{"event": "greeted {logged.text}"}}\n')
        async with AIOKafkaProducer(bootstrap_servers=on_kafka.bootstrap, acks="all") as producer:
            await producer.send_and_wait(on_kafka.topic("ai.summary"), sent.text.encode(), key=b"acme/c-0")
        leaking = {place.name: place.hits for place in await hunt.seek() if place.hits}
        assert leaking == {"topics and changelogs": {sent}, "log of the worker": {logged}}
