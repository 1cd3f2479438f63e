"""Bytes on a socket: what no HTTP library would send, and what comes back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp.test_utils import TestServer

ANSWER_SECONDS = 5.0


@dataclass(frozen=True)
class Answered:
    """One answer as it stood on the wire; header names in small letters, a repeated one keeps its last value."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> dict[str, Any]:
        """Return the body, which has to be a problem document."""
        assert self.headers["content-type"].startswith("application/problem+json"), self
        document: dict[str, Any] = json.loads(self.body)
        assert document["status"] == self.status
        return document


@dataclass
class Wire:
    """One connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: str | bytes) -> None:
        """Send bytes; a server that has hung up in the meantime is no fault of the test."""
        try:
            self.writer.write(data if isinstance(data, bytes) else data.encode())
            await self.writer.drain()
        except ConnectionError:
            return

    async def answer(self, seconds: float = ANSWER_SECONDS) -> Answered | None:
        """Return the next answer, None when the connection is closed without one. Raises TimeoutError."""
        try:
            async with asyncio.timeout(seconds):
                head = await self.reader.readuntil(b"\r\n\r\n")
                status, *lines = head.decode("latin-1").split("\r\n")
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}
                body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        return Answered(int(status.split(" ")[1]), headers, body)

    async def answers(self, seconds: float = ANSWER_SECONDS) -> list[Answered]:
        """Return every answer until the server closes the connection. Raises TimeoutError when it does not."""
        every = []
        while (one := await self.answer(seconds)) is not None:
            every.append(one)
        return every

    async def closed(self, seconds: float = ANSWER_SECONDS) -> None:
        """Wait until the server closes, whatever it still sends. Raises TimeoutError."""
        try:
            async with asyncio.timeout(seconds):
                while await self.reader.read(65_536):
                    pass
        except ConnectionError:
            return


@asynccontextmanager
async def opened(host: str, port: int) -> AsyncIterator[Wire]:
    """Open a connection."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        yield Wire(reader, writer)
    finally:
        writer.transport.abort()


@asynccontextmanager
async def wire(server: TestServer) -> AsyncIterator[Wire]:
    """Open a connection to a served site."""
    async with opened(str(server.host), int(server.port or 0)) as line:
        yield line


async def asked(server: TestServer, data: str | bytes, seconds: float = ANSWER_SECONDS) -> Answered | None:
    """Send bytes on a connection of their own and return the first answer."""
    async with wire(server) as line:
        await line.send(data)
        return await line.answer(seconds)


def request(method: str, target: str, *headers: str, body: str = "") -> str:
    """Return a request as text; ``headers`` are whole lines."""
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost", *headers]
    return "\r\n".join(lines) + "\r\n\r\n" + body
