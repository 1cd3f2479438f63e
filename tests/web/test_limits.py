from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient

from signalstream.core.keys import ConversationKey
from signalstream.models.policy import TenantPolicy
from signalstream.web.forwarding import FORWARDED_HEADER
from signalstream.web.routes import ROUTES
from tests.web.insights import insight
from tests.web.limited import Limited, limited_settings

MESSAGE = {"conversation_id": "c-1", "sender": "customer", "message": "m"}
LIST, INSIGHTS = "/v1/conversations", "/v1/conversations/c-1/insights"
Headers = dict[str, str]


@pytest.fixture
def world() -> Limited:
    return Limited()


@pytest.fixture
async def client(world: Limited) -> AsyncIterator[TestClient]:
    async with world.served() as client:
        yield client


async def statuses(client: TestClient, times: int, headers: Headers, path: str = LIST) -> list[int]:
    found = []
    for _ in range(times):
        async with client.get(path, headers=headers) as answer:
            found.append(answer.status)
    return found


async def post(client: TestClient, headers: Headers, **changes: str) -> ClientResponse:
    async with client.post("/v1/messages", json=MESSAGE | changes, headers=headers) as answer:
        await answer.read()
        return answer


async def test_a_tenant_may_send_a_burst_and_is_then_told_when_to_come_again(
    world: Limited, client: TestClient
) -> None:
    key = world.key()
    assert await statuses(client, 5, key) == [200] * 5

    async with client.get(LIST, headers=key) as answer:
        problem = await answer.json()
    assert (answer.status, problem["type"]) == (429, "urn:signalstream:problem:rate-limited")
    assert answer.content_type == "application/problem+json"
    assert answer.headers["Retry-After"] == "1"
    assert "60 requests a minute and 5 at once" in problem["detail"]

    world.now += 1
    assert await statuses(client, 2, key) == [200, 429]


async def test_every_answer_of_the_api_says_how_it_stands_errors_too(world: Limited, client: TestClient) -> None:
    key, seen = world.key(), []
    for path in (LIST, INSIGHTS, LIST + "?limit=0"):
        async with client.get(path, headers=key) as answer:
            seen.append(
                (answer.status, *(answer.headers[f"RateLimit-{part}"] for part in ("Limit", "Remaining", "Reset")))
            )
            assert answer.headers["RateLimit-Policy"] == "60;w=60;burst=5"

    assert seen == [(200, "5", "4", "1"), (404, "5", "3", "2"), (422, "5", "2", "3")]


async def test_messages_have_a_limit_of_their_own_and_the_nearest_is_told(world: Limited, client: TestClient) -> None:
    key = world.key()
    taken = [await post(client, key) for _ in range(3)]

    assert [answer.status for answer in taken] == [202, 202, 429]
    assert [answer.headers["RateLimit-Remaining"] for answer in taken] == ["1", "0", "0"]
    assert taken[-1].headers["Retry-After"] == "2"
    assert len(world.ingest.accepted) == 2
    assert await statuses(client, 3, key) == [200] * 3  # reading goes on


async def test_a_refused_message_may_come_again_with_its_key_and_is_taken_once(
    world: Limited, client: TestClient
) -> None:
    key = world.key() | {"Idempotency-Key": "order-7"}
    await post(client, world.key())
    await post(client, world.key())
    refused = await post(client, key)
    world.now += float(refused.headers["Retry-After"])
    taken = await post(client, key)
    world.now += 60
    again = await post(client, key)

    assert [answer.status for answer in (refused, taken, again)] == [429, 202, 202]
    assert (await taken.json())["message_id"] == (await again.json())["message_id"]


async def test_a_neighbours_flood_takes_nothing_from_a_tenant(world: Limited, client: TestClient) -> None:
    noisy, quiet = world.key(tenant="noisy"), world.key(tenant="quiet")
    assert (await statuses(client, 50, noisy)).count(200) == 5

    assert await statuses(client, 5, quiet) == [200] * 5


async def test_all_credentials_of_a_tenant_share_its_limit(world: Limited, client: TestClient) -> None:
    for _ in range(5):
        assert await statuses(client, 1, world.key()) == [200]

    assert await statuses(client, 1, world.key()) == [429]


async def test_a_tenants_own_policy_stands_before_the_deployments(world: Limited, client: TestClient) -> None:
    world.own["big"] = TenantPolicy(tenant_id="big", requests_burst=8)
    world.own["free"] = TenantPolicy(tenant_id="free", requests_per_minute=0)

    assert (await statuses(client, 10, world.key(tenant="big"))).count(200) == 8
    async with client.get(LIST, headers=world.key(tenant="free")) as answer:
        assert (answer.status, answer.headers.get("RateLimit-Limit")) == (200, None)
    assert await statuses(client, 20, world.key(tenant="free")) == [200] * 20


async def test_a_changed_policy_holds_with_the_next_request(world: Limited, client: TestClient) -> None:
    key = world.key()
    assert (await statuses(client, 6, key))[-1] == 429

    world.own["acme"] = TenantPolicy(tenant_id="acme", requests_per_minute=600, requests_burst=50)

    assert await statuses(client, 5, key) == [200] * 5


