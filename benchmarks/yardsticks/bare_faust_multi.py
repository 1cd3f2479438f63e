"""Bare Faust as several apps in one process, each its own consumer group: ``python -m`` this module runs it.

The job of ``bare_faust``, divided as SignalStream divides it: one app keeps both tables, one app for each AI step.
Otherwise as Faust's own guide writes it, with every setting at its default but the store and raw values.
"""
# mypy: disable-error-code="untyped-decorator"
# Faust's decorators have no types.

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import faust
import orjson

from benchmarks.yardsticks.job import KINDS, Place, answer_to, merged, place, turn_of


def apps(where: Place) -> Sequence[Any]:
    """Return the app with the tables and those of the AI steps."""
    return [_core(where), *(_step(where, kind) for kind in KINDS)]


def _app(where: Place, name: str) -> Any:
    return faust.App(
        f"{where.prefix}-{name}",
        broker=f"kafka://{where.brokers}",
        store="rocksdb://?driver=rocksdict",
        datadir=str(where.data_dir / name),
        topic_partitions=where.partitions,
        key_serializer="raw",
        value_serializer="raw",
        web_enabled=False,
    )


def _core(where: Place) -> Any:
    app = _app(where, "core")
    turns, aggregated = app.topic(where.topic("turns")), app.topic(where.topic("aggregated"))
    conversations = app.Table("conversations", key_type=bytes, value_type=bytes, partitions=where.partitions)
    insights = app.Table("insights", key_type=bytes, value_type=bytes, partitions=where.partitions)

    @app.agent(app.topic(where.topic("raw")))
    async def conversation(stream: Any) -> None:
        async for event in stream.events():
            row = conversations.get(event.key)
            value = orjson.dumps(turn_of(orjson.loads(row) if row else None, orjson.loads(event.value)))
            conversations[event.key] = value
            await turns.send(key=event.key, value=value)

    @app.agent(app.topic(*(where.topic(kind) for kind in KINDS)))
    async def aggregation(stream: Any) -> None:
        async for event in stream.events():
            row = insights.get(event.key)
            found = merged(orjson.loads(row) if row else None, orjson.loads(event.value))
            if found is None:
                continue
            insights[event.key] = orjson.dumps(found[0])
            if found[1] is not None:
                await aggregated.send(key=event.key, value=orjson.dumps(found[1]))

    return app


def _step(where: Place, kind: str) -> Any:
    app = _app(where, kind)
    answers = app.topic(where.topic(kind))

    @app.agent(app.topic(where.topic("turns")))
    async def analysis(stream: Any) -> None:
        async for event in stream.events():
            await answers.send(key=event.key, value=orjson.dumps(answer_to(kind, orjson.loads(event.value))))

    return app


def main() -> None:
    """Run them all until the process is told to end."""
    where = place()
    where.data_dir.mkdir(parents=True, exist_ok=True)  # Faust makes the last folder of a path only
    first, *others = apps(where)
    for app in (first, *others):
        app.finalize()
    faust.Worker(first, *others, loglevel="info", redirect_stdouts=False).execute_from_commandline()


if __name__ == "__main__":
    main()
