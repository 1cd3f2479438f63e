from __future__ import annotations

import re

import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from signalstream.web.correlation import correlated, request_id, stamp
from tests.web.conftest import World


@pytest.mark.parametrize("sent", ["a", "A.b_c-9", "x" * 128])
async def test_a_good_request_id_comes_back(client: TestClient, sent: str) -> None:
    async with client.get("/health", headers={"X-Request-ID": sent}) as answer:
        assert answer.headers["X-Request-ID"] == sent


@pytest.mark.parametrize("sent", ["", "two words", "x" * 129, "a/b", "ä", "<script>"])
async def test_any_other_request_id_is_replaced(client: TestClient, sent: str) -> None:
    async with client.get("/health", headers={"X-Request-ID": sent}) as answer:
        assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-ID"])


async def test_two_requests_have_two_ids(client: TestClient) -> None:
    ids = set()
    for _ in range(2):
        async with client.get("/health") as answer:
            ids.add(answer.headers["X-Request-ID"])
    assert len(ids) == 2


async def test_the_upgrade_to_a_websocket_carries_the_id(client: TestClient) -> None:
    async with client.ws_connect("/ws/conversations/c-1/stream", headers={"X-Request-ID": "r-3"}) as socket:
        assert socket._response.status == 101
        assert socket._response.headers["X-Request-ID"] == "r-3"


async def test_the_id_reaches_whoever_takes_the_message_in(world: World, client: TestClient) -> None:
    message = {"conversation_id": "c", "sender": "customer", "message": "m"}
    async with client.post("/v1/messages", json=message) as answer:
        assert world.ingest.accepted[0][1] == answer.headers["X-Request-ID"]


async def test_the_id_is_bound_while_the_request_is_handled_and_not_after() -> None:
    seen = []

    async def look(request: web.Request) -> web.Response:
        seen.append((structlog.contextvars.get_contextvars(), request_id(request)))
        return web.Response()

    @web.middleware
    async def outside(request: web.Request, handler: object) -> web.StreamResponse:
        answer = await handler(request)
        seen.append(structlog.contextvars.get_contextvars())
        return answer

    application = web.Application(middlewares=[outside, correlated])
    application.on_response_prepare.append(stamp)
    application.router.add_get("/", look)
    async with TestClient(TestServer(application)) as client, client.get("/", headers={"X-Request-ID": "r-4"}):
        assert seen == [({"correlation_id": "r-4"}, "r-4"), {}]
