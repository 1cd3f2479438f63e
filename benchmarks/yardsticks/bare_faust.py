"""Bare Faust: one stock app that does the same hops with no logic of ours. ``faust -A`` this module runs it.

raw -> conversation (reads and writes a row of about 0.9 KB, publishes it) -> five AI steps (parse, answer with about
210 bytes) -> aggregation (reads and writes a row of about 1 KB, drops repeats, emits when all five are there).

Written as Faust's own guide writes agents: acknowledged when the body has run, ``await topic.send`` without waiting
for the broker, every setting at its default but the store and raw values. So it promises less than SignalStream does.
The module reads its environment on import, because that is how Faust finds an app.
"""
# mypy: disable-error-code="untyped-decorator"
# Faust's decorators have no types.

from __future__ import annotations

import os
from typing import Any

import faust
import orjson

PREFIX = os.environ["YARDSTICK_PREFIX"]
PARTITIONS = int(os.environ["YARDSTICK_PARTITIONS"])
KINDS = ("sentiment", "pii", "insights", "summary", "language")
KEPT_MESSAGES = 3  # with the counts about 0.9 KB
KEPT_ANALYSES = 5  # with the counts about 1 KB
ANSWER = {"label": "negative", "confidence": 0.82, "reason": "waits"}

app = faust.App(
    PREFIX,
    broker=f"kafka://{os.environ['YARDSTICK_BROKERS']}",
    store="rocksdb://?driver=rocksdict",
    datadir=os.environ["YARDSTICK_DATA_DIR"],
    topic_partitions=PARTITIONS,
    key_serializer="raw",
    value_serializer="raw",
)
raw = app.topic(f"{PREFIX}.raw")
turns = app.topic(f"{PREFIX}.turns")
answers = {kind: app.topic(f"{PREFIX}.{kind}") for kind in KINDS}
analyses = app.topic(*(f"{PREFIX}.{kind}" for kind in KINDS))
aggregated = app.topic(f"{PREFIX}.aggregated")
conversations = app.Table("conversations", key_type=bytes, value_type=bytes, partitions=PARTITIONS)
insights = app.Table("insights", key_type=bytes, value_type=bytes, partitions=PARTITIONS)


@app.agent(raw)
async def conversation(stream: Any) -> None:
    """Messages become turns."""
    async for event in stream.events():
        message = orjson.loads(event.value)
        row = conversations.get(event.key)
        state: dict[str, Any] = orjson.loads(row) if row else {"seq": 0, "recent": []}
        state["seq"] += 1
        state["recent"] = [*state["recent"], message][-KEPT_MESSAGES:]
        value = orjson.dumps(state)
        conversations[event.key] = value
        await turns.send(key=event.key, value=value)


async def analyse(kind: str, stream: Any) -> None:
    """Answer every turn at once."""
    async for event in stream.events():
        turn = orjson.loads(event.value)
        message = turn["recent"][-1]
        answer = {
            "kind": kind,
            "conversation_id": message["conversation_id"],
            "message_id": message["message_id"],
            "seq": turn["seq"],
            "result": ANSWER,
        }
        await answers[kind].send(key=event.key, value=orjson.dumps(answer))


@app.agent(turns)
async def sentiment(stream: Any) -> None:
    """First AI step."""
    await analyse("sentiment", stream)


@app.agent(turns)
async def pii(stream: Any) -> None:
    """Second AI step."""
    await analyse("pii", stream)


@app.agent(turns)
async def intent(stream: Any) -> None:
    """Third AI step."""
    await analyse("insights", stream)


@app.agent(turns)
async def summary(stream: Any) -> None:
    """Fourth AI step."""
    await analyse("summary", stream)


@app.agent(turns)
async def language(stream: Any) -> None:
    """Fifth AI step."""
    await analyse("language", stream)


@app.agent(analyses)
async def aggregation(stream: Any) -> None:
    """Analyses become outputs: one for each message, when its five are there."""
    async for event in stream.events():
        answer = orjson.loads(event.value)
        row = insights.get(event.key)
        state: dict[str, Any] = orjson.loads(row) if row else {"completed": 0, "open": {}, "shown": []}
        found = state["open"].setdefault(answer["message_id"], [])
        if answer["kind"] in found:
            continue
        found.append(answer["kind"])
        state["shown"] = [*state["shown"], answer][-KEPT_ANALYSES:]
        done = len(found) == len(KINDS)
        if done:
            del state["open"][answer["message_id"]]
            state["completed"] += 1
        insights[event.key] = orjson.dumps(state)
        if done:
            output = {"conversation_id": answer["conversation_id"], **state}
            await aggregated.send(key=event.key, value=orjson.dumps(output))
