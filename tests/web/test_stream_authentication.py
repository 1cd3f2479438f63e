from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError
from aiohttp.test_utils import TestClient

from signalstream.core.keys import ConversationKey
from signalstream.security.issuing import revoke
from signalstream.web.authentication import CloseCode
from tests.security.keys import NOW
from tests.web.guarded import Guarded, guarded_settings
from tests.web.insights import insight, update

STREAM = "/ws/conversations/c-1/stream"
OWN = ConversationKey("acme", "c-1")


@pytest.fixture
def world() -> Guarded:
    return Guarded(settings=guarded_settings(websocket_authentication_seconds=0.3))


@pytest.fixture
async def client(world: Guarded) -> AsyncIterator[TestClient]:
    async with world.served() as client:
        yield client


def frame(headers: dict[str, str]) -> str:
    return json.dumps({"type": "authenticate", "token": headers["Authorization"].removeprefix("Bearer ")})


async def closed_with(socket: ClientWebSocketResponse, seconds: float = 4) -> tuple[int, str]:
    """Return code and reason of the close, and fail when anything else comes first."""
    received = await socket.receive(timeout=seconds)
    assert received.type is WSMsgType.CLOSE, received
    return received.data, received.extra


async def test_a_header_lets_in_and_so_does_the_first_frame(world: Guarded, client: TestClient) -> None:
    world.reader.insights[OWN] = insight(2, OWN)
    key = world.key("insights:read")
    async with client.ws_connect(STREAM, headers=key) as by_header, client.ws_connect(STREAM) as by_frame:
        await by_frame.send_str(frame(key))
        for socket in (by_header, by_frame):
            connected, current = await socket.receive_json(timeout=2), await socket.receive_json(timeout=2)
            assert (connected["type"], connected["tenant_id"]) == ("connected", "acme")
            assert current["data"]["revision"] == 2


async def test_nothing_is_sent_before_the_credential_whatever_happens(world: Guarded, client: TestClient) -> None:
    async with client.ws_connect(STREAM) as socket:
        world.live.apply(update(4, OWN))
        with pytest.raises(asyncio.TimeoutError):
            await socket.receive(timeout=0.15)
    async with client.ws_connect(STREAM) as socket:
        world.live.apply(update(5, OWN))
        assert await closed_with(socket) == (CloseCode.TOO_LATE, "credential-missing")


@pytest.mark.parametrize(
    "sent",
    ["ping", '{"type":"ping"}', "[]", "", '{"type":"authenticate"}', '{"type":"authenticate","token":7}',
     '{"type":"authenticate","token":"a","more":1}'],
)  # fmt: skip
async def test_any_other_first_frame_closes_the_socket(client: TestClient, sent: str) -> None:
    async with client.ws_connect(STREAM) as socket:
        await socket.send_str(sent)
        assert await closed_with(socket) == (CloseCode.REFUSED, "credential-missing")


async def test_a_binary_first_frame_closes_the_socket_too(world: Guarded, client: TestClient) -> None:
    async with client.ws_connect(STREAM) as socket:
        await socket.send_bytes(frame(world.key()).encode())
        assert await closed_with(socket) == (CloseCode.REFUSED, "credential-missing")


async def test_a_first_frame_of_a_megabyte_is_not_read(client: TestClient) -> None:
    async with client.ws_connect(STREAM) as socket:
        await socket.send_str("x" * 1_000_000)
        assert (await closed_with(socket))[0] == 1009


async def test_a_credential_that_does_not_hold_closes_with_its_reason(world: Guarded, client: TestClient) -> None:
    key, record = world.keys.issue()
    world.keys.write(revoke(record, NOW))
    for token, code, reason in (
        ("signalstream_guess", CloseCode.REFUSED, "credential-refused"),
        (key.text, CloseCode.EXPIRED, "credential-revoked"),
        (world.key("messages:write")["Authorization"][7:], CloseCode.FORBIDDEN, "scope-missing"),
    ):
        async with client.ws_connect(STREAM) as socket:
            await socket.send_json({"type": "authenticate", "token": token})
            assert await closed_with(socket) == (code, reason)


