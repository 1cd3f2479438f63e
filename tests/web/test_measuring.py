from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from aiohttp.test_utils import TestClient

from signalstream.errors import BrokerUnavailableError
from signalstream.metrics.metrics import Metrics
from signalstream.metrics.prometheus import PrometheusMetrics
from signalstream.settings import Settings
from signalstream.web.routes import ROUTES
from signalstream.web.services import WebServices
from tests.fakes import RecordingMetrics
from tests.metrics.test_prometheus import of, shown
from tests.web.conftest import World, make_settings
from tests.web.guarded import Guarded, guarded_settings

MESSAGE = {"conversation_id": "c-1", "sender": "customer", "message": "m"}
PATH = "/ws/conversations/c-1/stream"


@dataclass
class Counted(World):
    """A world whose counts are kept."""

    settings: Settings = field(default_factory=lambda: make_settings(metrics_tenants="demo-tenant"))
    metrics: RecordingMetrics = field(default_factory=RecordingMetrics)

    def services(self) -> WebServices:
        return replace(super().services(), metrics=self.metrics)


@dataclass
class GuardedCounted(Guarded):
    """The same, where nobody is let in without a key."""

    metrics: Metrics = field(default_factory=PrometheusMetrics)

    def services(self) -> WebServices:
        return replace(super().services(), metrics=self.metrics)


@pytest.fixture
def world() -> Counted:
    return Counted()


async def test_a_message_counts_once_it_is_accepted_for_its_tenant_when_that_may_be_named(
    world: Counted, client: TestClient
) -> None:
    for tenant in ("demo-tenant", "demo-tenant", "unnamed"):
        async with client.post("/v1/messages", json=MESSAGE | {"tenant_id": tenant}) as answer:
            assert answer.status == 202
    assert world.metrics.sums["messages_accepted", "demo-tenant"] == 2
    assert world.metrics.sums["messages_accepted", "other"] == 1
    assert world.metrics.sums["requests", "postMessage", "202"] == 3
    assert len(world.metrics.durations["request_seconds", "postMessage"]) == 3
    assert all(0 < seconds < 5 for seconds in world.metrics.durations["request_seconds", "postMessage"])


async def test_what_is_refused_counts_by_its_reason_and_is_no_accepted_message(
    world: Counted, client: TestClient
) -> None:
    await client.post("/v1/messages", data=b"{", headers={"Content-Type": "application/json"})
    await client.post("/v1/messages", json=MESSAGE | {"message": ""})
    world.ingest.error = BrokerUnavailableError("gone")
    await client.post("/v1/messages", json=MESSAGE)
    world.ingest.error = RuntimeError("a fault")
    await client.post("/v1/messages", json=MESSAGE)
    refused = {labels[2:]: count for labels, count in world.metrics.sums.items() if labels[0] == "requests_refused"}
    reasons = ("broken-json", "validation", "broker-unavailable", "internal-server-error")
    assert refused == {(reason,): 1 for reason in reasons}
    assert {labels[2] for labels in world.metrics.sums if labels[0] == "requests"} == {"400", "422", "503", "500"}
    assert not any(labels[0] == "messages_accepted" for labels in world.metrics.sums)


async def test_labels_name_operations_and_never_a_path_that_somebody_sent(world: Counted, client: TestClient) -> None:
    for conversation in ("one", "two", "three"):
        await client.get(f"/v1/conversations/{conversation}/insights")
        await client.get(f"/nowhere/{conversation}")
    assert {labels[1] for labels in world.metrics.sums} == {"getInsights"}
    assert {labels[1] for labels in world.metrics.durations} <= {route.operation for route in ROUTES}


async def test_open_sockets_are_shown_and_one_that_ended_counts_as_a_request(
    world: Counted, client: TestClient
) -> None:
    async with client.ws_connect(PATH) as socket:
        await socket.receive_json()
        assert world.metrics.now("websockets_open") == {(): 1}
    assert (await client.get("/live")).status == 200
    assert world.metrics.now("websockets_open") == {(): 0}
    assert world.metrics.sums["requests", "streamInsights", "101"] == 1
    assert ("request_seconds", "streamInsights") not in world.metrics.durations


async def test_metrics_are_text_of_prometheus_and_kept_by_nobody(world: Counted, client: TestClient) -> None:
    async with client.get("/metrics") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert answer.headers["Cache-Control"] == "no-store"
        assert await answer.read() == world.metrics.text()


async def test_a_worker_that_counts_nothing_has_no_metrics_to_show() -> None:
    async with Counted(settings=make_settings(metrics="off")).served() as client, client.get("/metrics") as answer:
        assert answer.status == 404


async def test_only_the_scope_admin_reads_them_unless_everyone_may() -> None:
    world = GuardedCounted()
    async with world.served() as client:
        assert (await client.get("/metrics")).status == 401
        assert (await client.get("/metrics", headers=world.key("insights:read"))).status == 403
        assert (await client.get("/metrics", headers=world.key("admin"))).status == 200
    opened = GuardedCounted(settings=guarded_settings(metrics_readers="everyone"))
    async with opened.served() as client:
        assert (await client.get("/metrics")).status == 200
        assert (await client.get("/v1/conversations")).status == 401


async def test_who_is_refused_for_a_credential_counts_too_and_no_tenant_or_key_is_named() -> None:
    world = GuardedCounted()
    async with world.served() as client:
        await client.post("/v1/messages", json=MESSAGE)
        await client.post("/v1/messages", json=MESSAGE, headers=world.key("messages:write"))
    seen = shown(world.metrics)
    assert seen[of("requests_refused_total", operation="postMessage", reason="credential-missing")] == 1
    assert seen[of("messages_accepted_total", tenant="other")] == 1
    assert "acme" not in world.metrics.text().decode()
