from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from aiohttp.test_utils import TestClient, unused_port

from signalstream.errors import OwnerUnavailableError
from signalstream.models.windows import Timeline
from signalstream.web.forwarding import FORWARDED_HEADER
from tests.web.conftest import World
from tests.web.insights import KEY, insight
from tests.web.test_conversations import view

CONVERSATION = "/v1/conversations/c-1"
INSIGHTS, TIMELINE = CONVERSATION + "/insights", CONVERSATION + "/timeline"
EVERY_VIEW = pytest.mark.parametrize("path", [CONVERSATION, INSIGHTS, TIMELINE])
Serve = Callable[[World], Awaitable[TestClient]]


def unsettled(age: float | None = 1.23) -> World:
    """Return a worker that does not know the owner, with a copy of that age."""
    world = World()
    world.ownership.error = OwnerUnavailableError("rebalancing")
    world.ownership.age = age
    return world


def known(world: World) -> World:
    world.reader.insights[KEY] = insight(7)
    world.reader.conversations[KEY] = view(1)
    world.reader.timelines[KEY] = Timeline(
        conversation_id=KEY.conversation_id, tenant_id=KEY.tenant_id, window_seconds=300, windows=()
    )
    return world


async def check_that_it_is_a_503(client: TestClient, path: str, **headers: str) -> None:
    async with client.get(path, headers=headers) as answer:
        assert (answer.status, answer.content_type) == (503, "application/problem+json")
        assert int(answer.headers["Retry-After"]) >= 1
        assert "X-Stale" not in answer.headers


@EVERY_VIEW
async def test_a_copy_answers_while_the_owner_is_not_known_and_says_that_it_is_one(serve: Serve, path: str) -> None:
    client = await serve(known(unsettled()))
    async with client.get(path) as answer:
        assert (answer.status, answer.headers["X-Stale"]) == (200, "true")
        assert float(answer.headers["X-Stale-Age-Seconds"]) == 1.3  # never less than it is
        assert answer.headers["Cache-Control"] == "no-store"
        assert (await answer.json())["conversation_id"] == "c-1"


@EVERY_VIEW
async def test_what_the_owner_says_is_never_marked(serve: Serve, path: str) -> None:
    world = known(World())
    world.ownership.age = 1.0
    client = await serve(world)
    async with client.get(path) as answer:
        assert (answer.status, "X-Stale" in answer.headers) == (200, False)


@EVERY_VIEW
async def test_a_conversation_that_the_copy_has_not_seen_is_a_503(serve: Serve, path: str) -> None:
    await check_that_it_is_a_503(await serve(unsettled()), path)


@EVERY_VIEW
async def test_rows_that_were_never_level_are_no_copy(serve: Serve, path: str) -> None:
    await check_that_it_is_a_503(await serve(known(unsettled(age=None))), path)


async def test_an_unchanged_copy_is_a_marked_304(serve: Serve) -> None:
    client = await serve(known(unsettled()))
    async with client.get(INSIGHTS, headers={"If-None-Match": '"7"'}) as answer:
        assert (answer.status, answer.headers["ETag"], answer.headers["X-Stale"]) == (304, '"7"', "true")


@pytest.mark.parametrize("silent", [True, False], ids=["gone", "recovering"])
async def test_a_copy_answers_for_an_owner_that_is_gone_or_recovers(serve: Serve, silent: bool) -> None:
    owner = await serve(unsettled(age=None))
    world = known(World())
    world.ownership.age = 2.0
    world.ownership.url = f"http://127.0.0.1:{unused_port()}" if silent else str(owner.make_url("/"))
    client = await serve(world)
    async with client.get(INSIGHTS) as answer:
        assert (answer.status, answer.headers["X-Stale"]) == (200, "true")


@EVERY_VIEW
async def test_a_worker_without_a_copy_asks_one_that_has_it(serve: Serve, path: str) -> None:
    holder = known(World())
    holder.ownership.age = 4.0
    holder.ownership.url = f"http://127.0.0.1:{unused_port()}"
    holders_client = await serve(holder)
    asked = unsettled(age=None)
    asked.ownership.copies = (f"http://127.0.0.1:{unused_port()}", str(holders_client.make_url("/")))
    client = await serve(asked)
    async with client.get(path) as answer:
        assert (answer.status, answer.headers["X-Stale"]) == (200, "true")
        assert answer.headers["X-Stale-Age-Seconds"] == "4.0"


async def test_a_worker_that_has_become_the_owner_meanwhile_answers_as_such(serve: Serve) -> None:
    promoted = await serve(known(World()))
    asked = unsettled(age=None)
    asked.ownership.copies = (str(promoted.make_url("/")),)
    client = await serve(asked)
    async with client.get(INSIGHTS) as answer:
        assert (answer.status, "X-Stale" in answer.headers) == (200, False)


async def test_copies_that_know_nothing_are_a_503(serve: Serve) -> None:
    holder = await serve(unsettled())
    asked = unsettled(age=None)
    asked.ownership.copies = (str(holder.make_url("/")),)
    await check_that_it_is_a_503(await serve(asked), INSIGHTS)


async def test_a_forwarded_request_goes_no_further(serve: Serve) -> None:
    holder = await serve(known(unsettled()))
    asked = unsettled(age=None)
    asked.ownership.copies = (str(holder.make_url("/")),)
    await check_that_it_is_a_503(await serve(asked), INSIGHTS, **{FORWARDED_HEADER: "1"})


async def test_a_live_stream_never_begins_with_a_copy(serve: Serve) -> None:
    holder = await serve(known(unsettled()))
    asked = World()
    asked.ownership.url = str(holder.make_url("/"))
    client = await serve(asked)
    async with client.get(INSIGHTS) as answer:
        assert answer.headers["X-Stale"] == "true"
    async with client.ws_connect("/ws/conversations/c-1/stream") as socket:
        assert (await socket.receive_json(timeout=2))["type"] == "connected"
        await socket.send_str("ping")
        assert (await socket.receive_json(timeout=2))["type"] == "pong"


@EVERY_VIEW
async def test_what_was_never_seen_stays_a_404_with_the_owner(serve: Serve, path: str) -> None:
    world = World()
    world.ownership.age = 1.0
    client = await serve(world)
    async with client.get(path) as answer:
        assert answer.status == 404