async def test_another_tenants_conversation_is_one_that_nobody_has_seen(world: Guarded, client: TestClient) -> None:
    theirs = ConversationKey("other", "c-1")
    world.reader.insights[theirs] = insight(9, theirs)
    async with client.ws_connect(STREAM, headers=world.key()) as socket:
        assert (await socket.receive_json(timeout=2))["tenant_id"] == "acme"
        world.live.apply(update(10, theirs))
        world.live.apply(update(1, OWN))
        assert (await socket.receive_json(timeout=2))["data"]["revision"] == 1


async def test_who_names_another_tenant_is_let_in_neither_by_header_nor_by_frame(
    world: Guarded, client: TestClient
) -> None:
    with pytest.raises(WSServerHandshakeError, match="403"):
        await client.ws_connect(f"{STREAM}?tenant_id=other", headers=world.key())
    async with client.ws_connect(f"{STREAM}?tenant_id=other") as socket:
        await socket.send_str(frame(world.key()))
        assert await closed_with(socket) == (CloseCode.FORBIDDEN, "tenant-mismatch")


@pytest.mark.parametrize("ended", ["expired", "revoked"])
@pytest.mark.parametrize("by", ["header", "frame"])
async def test_a_credential_that_ends_during_the_stream_ends_the_stream(
    world: Guarded, client: TestClient, ended: str, by: str
) -> None:
    key, record = world.keys.issue(tenant="acme", lives=timedelta(minutes=1))
    header = {"Authorization": f"Bearer {key.text}"}
    async with client.ws_connect(STREAM, headers=header if by == "header" else {}) as socket:
        if by == "frame":
            await socket.send_str(frame(header))
        assert (await socket.receive_json(timeout=2))["type"] == "connected"
        if ended == "revoked":
            world.keys.write(revoke(record, NOW))
        else:
            world.keys.clock.time = NOW + timedelta(minutes=1)
        assert await closed_with(socket) == (CloseCode.EXPIRED, f"credential-{ended}")


async def test_while_the_broker_is_silent_a_stream_stays_and_a_new_one_is_asked_to_come_again(
    world: Guarded, client: TestClient
) -> None:
    key = world.key()
    async with client.ws_connect(STREAM, headers=key) as stays:
        await stays.receive_json(timeout=2)
        world.keys.fresh = False
        async with client.ws_connect(STREAM) as new:
            await new.send_str(frame(key))
            assert await closed_with(new) == (1013, "authentication-unavailable")
        await asyncio.sleep(1.2)
        await stays.send_str("ping")
        assert (await stays.receive_json(timeout=2))["type"] == "pong"


async def test_the_owner_is_asked_with_a_credential_that_came_in_a_frame(world: Guarded) -> None:
    owner = Guarded(keys=world.keys)
    owner.reader.insights[OWN] = insight(7, OWN)
    async with owner.served() as behind, world.served() as asked:
        world.ownership.url = str(behind.make_url(""))
        async with asked.ws_connect(STREAM) as socket:
            await socket.send_str(frame(world.key()))
            await socket.receive_json(timeout=2)
            assert (await socket.receive_json(timeout=2))["data"]["revision"] == 7


async def test_sockets_that_never_authenticate_are_all_let_go(world: Guarded, client: TestClient) -> None:
    sockets = await asyncio.gather(*(client.ws_connect(STREAM) for _ in range(90)))
    codes = [(await socket.receive(timeout=5)).data for socket in sockets]
    assert set(codes) == {CloseCode.TOO_LATE}
    async with client.ws_connect(STREAM, headers=world.key()) as socket:
        assert (await socket.receive_json(timeout=2))["type"] == "connected"
