"""Bare aiokafka with rocksdict and changelogs, one process: ``python -m`` this module runs it.

The same hops as bare Faust in a loop for each step: read what has come, work on it in order, wait for every
acknowledgement of what it led to, commit. At least once, like SignalStream; no recovery, no web, no dead letters.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import orjson
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from rocksdict import Options, Rdict

from benchmarks.yardsticks.job import KINDS, Place, answer_to, merged, place, turn_of

POLL_MS = 500
AT_ONCE = 500  # records of one read
Outputs = Sequence[tuple[str, bytes]]
Step = Callable[[bytes, bytes], Outputs]


async def run(where: Place) -> None:
    """Run all steps until one fails."""
    where.data_dir.mkdir(parents=True, exist_ok=True)
    rows = {name: Rdict(str(where.data_dir / name), Options(raw_mode=True)) for name in ("conversations", "insights")}
    steps: list[tuple[str, Sequence[str], Step]] = [
        ("conversation", ["raw"], partial(_conversation, where, rows["conversations"])),
        *((kind, ["turns"], partial(_analysis, where, kind)) for kind in KINDS),
        ("aggregation", KINDS, partial(_aggregation, where, rows["insights"])),
    ]
    async with (
        AIOKafkaProducer(bootstrap_servers=where.brokers, acks="all", linger_ms=0) as producer,
        AsyncExitStack() as stack,
        asyncio.TaskGroup() as loops,
    ):
        for name, topics, step in steps:
            consumer = AIOKafkaConsumer(
                *map(where.topic, topics),
                bootstrap_servers=where.brokers,
                group_id=f"{where.prefix}-{name}",
                enable_auto_commit=False,
                auto_offset_reset="earliest",
            )
            loops.create_task(_loop(await stack.enter_async_context(consumer), producer, step))


async def _loop(consumer: Any, producer: Any, step: Step) -> None:
    while True:
        read = await consumer.getmany(timeout_ms=POLL_MS, max_records=AT_ONCE)
        sent = []
        for records in read.values():
            for record in records:
                for topic, value in step(record.key, record.value):
                    sent.append(await producer.send(topic, value, key=record.key))
        if read:
            await asyncio.gather(*sent)
            await consumer.commit()


def _conversation(where: Place, rows: Any, key: bytes, value: bytes) -> Outputs:
    row = rows.get(key)
    rows[key] = turn = orjson.dumps(turn_of(orjson.loads(row) if row else None, orjson.loads(value)))
    return (where.prefix + "-conversations-changelog", turn), (where.topic("turns"), turn)


def _analysis(where: Place, kind: str, _key: bytes, value: bytes) -> Outputs:
    return ((where.topic(kind), orjson.dumps(answer_to(kind, orjson.loads(value)))),)


def _aggregation(where: Place, rows: Any, key: bytes, value: bytes) -> Outputs:
    row = rows.get(key)
    found = merged(orjson.loads(row) if row else None, orjson.loads(value))
    if found is None:
        return ()
    rows[key] = merged_row = orjson.dumps(found[0])
    changed = (where.prefix + "-insights-changelog", merged_row)
    return (changed,) if found[1] is None else (changed, (where.topic("aggregated"), orjson.dumps(found[1])))


if __name__ == "__main__":
    uvloop.run(run(place()))
