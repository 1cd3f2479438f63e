"""A worker's API in a few lines: accepts messages and tells a partial and then a complete insight of each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

from aiohttp import web
from aiohttp.test_utils import TestServer

from signalstream.models.agents import AI_AGENTS

NAMESPACE = UUID(int=1)
SENTIMENT = {"sentiment": "negative", "confidence": 0.9, "emotion": "angry", "reasoning": "shouting", "score": -0.8}
INSIGHTS = {
    "intent": "Refund Request", "intent_confidence": 0.8, "urgency": "High", "estimated_resolution_time": "1 hour",
}  # fmt: skip
SUMMARY = {"tldr": "Wants the money back.", "customer_issue": "charged twice"}


@dataclass
class FakeApi:
    """``fail_posts`` answers that many posts with 503 first; ``silent`` never completes an insight.

    ``refused`` is a conversation that is answered 422. ``cut_after`` closes each socket after that many updates;
    ``agent_status`` is what every agent says.
    """

    fail_posts: int = 0
    silent: bool = False
    cut_after: int | None = None
    agent_status: str = "ok"
    ready_after: int = 0
    refused: str | None = None
    posted: dict[str, list[str]] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    resumed: list[str] = field(default_factory=list)
    sockets: dict[str, list[web.WebSocketResponse]] = field(default_factory=dict)
    insights: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def ready(self, _request: web.Request) -> web.Response:
        self.ready_after -= 1
        status = "ok" if self.ready_after < 0 else "recovering"
        return web.json_response({"parts": {"tables": {"status": status}}}, status=200 if status == "ok" else 503)

    async def post(self, request: web.Request) -> web.Response:
        self.fail_posts -= 1
        if self.fail_posts >= 0:
            return web.json_response({"detail": "no broker"}, status=503, headers={"Retry-After": "0"})
        body, key = await request.json(), request.headers["Idempotency-Key"]
        conversation = body["conversation_id"]
        if conversation == self.refused:
            return web.json_response({"detail": "not this one"}, status=422)
        if key not in self.keys:
            self.keys.add(key)
            self.posted.setdefault(conversation, []).append(body["message"])
            await self._tell(conversation)
        accepted = {"message_id": str(uuid5(NAMESPACE, key)), "conversation_id": conversation, "status": "accepted"}
        return web.json_response(accepted | {"timestamp": "2026-01-31T12:00:00.000Z"}, status=202)

    async def _tell(self, conversation: str) -> None:
        for completeness in ("partial",) if self.silent else ("partial", "complete"):
            self.insights[conversation] = self.insight(conversation, completeness)
            for socket in self.sockets.get(conversation, []):
                await self._send(socket, conversation)

    async def _send(self, socket: web.WebSocketResponse, conversation: str) -> None:
        insight = self.insights[conversation]
        frame = {"type": "intelligence_update", "conversation_id": conversation, "id": str(insight["revision"])}
        if not socket.closed:
            await socket.send_json(frame | {"data": insight})
        if self.cut_after is not None and insight["revision"] % self.cut_after == 0:
            await socket.close(code=1001)

    def insight(self, conversation: str, completeness: str) -> dict[str, Any]:
        """Return the picture as of the newest message; its text is never the raw one."""
        known = self.insights.get(conversation, {"revision": 0})
        seq = len(self.posted[conversation])
        entity = {
            "type": "email", "value": "[REDACTED]", "start_index": 0, "end_index": 5, "placeholder": "[EMAIL_1]",
            "confidence": 1, "detector": "pattern",
        }  # fmt: skip
        return {
            "conversation_id": conversation, "tenant_id": "demo-tenant", "revision": known["revision"] + 1,
            "completeness": completeness, "last_seq": seq, "sentiment": SENTIMENT, "insights": INSIGHTS,
            "pii": {"has_pii": True, "entities": [entity], "redacted_text": f"redacted {seq}"}, "summary": SUMMARY,
            "agents": {agent: {"status": self.agent_status} for agent in AI_AGENTS},
        }  # fmt: skip

    async def stream(self, request: web.Request) -> web.WebSocketResponse:
        conversation = request.match_info["id"]
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "connected", "conversation_id": conversation})
        self.sockets.setdefault(conversation, []).append(socket)
        last = request.query.get("last_event_id")
        if last is not None:
            self.resumed.append(last)
        if conversation in self.insights and str(self.insights[conversation]["revision"]) != last:
            await self._send(socket, conversation)
        async for _frame in socket:
            await asyncio.sleep(0)
        self.sockets[conversation].remove(socket)
        return socket

    async def conversation(self, request: web.Request) -> web.Response:
        conversation = request.match_info["id"]
        count, at = len(self.posted[conversation]), "2026-01-31T12:00:00.000Z"
        message = {"message_id": str(NAMESPACE), "seq": count, "sender": "customer", "timestamp": at}
        return web.json_response({
            "conversation_id": conversation, "tenant_id": "demo-tenant", "channel": "chat",
            "participants": ["customer"], "message_count": count, "last_seq": count, "first_message_at": at,
            "last_message_at": at, "messages": [message | {"text": f"redacted {count}"}],
        })  # fmt: skip

    def application(self) -> web.Application:
        """Return the routes."""
        application = web.Application()
        application.add_routes([
            web.get("/ready", self.ready),
            web.post("/v1/messages", self.post),
            web.get("/v1/conversations/{id}", self.conversation),
            web.get("/ws/conversations/{id}/stream", self.stream),
        ])  # fmt: skip
        return application


@asynccontextmanager
async def serving(fake: FakeApi) -> AsyncIterator[str]:
    """Serve on a free loopback port and give the URL."""
    server = TestServer(fake.application())
    await server.start_server()
    try:
        yield str(server.make_url("/")).rstrip("/")
    finally:
        await server.close()
