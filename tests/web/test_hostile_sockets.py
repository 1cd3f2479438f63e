"""What clients do to WebSockets that mean harm: the others go on as before, and memory stays bounded."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import struct
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType
from aiohttp.test_utils import TestClient
from yarl import URL

from signalstream.core.keys import ConversationKey
from signalstream.models.intelligence import Summary
from signalstream.models.live import Update
from signalstream.telemetry import configure_logging
from signalstream.web.authentication import CloseCode
from tests.security.keys import NOW
from tests.web.guarded import Guarded, guarded_settings
from tests.web.insights import insight, update
from tests.web.test_stream_authentication import closed_with, frame
from tests.web.wire import Wire, request, wire

pytestmark = pytest.mark.slow
STREAM = "/ws/conversations/c-1/stream"
OWN = ConversationKey("acme", "c-1")
UPGRADE = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
           "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==")  # fmt: skip
DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate"
IDLE = 1_000
TEXT, PING, PONG = 1, 9, 10


@pytest.fixture
def world() -> Guarded:
    return Guarded(settings=guarded_settings(websocket_ping_seconds=30, answer_unread_seconds=0.5))


@pytest.fixture
async def client(world: Guarded) -> AsyncIterator[TestClient]:
    async with world.served() as client:
        yield client


def framed(opcode: int, payload: bytes, first: int = 0x80) -> bytes:
    """Return a client's frame, masked with zeros; ``first`` holds the bits beside the opcode."""
    size = len(payload)
    if size < 126:
        length = struct.pack("!B", 0x80 | size)
    elif size < 65_536:
        length = struct.pack("!BH", 0x80 | 126, size)
    else:
        length = struct.pack("!BQ", 0x80 | 127, size)
    return bytes([first | opcode]) + length + bytes(4) + payload


@asynccontextmanager
async def upgraded(
    world: Guarded, client: TestClient, *more: str, key: dict[str, str] | None = None
) -> AsyncIterator[Wire]:
    """Open a stream on a bare connection."""
    async with wire(client.server) as line:
        sent = (key or world.key("insights:read"))["Authorization"]
        await line.send(request("GET", STREAM, *UPGRADE, f"Authorization: {sent}", *more))
        answer = await line.answer()
        assert answer is not None
        assert answer.status == 101
        yield line


@asynccontextmanager
async def unharmed(world: Guarded, client: TestClient, seconds: float = 2.0) -> AsyncIterator[list[float]]:
    """Keep a good stream open; afterwards it has had each of its changes within ``seconds``. Gives the waits."""
    waits: list[float] = []
    done = asyncio.Event()
    own = ConversationKey("acme", "good")
    loop = asyncio.get_running_loop()

    async def follow(socket: ClientWebSocketResponse) -> None:
        while not (done.is_set() and waits):
            began = loop.time()
            world.live.apply(update(len(waits) + 1, own))
            received = await socket.receive_json(timeout=seconds)
            assert int(received["id"]) == len(waits) + 1
            waits.append(loop.time() - began)
            await asyncio.sleep(0.01)

    async with client.ws_connect("/ws/conversations/good/stream", headers=world.key()) as socket:
        assert (await socket.receive_json(timeout=2))["type"] == "connected"
        following = asyncio.create_task(follow(socket))
        try:
            yield waits
        finally:
            done.set()
            await following


def resident_megabytes() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def test_a_thousand_idle_sockets_cost_little_and_slow_nobody(world: Guarded, client: TestClient) -> None:
    key = world.key("insights:read")
    world.reader.insights[OWN] = insight(3, OWN)
    async with AsyncExitStack() as stack, unharmed(world, client) as waits:
        gc.collect()
        before = resident_megabytes()
        for _ in range(IDLE):
            await stack.enter_async_context(upgraded(world, client, DEFLATE, key=key))
        each = (resident_megabytes() - before) / IDLE * 1_000
        quiet = len(waits)
        while len(waits) < quiet + 20:
            await asyncio.sleep(0.01)
        assert sorted(waits[quiet:])[10] < 0.25
    assert each < 70  # KB for both ends; each stream that compresses takes 105 more
    await settled(client)
    assert world.live._subscriptions == {}