async def test_a_tenants_own_bound_of_a_body_holds_and_never_beyond_the_deployments(
    world: Limited, client: TestClient
) -> None:
    world.settings = limited_settings(max_body_bytes=4_096)
    world.own = {
        "small": TenantPolicy(tenant_id="small", max_body_bytes=1_024),
        "large": TenantPolicy(tenant_id="large", max_body_bytes=100_000),
    }
    async with world.served() as bounded:
        taken = {}
        for tenant in ("small", "large", "other"):
            for length in (500, 2_000, 5_000):
                answer = await post(bounded, world.key(tenant=tenant), message="m" * length)
                taken[tenant, length] = answer.status
                world.now += 60

    assert [taken["small", length] for length in (500, 2_000, 5_000)] == [202, 413, 413]
    assert [taken["large", length] for length in (500, 2_000, 5_000)] == [202, 202, 413]
    assert [taken["other", length] for length in (500, 2_000, 5_000)] == [202, 202, 413]


async def test_workers_share_a_limit(world: Limited, client: TestClient) -> None:
    world.ownership.sharers = 2

    async with client.get(LIST, headers=world.key()) as answer:
        assert (answer.headers["RateLimit-Limit"], answer.headers["RateLimit-Policy"]) == ("3", "30;w=60;burst=3")
    assert await statuses(client, 4, world.key()) == [200, 200, 429, 429]


async def test_a_request_that_is_passed_on_counts_where_it_came_in_and_not_against_the_owners_share(
    world: Limited, serve: Callable[[Limited], Awaitable[TestClient]]
) -> None:
    asked = Limited(settings=limited_settings(), keys=world.keys)
    world.reader.insights[ConversationKey("acme", "c-1")] = insight(7, ConversationKey("acme", "c-1"))
    owner = await serve(world)
    asked.ownership.url = str(owner.make_url("/"))
    asked.ownership.sharers = world.ownership.sharers = 2
    key = world.key()

    assert await statuses(await serve(asked), 4, key, INSIGHTS) == [200, 200, 200, 429]
    async with owner.get(INSIGHTS, headers=key) as answer:
        assert (answer.status, answer.headers["RateLimit-Remaining"]) == (200, "2")


async def test_who_claims_to_be_a_worker_gains_one_limit_and_no_more(world: Limited, client: TestClient) -> None:
    claimed = world.key() | {FORWARDED_HEADER: "1"}

    assert (await statuses(client, 30, claimed)).count(200) == 5
    assert (await statuses(client, 30, world.key())).count(200) == 5
    posted = [(await post(client, claimed)).status for _ in range(3)]
    assert posted == [429] * 3  # nobody passes messages on


async def test_whoever_asks_how_the_worker_is_is_not_limited(world: Limited, client: TestClient) -> None:
    key = world.key()
    await statuses(client, 6, key)

    for path in ("/health", "/ready", "/live", "/metrics", "/openapi.json", "/"):
        assert await statuses(client, 10, key, path) == [200] * 10


def test_every_route_that_needs_a_tenant_is_limited() -> None:
    assert {
        route.operation for route in ROUTES if route.path.startswith(("/v1/", "/ws/")) and not route.is_limited
    } == set()


async def test_without_authentication_there_are_no_limits() -> None:
    world = Limited(settings=limited_settings(auth="off", default_tenant="demo-tenant"))
    async with world.served() as client:
        assert await statuses(client, 20, {}) == [200] * 20


async def test_a_limited_tenant_is_logged_once_a_minute(
    world: Limited, client: TestClient, capfd: pytest.CaptureFixture[str]
) -> None:
    key = world.key()
    await statuses(client, 30, key)

    assert capfd.readouterr().out.count("tenant_limited") == 1


async def test_a_tenant_may_have_so_many_sockets_and_another_when_one_has_gone(
    world: Limited, client: TestClient
) -> None:
    key, path = world.key(), "/ws/conversations/c-1/stream"
    world.settings = limited_settings(requests_burst=50)
    async with world.served() as served:
        first = await served.ws_connect(path, headers=key)
        second = await served.ws_connect(path)
        await second.send_str(json.dumps({"type": "authenticate", "token": key["Authorization"].split()[1]}))
        assert (await second.receive_json(timeout=2))["type"] == "connected"

        async with served.get(path, headers=key | UPGRADE) as refused:
            problem = await refused.json()
            assert (refused.status, problem["type"]) == (429, "urn:signalstream:problem:too-many-websockets")
            assert int(refused.headers["Retry-After"]) > 0
        third = await served.ws_connect(path)
        await third.send_str(json.dumps({"type": "authenticate", "token": key["Authorization"].split()[1]}))
        closed = await third.receive(timeout=2)
        assert (closed.data, closed.extra) == (4429, "too-many-websockets")

        async with served.ws_connect(path, headers=world.key(tenant="other")) as others:
            assert (await others.receive_json(timeout=2))["type"] == "connected"
        await first.close()
        async with served.ws_connect(path, headers=key) as next_one:
            assert (await next_one.receive_json(timeout=2))["type"] == "connected"


async def test_a_socket_counts_as_a_request_whichever_way_it_authenticates(world: Limited, client: TestClient) -> None:
    key, path = world.key(), "/ws/conversations/c-1/stream"
    await statuses(client, 5, key)

    async with client.get(path, headers=key | UPGRADE) as refused:
        assert refused.status == 429
    socket = await client.ws_connect(path)
    await socket.send_str(json.dumps({"type": "authenticate", "token": key["Authorization"].split()[1]}))
    closed = await socket.receive(timeout=2)
    assert (closed.data, closed.extra) == (4429, "rate-limited")


UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
