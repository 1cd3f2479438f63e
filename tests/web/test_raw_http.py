"""Requests that no HTTP library sends: each a 4xx or a closed connection, and nobody else notices."""

from __future__ import annotations

import asyncio
import gzip
import logging
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache

import pytest
from aiohttp.test_utils import TestClient

from tests.web.conftest import World, make_settings
from tests.web.wire import Answered, asked, request, wire

MESSAGE = '{"conversation_id":"c-1","sender":"customer","message":"m"}'
LENGTH = f"Content-Length: {len(MESSAGE)}"
JSON = "Content-Type: application/json"
CHUNKED = "Transfer-Encoding: chunked"
SECRET = "swordfish-4711"


def posted(*headers: str, body: str = MESSAGE) -> str:
    return request("POST", "/v1/messages", JSON, *headers, body=body)


@asynccontextmanager
async def others_are_answered(client: TestClient) -> AsyncIterator[None]:
    """Ask for something good all along; fail when an answer is wrong or takes two seconds."""
    done = asyncio.Event()

    async def ask() -> int:
        count = 0
        while not (done.is_set() and count):
            async with asyncio.timeout(2), client.get("/v1/conversations") as answer:
                assert answer.status == 200
            count += 1
            await asyncio.sleep(0.005)
        return count

    asking = asyncio.create_task(ask())
    try:
        yield
    finally:
        done.set()
        assert await asking > 0


SMUGGLED = {
    "a length and chunks": posted(LENGTH, CHUNKED, body="0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n"),
    "chunks and a length": posted(CHUNKED, LENGTH, body="0\r\n\r\n"),
    "two lengths": posted(LENGTH, "Content-Length: 5"),
    "the same length twice": posted(LENGTH, LENGTH),
    "a list of lengths": posted(f"Content-Length: {len(MESSAGE)}, {len(MESSAGE)}"),
    "a length with a sign": posted(f"Content-Length: +{len(MESSAGE)}"),
    "a length below zero": posted("Content-Length: -1"),
    "a length in hexadecimal": posted("Content-Length: 0x10"),
    "a length of a thousand digits": posted("Content-Length: " + "9" * 1000),
    "an encoding that looks like chunked": posted("Transfer-Encoding: xchunked", body="0\r\n\r\n"),
    "chunked not as the last encoding": posted("Transfer-Encoding: chunked, identity", body="0\r\n\r\n"),
    "chunked twice": posted(CHUNKED, CHUNKED, body="0\r\n\r\n"),
    "chunked behind a vertical tab": posted("Transfer-Encoding:\x0bchunked", body="0\r\n\r\n"),
    "a chunk size that is no number": posted(CHUNKED, body="zz\r\n\r\n"),
    "a chunk size with a prefix": posted(CHUNKED, body="0x5\r\n12345\r\n0\r\n\r\n"),
    "a chunk size with a sign": posted(CHUNKED, body="-5\r\n12345\r\n0\r\n\r\n"),
    "a chunk size beyond 64 bits": posted(CHUNKED, body="F" * 18 + "\r\n"),
    "a chunk without its end": posted(CHUNKED, body="5\r\n123456\r\n0\r\n\r\n"),
}
BROKEN = {
    "a folded header": request("GET", "/health", "X-A: a\r\n b"),
    "a space before the colon": request("GET", "/health", "X-A : a"),
    "a NUL in a header": request("GET", "/health", "X-A: a\x00b"),
    "a carriage return in a header": request("GET", "/health", "X-A: a\rSet-Cookie: b"),
    "a header without a colon": request("GET", "/health", "X-A"),
    "a header without a name": request("GET", "/health", ": a"),
    "line feeds alone": "GET /health HTTP/1.1\nHost: localhost\n\n",
    "no host": "GET /health HTTP/1.1\r\n\r\n",
    "two hosts": request("GET", "/health", "Host: elsewhere"),
    "a version that there is not": "GET /health HTTP/1.9\r\nHost: localhost\r\n\r\n",
    "the preface of HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a method that there is not": request("FROBNICATE", "/health"),
    "a method in small letters": request("get", "/health"),
    "no method": " /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "no path": request("GET", ""),
    "a path without its slash": request("GET", "health"),
    "an asterisk": request("GET", "*"),
    "a broken address": request("GET", "http://[::1/health"),
    "a space in the path": request("GET", "/health /live"),
    "letters beyond ASCII in the path": request("GET", "/v1/conversations/😀/insights"),
    "bytes that are no UTF-8 in the path": b"GET /v1/conversations/\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a TLS greeting": b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + bytes(160),
    "a header of 100 KB": request("GET", "/health", "X-A: " + "a" * 100_000),
    "5,000 headers": request("GET", "/health", *(f"X-{number}: a" for number in range(5_000))),
    "a path of 100 KB": request("GET", "/" + "a" * 100_000),
    "a query of 100 KB": request("GET", "/v1/conversations?cursor=" + "a" * 100_000),
}


