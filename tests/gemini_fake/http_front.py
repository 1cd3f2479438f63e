"""Over HTTP: Gemini's REST form, OpenAI's chat completions, and the control of the stand-in."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from tests.gemini_fake.control import Control
from tests.gemini_fake.exchange import Answered, Asked, TurnedAwayError
from tests.gemini_fake.faults import ERRORS
from tests.gemini_fake.model import FakeModel

FINISH = {"STOP": "stop", "MAX_TOKENS": "length", "SAFETY": "content_filter", "RECITATION": "content_filter"}
REJECTED = 401


def asked_in_rest(model: str, body: Mapping[str, Any]) -> Asked:
    """Return what a request of ``:generateContent`` asks."""
    config = body.get("generationConfig", {})
    contents = [body.get("systemInstruction", {}), *body.get("contents", [])]
    texts = ["".join(part.get("text", "") for part in content.get("parts", [])) for content in contents]
    return Asked(
        model=model,
        instructions=texts[0],
        data="\n".join(texts[1:]),
        schema=config.get("responseJsonSchema") or config.get("responseSchema"),
        json_mode=config.get("responseMimeType") == "application/json",
        most_tokens=config.get("maxOutputTokens"),
    )


def asked_in_chat(body: Mapping[str, Any]) -> Asked:
    """Return what a request of ``/v1/chat/completions`` asks."""
    form = body.get("response_format") or {}
    said = {message["role"]: message["content"] for message in body["messages"]}
    return Asked(
        model=body["model"],
        instructions=said.get("system", ""),
        data=said.get("user", ""),
        schema=form.get("json_schema", {}).get("schema"),
        json_mode=form.get("type") in {"json_object", "json_schema"},
        most_tokens=body.get("max_tokens"),
    )


def rest_body(answered: Answered) -> dict[str, Any]:
    """Return an answer in REST form."""
    usage = {
        "promptTokenCount": answered.prompt_tokens,
        "candidatesTokenCount": answered.output_tokens,
        "totalTokenCount": answered.total_tokens,
    }
    if answered.block_reason:
        return {"promptFeedback": {"blockReason": answered.block_reason}, "usageMetadata": usage}
    parts = {} if answered.text is None else {"parts": [{"text": answered.text}]}
    candidate = {"finishReason": answered.finish, "index": 0, "content": {"role": "model", **parts}}
    return {"candidates": [candidate], "usageMetadata": usage}


def chat_body(answered: Answered, model: str) -> dict[str, Any]:
    """Return an answer in OpenAI's form: a blocked prompt is a refusal of the model."""
    refusal = "I cannot help with that." if answered.block_reason else None
    message = {"role": "assistant", "content": answered.text, "refusal": refusal}
    finish = FINISH.get(answered.finish, "stop")
    usage = {"prompt_tokens": answered.prompt_tokens, "total_tokens": answered.total_tokens}
    usage["completion_tokens"] = answered.output_tokens + answered.thought_tokens
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return {"id": "chatcmpl-1", "object": "chat.completion", "model": model, "choices": [choice], "usage": usage}


class HttpFront:
    """All of it on one port of loopback. ``headers`` and ``body`` are those of the newest question."""

    def __init__(self, model: FakeModel, host: str) -> None:
        self._model = model
        self._host = host
        self._runner = web.AppRunner(self._app(), handler_cancellation=True, shutdown_timeout=0.2, access_log=None)
        self.port = 0
        self.headers: dict[str, str] = {}
        self.body: dict[str, Any] = {}

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=16 * 1024 * 1024)
        app.router.add_post("/v1beta/models/{model}:generateContent", self._rest)
        app.router.add_post("/v1/chat/completions", self._chat)
        Control(self._model).routes(app)
        return app

    async def start(self, port: int) -> None:
        """Listen; a port of 0 takes a free one."""
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, port).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening."""
        await self._runner.cleanup()

    async def _read(self, request: web.Request) -> dict[str, Any]:
        self.headers = dict(request.headers)
        self.body = await request.json()
        return self.body

    async def _rest(self, request: web.Request) -> web.StreamResponse:
        asked = asked_in_rest(request.match_info["model"], await self._read(request))
        try:
            return web.json_response(rest_body(await self._model.answer(asked)))
        except TurnedAwayError as error:
            return await turned_away(request, error) or web.json_response(rest_error(error), status=status_of(error))

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        asked = asked_in_chat(await self._read(request))
        try:
            return web.json_response(chat_body(await self._model.answer(asked), asked.model))
        except TurnedAwayError as error:
            return await turned_away(request, error) or chat_error(error)


def status_of(error: TurnedAwayError) -> int:
    """Return the HTTP status of an error that is told in the protocol's own words."""
    return ERRORS[error.fault].http


async def turned_away(request: web.Request, error: TurnedAwayError) -> web.StreamResponse | None:
    """Break the connection or answer as a proxy would; nothing for an error of the protocol itself."""
    if error.fault == "bad_gateway_html":
        return web.Response(status=502, text="<html><body>502 Bad Gateway</body></html>", content_type="text/html")
    if error.fault == "reset" and request.transport is not None:
        request.transport.abort()
        await asyncio.sleep(0)
        return web.Response(status=500)
    return None


def rest_error(error: TurnedAwayError) -> dict[str, Any]:
    """Return an error as Gemini's REST form says it."""
    problem = ERRORS[error.fault]
    details: list[dict[str, Any]] = []
    if error.retry_after is not None:
        kind = "type.googleapis.com/google.rpc.RetryInfo"
        details.append({"@type": kind, "retryDelay": f"{error.retry_after:g}s"})
    told = {"code": problem.http, "message": problem.message, "status": problem.status}
    return {"error": {**told, "details": details} if details else told}


def chat_error(error: TurnedAwayError) -> web.Response:
    """Return an error as servers of OpenAI's protocol say it: a wrong key is a 401, a delay is a header."""
    problem = ERRORS[error.fault]
    status = REJECTED if error.fault == "invalid_key" else problem.http
    headers = {} if error.retry_after is None else {"Retry-After": f"{error.retry_after:g}"}
    told = {"message": problem.message, "type": problem.status.lower(), "code": status}
    return web.json_response({"error": told}, status=status, headers=headers)