async def settled(client: TestClient) -> None:
    """Wait until the server has noticed that everyone has gone."""
    for _ in range(200):
        if not client.server.handler.connections:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{len(client.server.handler.connections)} connections are still open")


def large(revision: int) -> Update:
    """Return an update of 40 KB, so that a few of them fill what the kernel buffers for a reader."""
    changed = update(revision, OWN)
    assert changed.insight is not None
    summary = Summary(tldr="x" * 40_000, customer_issue="", key_points=(), next_steps=())
    return changed.model_copy(update={"insight": changed.insight.model_copy(update={"summary": summary})})


@pytest.mark.parametrize("answers", [False, True], ids=["dead", "says pong all along"])
async def test_a_reader_that_never_reads_is_dropped_and_holds_no_more_than_its_queue(
    world: Guarded, client: TestClient, answers: bool
) -> None:
    async with unharmed(world, client), upgraded(world, client) as line:
        line.writer.transport.pause_reading()
        [held] = world.live._subscriptions[OWN]
        longest = 0
        for revision in range(1, 2_000):
            world.live.apply(large(revision))
            longest = max(longest, len(held._waiting))
            await asyncio.sleep(0.002)
            if answers and revision % 20 == 0:
                await line.send(framed(PONG, b""))
            if OWN not in world.live._subscriptions:
                break
        assert OWN not in world.live._subscriptions
        assert longest <= 8


async def test_who_sends_and_never_reads_is_not_read_for_ever_and_dropped(world: Guarded, client: TestClient) -> None:
    flood = framed(TEXT, b"ping") * 1_000
    async with unharmed(world, client), upgraded(world, client) as line:
        line.writer.transport.pause_reading()
        sending = asyncio.create_task(flooding(line, flood))
        for _ in range(400):
            await asyncio.sleep(0.05)
            if OWN not in world.live._subscriptions:
                break
        sending.cancel()
        assert OWN not in world.live._subscriptions


async def flooding(line: Wire, data: bytes) -> None:
    while True:
        await line.send(data)
        await asyncio.sleep(0)


@pytest.mark.parametrize("opcode", [TEXT, 2], ids=["text", "binary"])
async def test_a_frame_of_a_megabyte_closes_its_socket_before_it_is_read(
    world: Guarded, client: TestClient, opcode: int
) -> None:
    async with unharmed(world, client), client.ws_connect(STREAM, headers=world.key()) as socket:
        assert (await socket.receive_json(timeout=2))["type"] == "connected"
        await (socket.send_str("x" * 1_000_000) if opcode == TEXT else socket.send_bytes(bytes(1_000_000)))
        assert (await closed_with(socket))[0] == 1009


async def test_a_megabyte_in_pieces_closes_its_socket_too(world: Guarded, client: TestClient) -> None:
    tracemalloc.start()
    async with unharmed(world, client), upgraded(world, client) as line:
        await line.send(framed(TEXT, b"x" * 1_000, first=0))
        for _ in range(1_000):
            await line.send(framed(0, b"x" * 1_000, first=0))
        await line.closed(2)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


async def test_a_frame_that_unpacks_to_a_megabyte_is_none(world: Guarded, client: TestClient) -> None:
    packer = zlib.compressobj(wbits=-15)
    packed = packer.compress(b"x" * 10_000_000) + packer.flush(zlib.Z_SYNC_FLUSH)[:-4]
    async with unharmed(world, client), upgraded(world, client, DEFLATE) as line:
        await line.send(framed(TEXT, packed, first=0xC0))
        await line.closed(2)


@pytest.mark.parametrize(
    "sent",
    [
        framed(3, b""), framed(11, b""), framed(TEXT, b"a", first=0xF0), framed(PING, b"x" * 126), framed(0, b"x"),
        framed(TEXT, b"\xff\xfe"), framed(8, b"\x03"), framed(8, struct.pack("!H", 42)),
        framed(8, struct.pack("!H", 1000) + b"\xff"), framed(PING, b"", first=0), b"\x81" + b"\xff" * 9,
    ],
    ids=["reserved data", "reserved control", "reserved bits", "a long ping", "a continuation of nothing", "no UTF-8",
         "half a close code", "a close code of nobody", "a close reason that is no UTF-8",
         "a ping in pieces", "a length of 2^63"],
)  # fmt: skip
async def test_frames_that_break_the_protocol_close_their_socket(
    world: Guarded, client: TestClient, sent: bytes
) -> None:
    async with unharmed(world, client), upgraded(world, client) as line:
        await line.send(sent)
        await line.closed(2)