@pytest.mark.parametrize("sent", [*SMUGGLED.values(), *BROKEN.values()], ids=[*SMUGGLED, *BROKEN])
async def test_a_request_that_cannot_be_read_is_a_problem_and_the_end_of_its_connection(
    world: World, client: TestClient, sent: str | bytes
) -> None:
    async with others_are_answered(client), wire(client.server) as line:
        await line.send(sent)
        every = await line.answers()
    assert [answer.status for answer in every] == [400]
    assert every[0].problem["type"] in {
        "urn:signalstream:problem:unreadable-request",
        "urn:signalstream:problem:bad-request",
    }
    assert every[0].headers["x-request-id"] == every[0].problem["request_id"]
    assert world.ingest.accepted == []


async def test_what_cannot_be_read_is_quoted_neither_in_the_answer_nor_in_the_log(
    client: TestClient, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = await asked(client.server, request("GET", "/health", f"Authorization: Bearer {SECRET}\x00"))
    assert answer is not None
    assert answer.status == 400
    assert SECRET.encode() not in answer.body
    assert "Traceback" not in answer.body.decode() + caplog.text
    shown = capsys.readouterr()
    assert "request_unreadable" in shown.out
    assert SECRET not in caplog.text + shown.out + shown.err


async def test_nobody_is_told_what_serves_or_in_which_version(client: TestClient) -> None:
    for sent in (request("GET", "/health"), request("GET", "/nowhere"), "broken\r\n\r\n"):
        answer = await asked(client.server, sent)
        assert answer is not None
        assert answer.headers["server"] == "SignalStream"
        assert b"aiohttp" not in answer.body


@pytest.mark.parametrize("name", ["X-Request-ID", "Idempotency-Key", "traceparent", "Origin", "If-None-Match"])
@pytest.mark.parametrize(
    "value", ["a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\rX-Evil: 1", "a\u2028X-Evil: 1", "a\x85X-Evil: 1"]
)
async def test_no_header_of_a_request_becomes_a_header_of_its_answer(client: TestClient, name: str, value: str) -> None:
    async with wire(client.server) as line:
        await line.send(posted(LENGTH, "Connection: close", f"{name}: {value}"))
        every = await line.answers()
    assert len(every) == 1
    assert "x-evil" not in every[0].headers
    assert "\n" not in every[0].headers["x-request-id"]


@pytest.mark.parametrize("conversation", ["a%0d%0aX-Evil:%201", "a%0aX-Evil:%201", "a%e2%80%a8b", "a%c2%85b"])
async def test_no_id_breaks_a_line(client: TestClient, conversation: str) -> None:
    for path in (f"/v1/conversations/{conversation}", f"/v1/conversations/{conversation}/insights"):
        answer = await asked(client.server, request("GET", path))
        assert answer is not None
        assert (answer.status, "x-evil" in answer.headers) == (422, False)


@pytest.mark.parametrize(
    ("conversation", "status"),
    [
        ("..", 404), ("%2e%2e", 404), (".%2e", 404), ("%2e%2e%2f%2e%2e%2fetc%2fpasswd", 404), ("..%5c..%5c", 404),
        ("a%2fb", 404), ("%2f", 404), ("%25%30%30", 404), ("%F0%9F%98%80", 404), ("a;b=c", 404), ("%22%27%3c%3e", 404),
        ("%00", 422), ("a%00b", 422), ("%E2%80%AE", 422), ("a%E2%80%8Fb", 422), ("%EF%BB%BF", 422), ("%7f", 422),
        ("%c0%ae%c0%ae", 422), ("%c0%af", 422), ("%e0%80%af", 422), ("%ff", 422), ("%ed%a0%80", 422),
        ("%f5%80%80%80", 422), ("%", 422), ("%zz", 422), ("%u002f", 422), ("a" * 129, 422), ("%F0%9F%98%80" * 129, 422),
    ],
)  # fmt: skip
async def test_a_trick_in_an_id_names_a_conversation_that_nobody_has_seen_or_none(
    client: TestClient, conversation: str, status: int
) -> None:
    for end in ("", "/insights", "/timeline"):
        answer = await asked(client.server, request("GET", f"/v1/conversations/{conversation}{end}"))
        assert answer is not None
        assert answer.status == status
        assert conversation not in answer.problem["detail"]


@pytest.mark.parametrize("base", ["/static/", "/docs/static/"])
@pytest.mark.parametrize(
    "name",
    [
        "../settings.py", "..%2fsettings.py", "%2e%2e/settings.py", "..%5csettings.py", "live.js%00", "/etc/passwd",
        "%2fetc%2fpasswd", "live.js/", "LIVE.JS", "%c0%ae%c0%ae%2fx", ".",
    ],
)  # fmt: skip
async def test_no_path_leads_out_of_the_closed_lists_of_files(client: TestClient, base: str, name: str) -> None:
    answer = await asked(client.server, request("GET", base + name))
    assert answer is not None
    assert answer.status == 404
    assert answer.problem["type"] == "urn:signalstream:problem:not-found"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "LOCK"])
