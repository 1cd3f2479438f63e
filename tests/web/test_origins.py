from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import WSServerHandshakeError
from aiohttp.test_utils import TestClient

from signalstream.settings import Settings
from tests.web.conftest import World, make_settings
from tests.web.guarded import Guarded

DESK, ELSEWHERE = "https://desk.example", "https://elsewhere.example"
MESSAGE = {"conversation_id": "c-1", "sender": "customer", "message": "m"}
STREAM = "/ws/conversations/c-1/stream"
QUESTION = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}


@pytest.fixture
def world() -> World:
    return World(settings=make_settings(cors_origins=(DESK,)))


@pytest.fixture
async def client(world: World) -> AsyncIterator[TestClient]:
    async with world.served() as client:
        yield client


async def test_a_page_of_a_configured_origin_may_ask_post_and_read(world: World, client: TestClient) -> None:
    async with client.options("/v1/messages", headers=QUESTION | {"Origin": DESK}) as answer:
        assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (204, DESK)
        assert "POST" in answer.headers["Access-Control-Allow-Methods"]
        assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
        assert "Access-Control-Allow-Credentials" not in answer.headers
    async with client.post("/v1/messages", json=MESSAGE, headers={"Origin": DESK}) as answer:
        assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (202, DESK)
        assert "X-Request-ID" in answer.headers["Access-Control-Expose-Headers"]
        assert "Origin" in answer.headers["Vary"]
    async with client.get("/v1/conversations/none/insights", headers={"Origin": DESK}) as answer:
        assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (404, DESK)


async def test_a_page_of_elsewhere_may_neither_change_nor_follow_nor_read(world: World, client: TestClient) -> None:
    for origin in (ELSEWHERE, "null", "https://desk.example.elsewhere.example", "http://desk.example", "not an origin"):
        async with client.post("/v1/messages", json=MESSAGE, headers={"Origin": origin}) as answer:
            assert (answer.status, answer.headers.get("Access-Control-Allow-Origin")) == (403, None)
        async with client.options("/v1/messages", headers=QUESTION | {"Origin": origin}) as answer:
            assert answer.headers.get("Access-Control-Allow-Origin") is None
        async with client.get("/v1/conversations", headers={"Origin": origin}) as answer:
            assert answer.headers.get("Access-Control-Allow-Origin") is None
        with pytest.raises(WSServerHandshakeError, match="403"):
            await client.ws_connect(STREAM, headers={"Origin": origin})
    assert world.ingest.accepted == []


async def test_our_own_page_and_what_is_no_page_may(client: TestClient) -> None:
    own = str(client.make_url("")).rstrip("/")
    for origin in ({"Origin": own}, {"Origin": DESK}, {}):
        async with client.post("/v1/messages", json=MESSAGE, headers=origin) as answer:
            assert answer.status == 202
        async with client.ws_connect(STREAM, headers=origin) as socket:
            assert (await socket.receive_json(timeout=2))["type"] == "connected"


async def test_without_configuration_no_origin_is_allowed_and_no_header_speaks_of_it() -> None:
    async with World().served() as client, client.get("/v1/conversations", headers={"Origin": DESK}) as answer:
        assert [name for name in answer.headers if name.startswith("Access-Control") or name == "Vary"] == []


@pytest.mark.parametrize("origin", ["*", "desk.example", "https://desk.example/", "https://*.example", "HTTPS://A"])
def test_what_is_no_origin_is_refused_by_name(origin: str) -> None:
    with pytest.raises(ValueError, match="is no origin"):
        Settings(_env_file=None, cors_origins=origin)


def test_origins_are_separated_by_commas() -> None:
    assert Settings(_env_file=None, cors_origins=f"{DESK}, http://localhost:3000").cors_origins == (
        DESK,
        "http://localhost:3000",
    )


@pytest.mark.parametrize("host", ["elsewhere.example", "localhost.elsewhere.example:8000", "10.0.0.1", "a b", "[::2]"])
async def test_a_name_made_to_mean_this_machine_is_not_answered_where_nobody_is_asked_who_he_is(
    world: World, client: TestClient, host: str
) -> None:
    forged = {"Host": host, "Origin": f"http://{host}"}
    for request in (
        client.get("/v1/conversations", headers=forged),
        client.post("/v1/messages", json=MESSAGE, headers=forged),
        client.get("/", headers=forged),
    ):
        async with request as answer:
            assert answer.status == 421
    assert world.ingest.accepted == []


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:1", "[::1]:8000"])
async def test_this_machines_own_names_are_answered(client: TestClient, host: str) -> None:
    async with client.get("/v1/conversations", headers={"Host": host}) as answer:
        assert answer.status == 200


async def test_where_credentials_are_wanted_a_worker_answers_to_any_name() -> None:
    world = Guarded()
    async with world.served() as client:
        headers = world.key() | {"Host": "support.example"}
        async with client.get("/v1/conversations", headers=headers) as answer:
            assert answer.status == 200
