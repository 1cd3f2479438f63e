from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError
from aiohttp.test_utils import TestClient
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs
from yarl import URL

from signalstream.core.keys import ConversationKey
from signalstream.errors import OwnerUnavailableError
from signalstream.models.intelligence import Completeness, Insight
from signalstream.web.frames import IntelligenceUpdate
from signalstream.web.live import LiveConversations
from signalstream.web.services import LiveUpdate
from tests.fakes import FakeReader
from tests.web.conftest import World, make_settings
from tests.web.insights import KEY, insight, update

Serve = Callable[[World], Awaitable[TestClient]]
STREAM = "/ws/conversations/c-1/stream"


async def receive(socket: ClientWebSocketResponse) -> dict[str, Any]:
    return json.loads(await socket.receive_str(timeout=10))


async def receive_ids(socket: ClientWebSocketResponse, count: int) -> list[str]:
    return [(await receive(socket))["id"] for _ in range(count)]


def padded(revision: int, length: int) -> LiveUpdate:
    """Return an update of so many bytes beside its envelope."""
    return LiveUpdate(insight(revision), b'"%b"' % (b"x" * length))


async def check_that_nothing_comes(socket: ClientWebSocketResponse) -> None:
    with pytest.raises(TimeoutError):
        await socket.receive(timeout=0.1)


async def test_the_first_frame_says_what_one_is_connected_to(client: TestClient) -> None:
    async with client.ws_connect(STREAM) as socket:
        assert await receive(socket) == {
            "type": "connected", "conversation_id": "c-1", "tenant_id": "demo-tenant", "heartbeat_seconds": 25.0,
        }  # fmt: skip
        await check_that_nothing_comes(socket)


async def test_the_current_insight_comes_first_then_every_change(world: World, client: TestClient) -> None:
    world.reader.insights[KEY] = insight(3)
    async with client.ws_connect(STREAM) as socket:
        await receive(socket)
        first = await receive(socket)
        assert (first["type"], first["conversation_id"], first["id"]) == ("intelligence_update", "c-1", "3")
        assert first["data"] == json.loads(insight(3).model_dump_json())
        for revision in (4, 5):
            world.live.apply(update(revision))
        assert await receive_ids(socket, 2) == ["4", "5"]


async def test_what_the_live_view_knows_is_not_asked_of_the_tables(world: World, client: TestClient) -> None:
    world.live.apply(update(8))
    world.reader.error = ZeroDivisionError()
    async with client.ws_connect(STREAM) as socket:
        await receive(socket)
        assert await receive_ids(socket, 1) == ["8"]


async def test_a_conversation_that_was_never_seen_can_be_waited_for(world: World, client: TestClient) -> None:
    async with client.ws_connect(STREAM) as socket:
        await receive(socket)
        world.live.apply(update(1))
        assert await receive_ids(socket, 1) == ["1"]


async def test_an_insight_without_any_analysis_is_not_sent(world: World, client: TestClient) -> None:
    world.reader.insights[KEY] = insight(1, completeness=Completeness.NONE)
    async with client.ws_connect(STREAM) as socket:
        await receive(socket)
        await check_that_nothing_comes(socket)


async def test_who_comes_back_with_the_current_id_gets_only_what_is_new(world: World, client: TestClient) -> None:
    world.live.apply(update(8))
    async with client.ws_connect(f"{STREAM}?last_event_id=8") as socket:
        await receive(socket)
        await check_that_nothing_comes(socket)
        world.live.apply(update(9))
        assert await receive_ids(socket, 1) == ["9"]


@pytest.mark.parametrize("last", ["7", "9", "rubbish", "", "-1", "8.0", "٨", "9" * 3000])
async def test_who_comes_back_with_any_other_id_gets_the_current_insight(
    world: World, client: TestClient, last: str
) -> None:
    world.live.apply(update(8))
    async with client.ws_connect(STREAM, params={"last_event_id": last}) as socket:
        await receive(socket)
        assert await receive_ids(socket, 1) == ["8"]


async def test_who_comes_back_to_a_worker_whose_view_lags_is_shown_nothing_older(
    world: World, client: TestClient
) -> None:
    world.live.apply(update(7))
    world.reader.insights[KEY] = insight(9)
    async with client.ws_connect(f"{STREAM}?last_event_id=9") as socket:
        await receive(socket)
        for revision in (8, 9):
            world.live.apply(update(revision))
        await check_that_nothing_comes(socket)
        world.live.apply(update(10))
        assert await receive_ids(socket, 1) == ["10"]


class ReaderThatIsOvertaken(FakeReader):
    """Reads an insight while a newer one comes in."""

    def __init__(self, live: LiveConversations) -> None:
        super().__init__()
        self._live = live

    def insight(self, key: ConversationKey) -> Insight | None:
        self._live.apply(update(6, key))
        return insight(5, key)