async def test_a_method_that_a_path_does_not_take_changes_nothing(
    world: World, client: TestClient, method: str
) -> None:
    answer = await asked(client.server, request(method, "/v1/messages", JSON, LENGTH, body=MESSAGE))
    assert answer is not None
    assert answer.status in {400, 404, 405}
    assert world.ingest.accepted == []


@cache
def bomb(encoding: str, megabytes: int = 200) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, {"gzip": 31, "deflate": 15}[encoding])
    return b"".join(packer.compress(bytes(1_000_000)) for _ in range(megabytes)) + packer.flush()


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, gzip", "x-gzip", "compress", "GZIP"])
async def test_a_compressed_body_is_refused_and_not_unpacked(client: TestClient, encoding: str) -> None:
    packed = bomb(encoding) if encoding in {"gzip", "deflate"} else gzip.compress(bytes(10_000_000))
    sent = posted(f"Content-Encoding: {encoding}", f"Content-Length: {len(packed)}", body="").encode() + packed
    tracemalloc.start()
    try:
        async with others_are_answered(client):
            answer = await asked(client.server, sent)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert answer is not None
    assert answer.status == 415
    assert peak < 5_000_000


async def test_a_compressed_body_is_not_unpacked_either_where_no_body_is_wanted(client: TestClient) -> None:
    packed = bomb("gzip")
    async with others_are_answered(client), wire(client.server) as line:
        sent = request("GET", "/v1/conversations", "Content-Encoding: gzip", f"Content-Length: {len(packed)}")
        tracemalloc.start()
        await line.send(sent.encode() + packed)
        await line.send(request("GET", "/health", "Connection: close"))
        every = await line.answers()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert [answer.status for answer in every] == [200, 200]
    assert peak < 5_000_000


@pytest.fixture
async def hurried(world: World) -> AsyncIterator[TestClient]:
    """Give a site whose clients have to be quick."""
    world.settings = make_settings(request_head_seconds=0.3, request_body_seconds=0.4, answer_unread_seconds=0.4)
    async with world.served() as client:
        yield client


async def drip(client: TestClient, begin: str, piece: str, seconds: float = 3.0) -> tuple[Answered | None, float]:
    """Send a piece every 50 ms; return the answer, and after how many seconds it or the end came."""
    loop = asyncio.get_running_loop()
    async with wire(client.server) as line:
        began = loop.time()
        await line.send(begin)

        async def go_on() -> None:
            while True:
                await asyncio.sleep(0.05)
                await line.send(piece)

        sending = asyncio.create_task(go_on())
        try:
            return await line.answer(seconds), loop.time() - began
        finally:
            sending.cancel()


