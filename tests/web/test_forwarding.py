from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer, unused_port
from hypothesis import given
from hypothesis import strategies as st

from signalstream.core.keys import ConversationKey, is_conversation_id
from signalstream.errors import OwnerUnavailableError
from signalstream.models.messages import Message
from signalstream.web.forwarding import FORWARDED_HEADER, owner_url
from tests.web.conftest import NOW, World, make_settings
from tests.web.insights import KEY, insight

INSIGHTS = "/v1/conversations/c-1/insights"
Serve = Callable[[World], Awaitable[TestClient]]


@pytest.fixture
async def owner() -> World:
    return World(settings=make_settings(default_tenant="the-owners-own-default"))


@pytest.fixture
async def asked(world: World, owner: World, serve: Serve) -> TestClient:
    """Give a worker that knows that ``owner`` holds every conversation."""
    owners_client = await serve(owner)
    world.ownership.url = str(owners_client.make_url("/"))
    world.settings = make_settings(forward_timeout_seconds=0.3)
    return await serve(world)


@asynccontextmanager
async def another_program(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    application = web.Application()
    application.router.add_get("/{path:.*}", handler)
    async with TestServer(application) as server:
        yield str(server.make_url("/"))


async def check_that_it_is_unavailable(client: TestClient) -> None:
    async with client.get(INSIGHTS) as answer:
        problem = await answer.json()
        assert (answer.status, problem["type"]) == (503, "urn:signalstream:problem:owner-unavailable")
        assert 1 <= int(answer.headers["Retry-After"]) <= 5


async def test_any_worker_answers_with_what_the_owner_knows(owner: World, asked: TestClient) -> None:
    owner.reader.insights[KEY] = insight(7)
    async with asked.get(INSIGHTS, headers={"X-Request-ID": "r-1"}) as answer:
        assert (answer.status, answer.headers["ETag"], answer.content_type) == (200, '"7"', "application/json")
        assert answer.headers.getall("X-Request-ID") == ["r-1"]
        assert (await answer.json())["revision"] == 7


async def test_an_unchanged_insight_is_a_304_through_any_worker(owner: World, asked: TestClient) -> None:
    owner.reader.insights[KEY] = insight(7)
    async with asked.get(INSIGHTS, headers={"If-None-Match": '"7"'}) as answer:
        assert (answer.status, answer.headers["ETag"], await answer.read()) == (304, '"7"', b"")


async def test_an_id_with_signs_in_it_and_the_query_reach_the_owner(owner: World, asked: TestClient) -> None:
    key = ConversationKey("acme", "50% a/b?")
    owner.reader.insights[key] = insight(1, key)
    async with asked.get(owner_url("", "/v1/conversations/{conversation_id}/insights", key, {})) as answer:
        assert (answer.status, (await answer.json())["conversation_id"]) == (200, "50% a/b?")


async def test_the_owner_is_asked_in_the_name_of_the_caller(world: World, asked: TestClient) -> None:
    seen = []

    async def look(request: web.Request) -> web.Response:
        seen.append((request.headers.copy(), request.query_string))
        return web.json_response(json.loads(insight().model_dump_json()))

    async with another_program(look) as world.ownership.url:
        headers = {"Authorization": "Bearer t", "X-Request-ID": "r-2", "Cookie": "no=1"}
        async with asked.get(f"{INSIGHTS}?x=1", headers=headers) as answer:
            assert answer.status == 200
    ((headers, query),) = seen
    assert (headers["Authorization"], headers["X-Request-ID"], headers[FORWARDED_HEADER]) == ("Bearer t", "r-2", "1")
    assert "Cookie" not in headers
    assert query == "x=1&tenant_id=demo-tenant"


async def test_what_the_owner_has_never_seen_is_a_404(asked: TestClient) -> None:
    for path in (INSIGHTS, "/v1/conversations/c-1"):
        async with asked.get(path) as answer:
            assert (answer.status, answer.content_type) == (404, "application/problem+json")


async def test_what_the_owner_has_not_seen_yet_and_this_worker_took_in_is_pending(
    world: World, asked: TestClient
) -> None:
    async with asked.post(
        "/v1/messages", json={"conversation_id": "c-1", "sender": "customer", "message": "m"}
    ) as answer:
        assert answer.status == 202
    async with asked.get(INSIGHTS) as answer:
        assert (answer.status, (await answer.json())["completeness"]) == (200, "none")


async def test_the_owner_answers_for_its_own_pending_messages(owner: World, asked: TestClient) -> None:
    owner.ingest.accepted.append((Message(
        message_id="3b241101-e2bb-4255-8caf-4136c566a962", tenant_id=KEY.tenant_id, conversation_id=KEY.conversation_id,
        sender="customer", text="m", channel="chat", written_at=NOW, received_at=NOW,
    ), "r"))  # fmt: skip
    async with asked.get(INSIGHTS) as answer:
        assert (answer.status, (await answer.json())["completeness"]) == (200, "none")


async def test_a_refusal_of_the_owner_is_relayed(owner: World, asked: TestClient) -> None:
    owner.ownership.error = OwnerUnavailableError("recovering")
    await check_that_it_is_unavailable(asked)


async def test_a_forwarded_request_is_never_forwarded_again(world: World, owner: World, asked: TestClient) -> None:
    owner.ownership.url = str(asked.make_url("/"))
    async with asked.get(INSIGHTS) as answer:
        problem = await answer.json()
        assert (answer.status, problem["type"]) == (503, "urn:signalstream:problem:owner-moved")
        assert 1 <= int(answer.headers["Retry-After"]) <= 5


async def test_an_owner_that_is_gone_is_a_503(world: World, asked: TestClient) -> None:
    world.ownership.url = f"http://127.0.0.1:{unused_port()}"
    await check_that_it_is_unavailable(asked)


async def test_an_owner_that_does_not_answer_in_time_is_a_503(world: World, asked: TestClient) -> None:
    async def sleep(_: web.Request) -> web.Response:
        await asyncio.sleep(2)
        return web.json_response({})

    async with another_program(sleep) as world.ownership.url:
        began = asyncio.get_running_loop().time()
        await check_that_it_is_unavailable(asked)
        assert asyncio.get_running_loop().time() - began < 1.5


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 200, "text": ""},
        {"status": 200, "text": "<html>welcome</html>", "content_type": "text/html"},
        {"status": 204},
        {"status": 302, "headers": {"Location": "/elsewhere"}},
        {"status": 404, "text": "nothing here"},
        {"status": 502, "text": "bad gateway"},
    ],
)
async def test_what_no_worker_says_is_a_503(world: World, asked: TestClient, answer: dict[str, object]) -> None:
    async def say(_: web.Request) -> web.Response:
        return web.Response(**answer)

    async with another_program(say) as world.ownership.url:
        await check_that_it_is_unavailable(asked)


async def test_an_answer_that_breaks_off_is_a_503(world: World, asked: TestClient) -> None:
    async def break_off(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"revision": 1')
        request.transport.close()
        return response

    async with another_program(break_off) as world.ownership.url:
        await check_that_it_is_unavailable(asked)


@given(st.text(min_size=1, max_size=128).filter(is_conversation_id))
def test_the_owners_url_names_exactly_one_conversation(conversation: str) -> None:
    url = owner_url(
        "http://peer:8000/base/", "/v1/conversations/{conversation_id}", ConversationKey("t", conversation), {}
    )
    assert url.raw_path.count("/") == 4
    assert url.raw_path.startswith("/base/v1/conversations/")
    assert dict(url.query) == {"tenant_id": "t"}