async def test_no_revision_is_sent_after_a_newer_one(world: World, serve: Serve) -> None:
    world.live = LiveConversations(0)  # keeps nothing, so that the tables are asked
    world.reader = ReaderThatIsOvertaken(world.live)
    async with (await serve(world)).ws_connect(STREAM) as socket:
        await receive(socket)
        ids = await receive_ids(socket, 1)
        world.live.apply(update(5))
        world.live.apply(update(7))
        ids += await receive_ids(socket, 2) if ids == ["5"] else await receive_ids(socket, 1)
        assert ids in (["5", "6", "7"], ["6", "7"])
        await check_that_nothing_comes(socket)


async def test_a_stream_sends_rising_revisions_alone(client: TestClient, world: World) -> None:
    async with client.ws_connect(STREAM) as socket:
        await receive(socket)
        for revision in (1, 1, 4, 2, 3, 4, 9):
            world.live.apply(update(revision))
            await asyncio.sleep(0)
        assert await receive_ids(socket, 3) == ["1", "4", "9"]


async def test_tenants_and_conversations_never_mix(world: World, client: TestClient) -> None:
    async with client.ws_connect(f"{STREAM}?tenant_id=acme") as socket:
        await receive(socket)
        world.live.apply(update(1))
        world.live.apply(update(2, ConversationKey("acme", "c-2")))
        world.live.apply(update(3, ConversationKey("acme", "c-1")))
        assert await receive_ids(socket, 1) == ["3"]


async def test_an_id_with_signs_in_it_is_connected_to(world: World, client: TestClient) -> None:
    key = ConversationKey("demo-tenant", 'a/b "ü"')
    async with client.ws_connect(
        URL(f"/ws/conversations/{quote(key.conversation_id, safe='')}/stream", encoded=True)
    ) as socket:
        assert (await receive(socket))["conversation_id"] == key.conversation_id
        world.live.apply(update(1, key))
        assert (await receive(socket))["conversation_id"] == key.conversation_id


async def test_the_current_insight_comes_from_its_owner(world: World, serve: Serve) -> None:
    owner = World()
    owner.reader.insights[KEY] = insight(4)
    world.ownership.url = str((await serve(owner)).make_url("/"))
    async with (await serve(world)).ws_connect(STREAM) as socket:
        await receive(socket)
        assert await receive_ids(socket, 1) == ["4"]


async def test_while_the_owner_cannot_be_asked_the_stream_tries_again_and_changes_come_through(
    world: World, client: TestClient
) -> None:
    world.reader.insights[KEY] = insight(4)
    world.ownership.error = OwnerUnavailableError("recovering")
    async with client.ws_connect(STREAM) as socket, client.ws_connect(STREAM) as hurried:
        await receive(socket)
        await receive(hurried)
        await check_that_nothing_comes(hurried)
        world.ownership.error = None
        assert await receive_ids(socket, 1) == ["4"]
        world.live.apply(update(5))
        first = await receive_ids(hurried, 1)  # its own retry, or the change if that was quicker
        assert first == ["5"] or (first == ["4"] and await receive_ids(hurried, 1) == ["5"])


@pytest.mark.parametrize("sent", ["ping", " ping\n", '{"type":"ping"}', '{"type": "ping", "id": 1}'])
async def test_a_ping_is_answered(client: TestClient, sent: str) -> None:
    async with client.ws_connect(STREAM) as socket:
        await receive(socket)
        await socket.send_str(sent)
        assert await receive(socket) == {"type": "pong"}


@pytest.mark.parametrize("sent", ["hello", "{", "[]", '{"type":"subscribe"}', "", "[" * 4000])
async def test_what_is_not_understood_is_said_and_the_stream_goes_on(client: TestClient, sent: str) -> None:
    async with client.ws_connect(STREAM) as socket:
        await receive(socket)
        await socket.send_str(sent)
        assert (await receive(socket))["type"] == "error"
        await socket.send_bytes(b"ping")
        assert (await receive(socket))["type"] == "error"
        await socket.send_str("ping")
        assert await receive(socket) == {"type": "pong"}


async def test_a_frame_that_is_too_large_closes_the_socket(client: TestClient) -> None:
    async with client.ws_connect(STREAM) as socket:
        await receive(socket)
        await socket.send_str("x" * 5000)
        assert (await socket.receive(timeout=2)).data == 1009


