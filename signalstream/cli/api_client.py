"""The HTTP API as the demo uses it: like any other client, from outside, through the wire contract."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from signalstream.errors import SignalStreamError
from signalstream.models.conversation import ConversationView
from signalstream.models.intelligence import Insight
from signalstream.models.messages import MessageAccepted, MessageIn

POST_ATTEMPTS = 5


class ApiError(SignalStreamError):
    """The API answered with a problem. A retry helps for 503 only."""


@dataclass(frozen=True)
class Readiness:
    """The answer to ``GET /ready``: ``detail`` names the parts that are not ready yet."""

    ready: bool
    detail: str


class InsightStream:
    """A conversation's WebSocket, seen as insights one after the other."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def next(self) -> Insight:
        """Return the next insight. Raises ApiError when the server closes the stream."""
        while True:
            received = await self._socket.receive()
            if received.type is not aiohttp.WSMsgType.TEXT:
                raise ApiError(f"the WebSocket was closed (code {self._socket.close_code})")
            told = json.loads(received.data)
            if told.get("type") == "intelligence_update":
                return Insight.model_validate(told["data"])


class Api:
    """Calls one worker's API at ``url``."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self.url = url

    async def readiness(self) -> Readiness:
        """Ask whether the worker is ready; a worker that does not listen yet is not."""
        try:
            async with self._session.get(f"{self.url}/ready") as response:
                return Readiness(response.status == 200, waiting_for(await response.text()))
        except (aiohttp.ClientError, TimeoutError):
            return Readiness(False, "the web server")

    async def post(self, message: MessageIn, idempotency_key: str) -> MessageAccepted:
        """Post a message; 503 is tried again after the time that the server asks for. Raises ApiError."""
        body = message.model_dump(mode="json", exclude_none=True)
        headers = {"Idempotency-Key": idempotency_key}
        for attempt in range(1, POST_ATTEMPTS + 1):
            async with self._session.post(f"{self.url}/v1/messages", json=body, headers=headers) as response:
                if response.status == 202:
                    return MessageAccepted.model_validate_json(await response.read())
                if response.status != 503 or attempt == POST_ATTEMPTS:
                    raise ApiError(f"POST /v1/messages answered {response.status}: {await response.text()}")
                await asyncio.sleep(float(response.headers.get("Retry-After", "1")))
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def conversation(self, conversation_id: str) -> ConversationView:
        """Return the conversation's state, redacted. Raises ApiError."""
        path = f"/v1/conversations/{conversation_id}"
        async with self._session.get(self.url + path) as response:
            if response.status != 200:
                raise ApiError(f"GET {path} answered {response.status}: {await response.text()}")
            return ConversationView.model_validate_json(await response.read())

    async def serves(self, path: str) -> bool:
        """Say whether a page is there."""
        async with self._session.get(self.url + path) as response:
            return response.status == 200

    @asynccontextmanager
    async def stream(self, conversation_id: str) -> AsyncIterator[InsightStream]:
        """Open the conversation's WebSocket."""
        async with self._session.ws_connect(f"{self.url}/ws/conversations/{conversation_id}/stream") as socket:
            yield InsightStream(socket)


def waiting_for(body: str) -> str:
    """Return the names of the parts that an answer of ``/ready`` says are not ok."""
    try:
        parts = json.loads(body)["parts"]
        return ", ".join(name for name, part in parts.items() if part["status"] != "ok") or "nothing more"
    except (ValueError, KeyError, TypeError, AttributeError):
        return "an answer that names its parts"
