from __future__ import annotations

import json
from collections.abc import AsyncIterator

import faust
import pytest
from aiohttp.test_utils import TestClient, TestServer

from signalstream.web.routes import ROUTES
from signalstream.web.site import application_options, attach, build_web_application, methods
from tests.web.conftest import World
from tests.web.insights import KEY, insight

STREAM = "/ws/conversations/c-1/stream"


@pytest.fixture
def app(world: World) -> faust.App:
    options = application_options(world.settings)
    return faust.App("web-test", broker="kafka://127.0.0.1:1", web_application_options=options)


@pytest.fixture
async def inside_faust(world: World, app: faust.App) -> AsyncIterator[TestClient]:
    """Serve what Faust's web server would serve, without starting a worker."""
    attach(app, world.services(), world.settings, clock=world.clock)
    app.web.cors  # noqa: B018  # as the web server's start does
    app.web.init_server()
    async with TestClient(TestServer(app.web.web_app)) as client:
        yield client


def registered(application: object) -> set[tuple[str, str]]:
    return {(route.method, route.resource.canonical) for route in application.router.routes() if route.resource}


def test_every_route_of_the_table_is_registered_and_no_other(world: World) -> None:
    expected = {(method, route.path) for route in ROUTES for method in methods(route)}
    assert registered(build_web_application(world.services(), world.settings)) == expected


async def test_faust_serves_the_same_routes_and_none_of_its_own(world: World, inside_faust: TestClient) -> None:
    plain = registered(build_web_application(world.services(), world.settings))
    assert registered(inside_faust.server.app) == plain
    for path in ("/table/", "/router/", "/graph", "/nowhere"):
        async with inside_faust.get(path) as answer:
            assert (answer.status, answer.content_type) == (404, "application/problem+json")


async def test_inside_faust_a_message_goes_in_and_its_insight_comes_out(world: World, inside_faust: TestClient) -> None:
    message = {"conversation_id": "c-1", "sender": "customer", "message": "m"}
    async with inside_faust.post("/v1/messages", json=message, headers={"X-Request-ID": "r"}) as answer:
        assert (answer.status, answer.headers["X-Request-ID"]) == (202, "r")
    world.reader.insights[KEY] = insight(2)
    async with inside_faust.get("/v1/conversations/c-1/insights") as answer:
        assert (answer.status, answer.headers["ETag"]) == (200, '"2"')
    async with inside_faust.head("/v1/conversations/c-1/insights") as answer:
        assert answer.status == 200


async def test_inside_faust_errors_are_problems(world: World, inside_faust: TestClient) -> None:
    async with inside_faust.delete("/v1/messages") as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "POST")
        assert answer.content_type == "application/problem+json"
    body = b" " * (world.settings.max_body_bytes + 1)
    async with inside_faust.post("/v1/messages", data=body, headers={"Content-Type": "application/json"}) as answer:
        assert (answer.status, answer.content_type) == (413, "application/problem+json")


async def test_fausts_sensors_see_the_status_that_the_caller_sees(app: faust.App, inside_faust: TestClient) -> None:
    app.sensors.add(app.monitor)
    for path, status in (("/health", 200), ("/v1/conversations/c/insights", 404), ("/v1/conversations?limit=0", 422)):
        async with inside_faust.get(path) as answer:
            assert answer.status == status
    assert {int(code): count for code, count in app.monitor.http_response_codes.items()} == {200: 1, 404: 1, 422: 1}


async def test_inside_faust_a_socket_streams_and_is_closed_with_1001(world: World, inside_faust: TestClient) -> None:
    world.reader.insights[KEY] = insight(2)
    async with inside_faust.ws_connect(STREAM) as socket:
        assert json.loads(await socket.receive_str(timeout=2))["type"] == "connected"
        assert json.loads(await socket.receive_str(timeout=2))["id"] == "2"
        await inside_faust.server.close()
        assert (await socket.receive(timeout=2)).data == 1001