async def test_the_server_pings_so_that_the_connection_stays(world: World, serve: Serve) -> None:
    world.settings = make_settings(websocket_ping_seconds=0.2)
    async with (await serve(world)).ws_connect(STREAM, autoping=False) as socket:
        assert (await receive(socket))["heartbeat_seconds"] == 0.2
        assert (await socket.receive(timeout=2)).type is WSMsgType.PING


async def test_a_client_that_answers_no_ping_is_let_go(world: World, serve: Serve) -> None:
    world.settings = make_settings(websocket_ping_seconds=0.2)
    async with (await serve(world)).ws_connect(STREAM, autoping=False) as socket:
        await receive(socket)
        for _ in range(100):
            if not world.live._subscriptions:
                break
            await asyncio.sleep(0.02)
        assert world.live._subscriptions == {}
        assert socket.close_code is None  # nobody said good-bye: the line was dead


async def test_a_reader_that_falls_behind_gets_the_newest_revision(world: World, client: TestClient) -> None:
    async with client.ws_connect(STREAM) as socket:
        await receive(socket)
        (subscription,) = world.live._subscriptions[KEY]
        dropped = sum(subscription.put(padded(revision, 40_000)) for revision in range(1, 1001))
        ids = [int((await receive(socket))["id"])]
        while ids[-1] < 1000:
            ids += [int((await receive(socket))["id"])]
        assert ids == sorted(set(ids))
        assert (len(ids), dropped > 0) == (1000 - dropped, True)
        await check_that_nothing_comes(socket)


async def test_a_slow_reader_holds_up_no_other(world: World, client: TestClient) -> None:
    async with client.ws_connect(STREAM) as slow, client.ws_connect(STREAM) as quick:
        await receive(slow)
        await receive(quick)
        subscriptions = tuple(world.live._subscriptions[KEY])
        for revision in range(1, 301):
            update = padded(revision, 40_000)
            for subscription in subscriptions:
                subscription.put(update)
            assert await receive_ids(quick, 1) == [str(revision)]


@pytest.mark.parametrize("length", [125, 126, 127, 65_535, 65_536, 65_537])
async def test_a_frame_of_any_length_arrives_whole(world: World, client: TestClient, length: int) -> None:
    async with client.ws_connect(STREAM) as socket:
        await receive(socket)
        (subscription,) = world.live._subscriptions[KEY]
        update = padded(7, length - len(padded(7, 0).message))
        subscription.put(update)
        assert (await socket.receive_str(timeout=2)).encode() == update.message
        assert len(update.message) == length


async def test_a_socket_that_closes_leaves_nothing_behind(world: World, client: TestClient) -> None:
    async with client.ws_connect(STREAM) as socket:
        await receive(socket)
        assert len(world.live._subscriptions) == 1
    for _ in range(100):
        if not world.live._subscriptions:
            break
        await asyncio.sleep(0.01)
    assert world.live._subscriptions == {}


@pytest.mark.parametrize("reads", [True, False])
async def test_a_shutdown_closes_every_socket_with_1001_within_a_second(world: World, reads: bool) -> None:
    async with world.served() as client:
        sockets = [await client.ws_connect(STREAM) for _ in range(5)]
        for socket in sockets:
            await receive(socket)
        reading = [asyncio.create_task(socket.receive(timeout=3)) for socket in sockets if reads]
        await asyncio.sleep(0.05)
        began = asyncio.get_running_loop().time()
        await client.server.close()
        took = asyncio.get_running_loop().time() - began
        received = await asyncio.gather(*reading) if reads else [await socket.receive(timeout=3) for socket in sockets]
    assert [message.data for message in received] == [1001] * 5
    assert took < 1


async def test_a_stream_that_breaks_inside_says_1011(world: World, client: TestClient) -> None:
    world.reader.error = ZeroDivisionError("the secret inside")
    with capture_logs() as lines:
        async with client.ws_connect(STREAM) as socket:
            await receive(socket)
            assert (await socket.receive(timeout=2)).data == 1011
    assert [line["event"] for line in lines] == ["stream_failed"]


@pytest.mark.parametrize("path", [f"{STREAM}?tenant_id=NO", "/ws/conversations/a%0Ab/stream"])
async def test_a_wrong_address_is_refused_before_the_upgrade(client: TestClient, path: str) -> None:
    with pytest.raises(WSServerHandshakeError) as raised:
        await client.ws_connect(URL(path, encoded=True))
    assert raised.value.status == 422


@given(st.text(), st.integers(0, 2**40))
def test_a_frame_is_json_whatever_the_id(conversation: str, revision: int) -> None:
    shown = insight(revision, ConversationKey("t", conversation))
    frame = IntelligenceUpdate.model_validate_json(LiveUpdate(shown, shown.model_dump_json().encode()).message)
    assert frame == IntelligenceUpdate(conversation_id=conversation, id=str(revision), data=shown)
