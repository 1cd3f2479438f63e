from __future__ import annotations

from aiohttp.test_utils import TestClient, TestServer

from signalstream import __version__
from signalstream.web.services import WebServices
from signalstream.web.site import build_web_application
from tests.fakes import FakeOperations
from tests.web.conftest import World, make_settings


async def test_health_describes_the_parts(client: TestClient) -> None:
    async with client.get("/health") as answer:
        body = await answer.json()
        assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-store")
    assert (body["status"], body["version"], body["parts"]) == ("ok", __version__, {"broker": {"status": "ok"}})
    assert body["uptime_seconds"] >= 0


async def test_health_is_a_200_even_when_a_part_is_not_well(world: World, client: TestClient) -> None:
    world.operations.ok = False
    async with client.get("/health") as answer:
        assert (answer.status, (await answer.json())["status"]) == (200, "degraded")


async def test_ready_and_live_say_yes_with_their_parts(client: TestClient) -> None:
    for path in ("/ready", "/live"):
        async with client.get(path) as answer:
            assert (answer.status, await answer.json()) == (
                200,
                {"status": "ok", "parts": {"broker": {"status": "ok"}}},
            )


async def test_ready_and_live_say_no_with_a_503_and_their_parts(world: World, client: TestClient) -> None:
    world.operations.ok = False
    world.operations.parts = {"tables": {"status": "recovering", "remaining": 12}}
    for path in ("/ready", "/live"):
        async with client.get(path) as answer:
            problem = await answer.json()
            assert (answer.status, answer.content_type) == (503, "application/problem+json")
            assert problem["parts"] == {"tables": {"status": "recovering", "remaining": 12}}


async def test_a_worker_without_the_core_role_says_so_and_still_tells_its_health() -> None:
    application = build_web_application(WebServices(FakeOperations()), make_settings())
    async with TestClient(TestServer(application)) as client:
        for path in ("/v1/conversations", "/v1/conversations/c/insights", "/ws/conversations/c/stream"):
            async with client.get(path) as answer:
                problem = await answer.json()
                assert (answer.status, problem["type"]) == (503, "urn:signalstream:problem:no-core-role")
        async with client.get("/health") as answer:
            assert answer.status == 200