@pytest.mark.parametrize(
    ("begin", "piece"),
    [("", ""), ("GET /health HTTP/1.1\r\nHost: localhost\r\n", "X-A: a\r\n"), ("GET /", "a"), ("", "\r\n")],
    ids=["silence", "a header at a time", "a letter at a time", "empty lines"],
)
async def test_a_head_that_does_not_come_in_time_ends_its_connection(
    hurried: TestClient, begin: str, piece: str
) -> None:
    async with others_are_answered(hurried):
        answer, took = await drip(hurried, begin, piece)
    assert answer is None
    assert 0.2 < took < 1.5


async def test_the_second_head_of_a_connection_has_to_come_in_time_too(hurried: TestClient) -> None:
    async with wire(hurried.server) as line:
        await line.send(request("GET", "/health"))
        assert (await line.answer()) is not None
        await asyncio.sleep(0.6)  # longer than a head may take: between two requests a connection may rest
        await line.send(request("GET", "/health"))
        assert (await line.answer()) is not None
        await line.send("GET /health HTTP/1.1\r\n")
        await line.closed(2)


@pytest.mark.parametrize(
    ("begin", "piece"),
    [
        (posted("Content-Length: 5000", body="{"), " "),
        (posted(CHUNKED, body="1\r\n{\r\n"), "1\r\n \r\n"),
        (posted(CHUNKED, body="5;"), "a" * 100),
    ],
    ids=["a byte at a time", "a chunk at a time", "a chunk that only says its extension"],
)
async def test_a_body_that_does_not_come_in_time_is_told_so(
    world: World, hurried: TestClient, begin: str, piece: str
) -> None:
    async with others_are_answered(hurried):
        answer, took = await drip(hurried, begin, piece)
    assert answer is not None
    assert (answer.status, answer.headers["connection"]) == (408, "close")
    assert "0.4 s" in answer.problem["detail"]
    assert took < 1.5
    assert world.ingest.accepted == []


async def test_a_client_that_asks_and_never_reads_is_cut_off(world: World, hurried: TestClient) -> None:
    async with others_are_answered(hurried), wire(hurried.server) as line:
        sending = asyncio.create_task(line.send(request("GET", "/docs/static/swagger-ui-bundle.js") * 30))
        for _ in range(100):
            await asyncio.sleep(0.05)
            if len(hurried.server.handler.connections) <= 1:
                break
        sending.cancel()
        assert len(hurried.server.handler.connections) <= 1


async def test_requests_behind_one_another_are_answered_in_their_order(client: TestClient) -> None:
    async with wire(client.server) as line:
        wanted = ["/health", "/nowhere", "/v1/conversations", "/v1/conversations/c/insights"] * 50
        await line.send("".join(request("GET", path) for path in wanted[:-1]))
        await line.send(request("GET", wanted[-1], "Connection: close"))
        statuses = [answer.status for answer in await line.answers()]
    assert statuses == [200, 404, 200, 404] * 50


async def test_of_a_flood_of_requests_on_one_connection_few_wait_in_memory(client: TestClient) -> None:
    async with others_are_answered(client), wire(client.server) as line:
        flooding = asyncio.create_task(line.send(request("GET", "/v1/conversations") * 20_000))
        await asyncio.sleep(0.3)
        waiting = [len(connection._messages) for connection in client.server.handler.connections]
        flooding.cancel()
    assert max(waiting) <= 64


async def test_a_request_behind_a_broken_one_is_not_read(world: World, client: TestClient) -> None:
    async with wire(client.server) as line:
        await line.send(SMUGGLED["a length and chunks"] + posted(LENGTH))
        assert [answer.status for answer in await line.answers()] == [400]
    assert world.ingest.accepted == []


async def test_beyond_the_most_connections_one_more_is_turned_away_until_another_ends(world: World) -> None:
    world.settings = make_settings(max_connections=64)
    async with world.served() as client, AsyncExitStack() as stack:
        lines = [await stack.enter_async_context(wire(client.server)) for _ in range(64)]
        for line in lines:
            await line.send(request("GET", "/health"))
            assert (await line.answer()) is not None
        assert await asked(client.server, request("GET", "/health")) is None
        lines[0].writer.close()
        await asyncio.sleep(0.05)
        assert (await asked(client.server, request("GET", "/health"))) is not None
        await lines[1].send(request("GET", "/health"))
        assert (await lines[1].answer()) is not None