@pytest.mark.parametrize("kind", ["text", "protocol"])
async def test_ten_thousand_pings_are_all_answered_and_slow_nobody(
    world: Guarded, client: TestClient, kind: str
) -> None:
    ping = framed(TEXT, b"ping") if kind == "text" else framed(PING, b"")
    pong = b'\x81\x0f{"type":"pong"}' if kind == "text" else b"\x8a\x00"
    async with unharmed(world, client) as waits, upgraded(world, client) as line:
        sending = asyncio.create_task(line.send(ping * 10_000))
        received = b""
        async with asyncio.timeout(20):
            while received.count(pong) < 10_000:
                received += await line.reader.read(65_536)
        await sending
    assert sorted(waits)[len(waits) // 2] < 0.25


@pytest.mark.parametrize("name", ["c-1", "other%2Fc-1", "..%2Fother%2Fc-1", "%2e%2e%2fother%2fc-1", "c-1%20"])
async def test_no_spelling_of_an_id_leads_to_another_tenants_stream(
    world: Guarded, client: TestClient, name: str
) -> None:
    theirs = ConversationKey("other", "c-1")
    world.reader.insights[theirs] = insight(9, theirs)
    async with client.ws_connect(
        URL(f"/ws/conversations/{name}/stream", encoded=True), headers=world.key("insights:read")
    ) as socket:
        assert (await socket.receive_json(timeout=2))["tenant_id"] == "acme"
        world.live.apply(update(10, theirs))
        with pytest.raises(TimeoutError):
            await socket.receive(timeout=0.1)


async def test_a_credential_that_expires_closes_its_streams_with_a_code_that_says_so_and_no_others(
    world: Guarded, client: TestClient
) -> None:
    short = {"Authorization": f"Bearer {world.keys.issue(tenant='acme', lives=timedelta(minutes=1))[0].text}"}
    async with AsyncExitStack() as stack:
        ending = [await stack.enter_async_context(client.ws_connect(STREAM, headers=short)) for _ in range(20)]
        by_frame = await stack.enter_async_context(client.ws_connect(STREAM))
        await by_frame.send_str(frame(short))
        staying = await stack.enter_async_context(client.ws_connect(STREAM, headers=world.key()))
        for socket in (*ending, by_frame, staying):
            assert (await socket.receive_json(timeout=2))["type"] == "connected"
        world.keys.clock.time = NOW + timedelta(minutes=1)
        world.live.apply(update(1, OWN))
        for socket in (*ending, by_frame):
            message = await socket.receive(timeout=4)
            while message.type is WSMsgType.TEXT:
                message = await socket.receive(timeout=4)
            assert (message.data, message.extra) == (CloseCode.EXPIRED, "credential-expired")
        assert (await staying.receive_json(timeout=2))["data"]["revision"] == 1


async def test_a_refused_upgrade_is_a_problem_and_says_nothing_of_what_was_sent(
    world: Guarded, client: TestClient
) -> None:
    key = world.key("insights:read")["Authorization"]
    for changed in (
        ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 99"),
        ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: canary"),
        ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"),
        ("Upgrade: websocket", "Sec-WebSocket-Version: 13", UPGRADE[3]),
    ):
        async with wire(client.server) as line:
            await line.send(request("GET", STREAM, *changed, f"Authorization: {key}"))
            answer = await line.answer()
        assert answer is not None
        assert answer.status == 400
        assert "canary" not in str(answer.problem)


@pytest.mark.usefixtures("restored_logging")
async def test_a_credential_that_a_page_sends_as_a_protocol_is_not_logged(
    world: Guarded, client: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging(world.settings)
    async with upgraded(world, client, "Sec-WebSocket-Protocol: bearer, swordfish-4711"):
        logging.getLogger("signalstream").error("the end")
    shown = capsys.readouterr()
    assert "the end" in shown.err
    assert "swordfish" not in shown.err + shown.out
