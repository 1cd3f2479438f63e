"""Many readers of one conversation, a process of its own: ``python -m benchmarks.listeners SPEC RESULT``.

Bare connections that count frames by a mark in them and note when the paced ones came: a library's WebSocket would
need more time for a frame than the server does.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from functools import partial
from pathlib import Path
from typing import cast

import uvloop

from benchmarks.site import FIRST_PACED, KEY
from signalstream.models.base import Model
from signalstream.web.open_files import connections_allowed

AT_ONCE = 50
PER_ADDRESS = 5_000  # of 28,000 ports that a loopback address has for one server
PING, PONG = b"\x89\x00", b"\x8a\x80\x00\x00\x00\x00"
REVISION = re.compile(rb'"revision":(\d+)')
START_SECONDS = 30.0


class ListenersSpec(Model):
    """Where to and how many; they stay till the server closes them."""

    port: int
    sockets: int


class Heard(Model):
    """Frames of the flood with the seconds from the first to the last; paced frames as (revision's number, time)."""

    flooded: int
    flood_seconds: float
    paced: tuple[tuple[int, float], ...]


class Ears:
    """What all listeners heard."""

    def __init__(self) -> None:
        self.flooded = 0
        self.first = self.last = 0.0
        self.paced: list[tuple[int, float]] = []

    def hear(self, data: bytes) -> None:
        """Note the frames that begin in these bytes."""
        now = time.monotonic()
        for revision in map(int, REVISION.findall(data)):
            if revision >= FIRST_PACED:
                self.paced.append((revision - FIRST_PACED, now))
                continue
            self.first = self.first or now
            self.flooded, self.last = self.flooded + 1, now


class Listener(asyncio.Protocol):
    """One socket."""

    def __init__(self, ears: Ears, opened: asyncio.Future[None], closed: asyncio.Future[None]) -> None:
        self._ears, self._opened, self._closed = ears, opened, closed
        self._transport: asyncio.Transport | None = None
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the socket."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are none by inheritance
        self._transport.write(
            f"GET /ws/conversations/{KEY.conversation_id}/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        """Count; the first bytes are the answer to the handshake."""
        if not self._opened.done():
            if not data.startswith(b"HTTP/1.1 101"):
                self._opened.set_exception(ConnectionError(f"the site answered {data[:200]!r}"))
                return
            self._opened.set_result(None)
        if PING in data and self._transport is not None:
            self._transport.write(PONG)
        whole, mark, rest = (self._rest + data).rpartition(b"}")
        self._rest = rest[-64:]
        self._ears.hear(whole + mark)

    def connection_lost(self, _error: Exception | None) -> None:
        """Tell that it is over."""
        if not self._opened.done():
            self._opened.set_exception(ConnectionError("the site closed before it answered"))
        if not self._closed.done():
            self._closed.set_result(None)


async def run(spec: ListenersSpec) -> Heard:
    """Open all, and listen to the end. Raises ConnectionError when one is refused."""
    if connections_allowed(spec.sockets) < spec.sockets:
        raise ConnectionError(f"the limit on open files is too low for {spec.sockets:,} sockets: raise ulimit -n")
    loop, ears = asyncio.get_running_loop(), Ears()
    closed = [loop.create_future() for _ in range(spec.sockets)]
    for begin in range(0, spec.sockets, AT_ONCE):
        await asyncio.gather(*(_open(spec, ears, number, gone) for number, gone in _some(closed, begin)))
    await asyncio.gather(*closed)
    return Heard(flooded=ears.flooded, flood_seconds=ears.last - ears.first, paced=tuple(ears.paced))


def _some(closed: list[asyncio.Future[None]], begin: int) -> list[tuple[int, asyncio.Future[None]]]:
    return list(enumerate(closed))[begin : begin + AT_ONCE]


async def _open(spec: ListenersSpec, ears: Ears, number: int, closed: asyncio.Future[None]) -> None:
    loop, until = asyncio.get_running_loop(), time.monotonic() + START_SECONDS
    address = f"127.0.0.{2 + number // PER_ADDRESS}"
    while True:
        opened = loop.create_future()
        try:
            listener = partial(Listener, ears, opened, closed)
            await loop.create_connection(listener, "127.0.0.1", spec.port, local_addr=(address, 0))
            break
        except ConnectionRefusedError:
            if time.monotonic() > until:
                raise
            await asyncio.sleep(0.1)  # the site is starting
    await opened


def main(spec_path: str, result_path: str) -> None:
    """Read the specification, listen, write what was heard."""
    spec = ListenersSpec.model_validate_json(Path(spec_path).read_bytes())
    Path(result_path).write_text(uvloop.run(run(spec)).model_dump_json())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
