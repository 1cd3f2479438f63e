"""A client as the first part of the wire contract describes it: POST, insights, WebSocket without resume."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp

WAIT_SECONDS = 20.0
Json = dict[str, Any]


@dataclass
class Client:
    """Talks to one worker."""

    session: aiohttp.ClientSession
    url: str

    async def post(self, conversation_id: str, text: str, sender: str = "customer", **more: Any) -> tuple[int, Json]:
        headers = more.pop("headers", {})
        body = {"conversation_id": conversation_id, "sender": sender, "message": text, **more}
        async with self.session.post(f"{self.url}/v1/messages", json=body, headers=headers) as answer:
            return answer.status, await answer.json(content_type=None)

    async def get(self, path: str, **headers: str) -> tuple[int, Json]:
        async with self.session.get(self.url + path, headers=headers) as answer:
            body = await answer.read()
            return answer.status, json.loads(body) if body else {}

    async def insights(self, conversation_id: str) -> tuple[int, Json]:
        return await self.get(f"/v1/conversations/{quote(conversation_id, safe='')}/insights")

    async def complete(self, conversation_id: str, seq: int) -> Json:
        """Wait until the insight is complete for turn ``seq``."""

        async def fetch() -> Json | None:
            status, insight = await self.insights(conversation_id)
            done = status == 200 and insight["last_seq"] >= seq and insight["completeness"] == "complete"
            return insight if done else None

        return await eventually(fetch, f"a complete insight of {conversation_id} for turn {seq}")

    @asynccontextmanager
    async def listen(self, conversation_id: str, query: str = "") -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        path = f"/ws/conversations/{quote(conversation_id, safe='')}/stream{query}"
        async with self.session.ws_connect(self.url + path) as socket:
            yield socket


async def eventually(fetch: Callable[[], Awaitable[Any]], what: str, seconds: float = WAIT_SECONDS) -> Any:
    """Call ``fetch`` until it returns something; fail with ``what`` when it does not in time."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while loop.time() < until:
        found = await fetch()
        if found is not None:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"did not see {what} within {seconds:.0f} s")


async def updates_until(socket: aiohttp.ClientWebSocketResponse, seq: int) -> list[Json]:
    """Return the frames of a socket up to the update that completes turn ``seq``."""
    frames: list[Json] = []
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            frame = await socket.receive_json()
            frames.append(frame)
            data = frame.get("data", {})
            if (
                frame["type"] == "intelligence_update"
                and data["completeness"] == "complete"
                and data["last_seq"] >= seq
            ):
                return frames
