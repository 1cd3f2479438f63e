"""From POST to insight through real processes, on both brokers."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import aiohttp
from aiokafka import TopicPartition

from signalstream.models.agents import AI_AGENTS
from tests.client import Client, eventually, updates_until
from tests.kafka.conftest import PARTITIONS, Deployment, client_of
from tests.kafka.direct import everything
from tests.workers import Worker

ANGRY = "This is the third time I write! You charged my card 4111 1111 1111 1111 twice. Mail me: jo@example.com"


async def test_a_posted_message_becomes_an_insight_by_rest_and_by_websocket(
    running: Deployment, session: aiohttp.ClientSession
) -> None:
    worker = running.workers[0]
    client = client_of(session, worker)
    async with client.listen("order 7/ä") as socket:
        assert (await socket.receive_json())["type"] == "connected"
        status, accepted = await client.post("order 7/ä", ANGRY)
        assert (status, accepted["status"], accepted["conversation_id"]) == (202, "accepted", "order 7/ä")
        frames = await updates_until(socket, 1)
    insight = await client.complete("order 7/ä", 1)
    assert frames[-1]["data"] == insight
    ids = [int(frame["id"]) for frame in frames]
    assert ids == sorted(set(ids))
    assert insight["sentiment"]["sentiment"] == "negative"
    assert {entity["type"] for entity in insight["pii"]["entities"]} == {"credit_card", "email"}
    assert all(entity["value"] == "[REDACTED]" for entity in insight["pii"]["entities"])
    assert "4111" not in json.dumps(insight)
    assert {name: agent["status"] for name, agent in insight["agents"].items()} == dict.fromkeys(AI_AGENTS, "ok")
    assert insight["language"]["language"] == "en"


async def test_what_a_message_went_through_is_counted(running: Deployment, session: aiohttp.ClientSession) -> None:
    worker, group = running.workers[0], running.names.app_id
    client = client_of(session, worker)
    assert (await client.post("counted", ""))[0] == 422
    assert (await client.post("counted", "hello there"))[0] == 202
    await client.complete("counted", 1)

    async def settled() -> dict[str, float] | None:
        seen = await metrics_of(session, worker)
        lags = [value for name, value in seen.items() if name.startswith("signalstream_consumer_lag{")]
        commits = [value for name, value in seen.items() if name.startswith("signalstream_commits_total{")]
        # A partition without a commit shows no lag once its records are delivered: wait for what was accepted, too.
        accepted = seen['signalstream_messages_accepted_total{tenant="other"}']
        is_done = seen["signalstream_complete_seconds_count"] >= accepted and sum(lags) == 0 and min(commits) >= 1
        return seen if is_done and len(commits) == 1 + len(AI_AGENTS) else None

    seen = await eventually(settled, "everything committed", 20)
    messages = seen['signalstream_messages_accepted_total{tenant="other"}']
    assert messages >= 1
    assert seen["signalstream_complete_seconds_count"] == messages
    assert 0 < seen["signalstream_complete_seconds_sum"] / messages < 20
    assert seen['signalstream_requests_refused_total{operation="postMessage",reason="validation"}'] == 1
    assert seen['signalstream_request_seconds_count{operation="postMessage"}'] == messages + 1
    assert seen['signalstream_insights_emitted_total{completeness="complete"}'] >= 1
    for agent in AI_AGENTS:
        made = [value for name, value in seen.items() if f'analyses_total{{agent="{agent}"' in name]
        assert sum(made) == seen[f'signalstream_analysis_seconds_count{{agent="{agent}"}}'] == messages
        assert seen[f'signalstream_records_acknowledged_total{{group="{group}-{agent}"}}'] == messages
    assert seen[f'signalstream_records_acknowledged_total{{group="{group}"}}'] == messages * (1 + len(AI_AGENTS))
    assert seen[f'signalstream_app_ready{{group="{group}"}}'] == 1
    assert seen[f'signalstream_recoveries_total{{group="{group}"}}'] >= 1
    assert seen[f'signalstream_recovery_records_left{{group="{group}"}}'] == 0
    assert seen['signalstream_table_rows{table="conversations"}'] >= 1
    assert seen["process_resident_memory_bytes"] > 50_000_000


async def test_no_value_that_was_planted_is_on_a_topic_and_what_only_the_model_finds_leaves_the_state(
    running: Deployment, session: aiohttp.ClientSession
) -> None:
    client, planted = client_of(session, running.workers[0]), ("5555 5555", "ann@mail.example", "555 0173")
    text = "Please ask Tomasz Kowalczyk: card 5555 5555 5555 4444, ann@mail.example or +1 206 555 0173"
    await client.post("c5", text, metadata={"contact": "ann@mail.example"})
    insight = await client.complete("c5", 1)
    places = {entity["type"]: (entity["start_index"], entity["end_index"]) for entity in insight["pii"]["entities"]}
    assert {kind: text[start:end] for kind, (start, end) in places.items()} == {
        "name": "Tomasz Kowalczyk",
        "credit_card": "5555 5555 5555 4444",
        "email": "ann@mail.example",
        "phone": "+1 206 555 0173",
    }
    _, state = await client.get("/v1/conversations/c5")
    assert state["messages"][0]["text"] == insight["pii"]["redacted_text"]
    assert "Tomasz" not in json.dumps(state)
    names = [running.topic(name) for name in ("messages.raw", "conversations.state", "ai.pii", "ai.aggregated")]
    partitions = [TopicPartition(name, number) for name in names for number in range(PARTITIONS)]
    kept = [record.value for record in await everything(running.bootstrap, partitions) if b"/c5" in record.key]
    assert len(kept) >= len(names)
    assert not [word for value in kept for word in planted if word.encode() in value]


async def test_a_conversation_is_kept_in_order_redacted_and_counted_once(
    running: Deployment, session: aiohttp.ClientSession
) -> None:
    worker = running.workers[0]
    client = client_of(session, worker)
    for number in range(6):
        sender = "agent" if number % 2 else "customer"
        for _ in range(2):  # a client that retries with the same key
            status, _ = await client.post(
                "c2", f"line {number} a@example.com", sender, headers={"Idempotency-Key": f"k{number}"}
            )
            assert status == 202
    await client.complete("c2", 6)
    _, state = await client.get("/v1/conversations/c2?limit=4")
    assert (state["message_count"], state["last_seq"]) == (6, 6)
    assert sorted(state["participants"]) == ["agent", "customer"]
    assert [message["seq"] for message in state["messages"]] == [3, 4, 5, 6]
    assert all("example.com" not in message["text"] for message in state["messages"])
    _, timeline = await client.get("/v1/conversations/c2/timeline")
    assert sum(window["message_count"] for window in timeline["windows"]) == 6
    assert all(
        sum(window["analyses"].values()) == len(AI_AGENTS) * window["message_count"] for window in timeline["windows"]
    )


async def test_the_correlation_id_is_in_the_log_lines_of_every_stage_and_no_text_is(
    running: Deployment, session: aiohttp.ClientSession
) -> None:
    worker = running.workers[0]
    client = client_of(session, worker)
    await client.post("c3", "the secret word is Rumpelstilzchen", headers={"X-Request-ID": "trace-me-1"})
    await client.complete("c3", 1)
    lines = [json.loads(line) for line in _json_lines(worker.log_path)]
    ours = [line for line in lines if line.get("correlation_id") == "trace-me-1"]
    stages = {line["agent"] for line in ours if "agent" in line}
    assert stages == {"conversation", *AI_AGENTS, "aggregation"}
    named = [line for line in ours if "agent" in line]
    for line in named:
        assert {
            "timestamp",
            "level",
            "event",
            "tenant_id",
            "conversation_id",
            "message_id",
            "partition",
            "offset",
        } <= set(line)
    assert "Rumpelstilzchen" not in worker.log_path.read_text()


async def test_a_window_closes_by_its_deadline_without_another_message(
    on_either: Deployment, session: aiohttp.ClientSession
) -> None:
    worker = on_either.start(window_seconds="2", window_grace_seconds="0", window_sweep_seconds="0.3")
    await asyncio.to_thread(worker.wait_ready)
    client = client_of(session, worker)
    await client.post("c", "hello there")
    await client.complete("c", 1)

    async def closed() -> list[str] | None:
        _, timeline = await client.get("/v1/conversations/c/timeline")
        return [w["closed_by"] for w in timeline["windows"]] if timeline["windows"][0]["status"] == "closed" else None

    assert await eventually(closed, "the window closed") == ["deadline"]


async def test_a_stopped_worker_closes_its_sockets_and_exits_cleanly(
    on_either: Deployment, session: aiohttp.ClientSession
) -> None:
    worker = on_either.start()
    await asyncio.to_thread(worker.wait_ready)
    async with client_of(session, worker).listen("c") as socket:
        assert (await socket.receive_json())["type"] == "connected"
        loop = asyncio.get_running_loop()
        started = loop.time()
        stopping = asyncio.create_task(asyncio.to_thread(worker.terminate))
        closing = await socket.receive(timeout=5)
        assert (closing.type, closing.data) == (aiohttp.WSMsgType.CLOSE, 1001)
        assert await stopping == 0
        assert loop.time() - started < 5


async def test_unknown_is_404_and_health_names_every_part(running: Deployment, session: aiohttp.ClientSession) -> None:
    worker = running.workers[0]
    client: Client = client_of(session, worker)
    status, problem = await client.insights("never seen")
    assert (status, problem["status"]) == (404, 404)
    status, health = await client.get("/health")
    assert (status, health["status"]) == (200, "ok")
    apps = {running.names.app_id + suffix for suffix in ("", *(f"-{agent}" for agent in AI_AGENTS))}
    assert {"broker", "analyst", "live view", *apps} <= set(health["parts"])
    assert (await client.get("/live"))[0] == 200
    for path in ("/table/", "/router/", "/stats/"):
        assert (await client.get(path))[0] == 404


async def metrics_of(session: aiohttp.ClientSession, worker: Worker) -> dict[str, float]:
    """Return what /metrics shows, by name and labels as they are written."""
    async with session.get(f"{worker.url}/metrics") as answer:
        assert answer.status == 200
        lines = (await answer.text()).splitlines()
    return {name: float(value) for line in lines if line[:1] != "#" for name, _, value in [line.rpartition(" ")]}


def _json_lines(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if line.startswith("{")]
