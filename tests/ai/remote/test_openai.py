from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import orjson
import pytest
from aiohttp import web

from signalstream.ai.remote.openai import MOST_BYTES, Json, OpenAI, delay_in, openai
from signalstream.errors import (
    AnalystError,
    AnalystRateLimitedError,
    AnalystRefusedError,
    AnalystRejectedError,
    AnalystUnavailableError,
    ConfigurationError,
)
from signalstream.settings import Settings
from tests.ai.remote.contract import KEY, MODEL, PATIENCE, SCHEMA, question
from tests.gemini_fake.server import FakeGemini

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def asking(url: str, key: str | None = None, json: Json = "json_schema") -> AsyncIterator[OpenAI]:
    provider = OpenAI(url, MODEL, key, json)
    await provider.start()
    yield provider
    await provider.stop()


@asynccontextmanager
async def server_of(answer: Answer) -> AsyncIterator[str]:
    """Run a server that gives this answer to a chat completion."""
    app = web.Application()
    app.router.add_post("/v1/chat/completions", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    await runner.cleanup()


def completion(**message: Any) -> dict[str, Any]:
    return {"choices": [{"message": {"role": "assistant", "content": None, **message}, "finish_reason": "stop"}]}


async def error_of(answer: Answer, seconds: float = PATIENCE) -> AnalystError:
    async with server_of(answer) as url, asking(url) as provider, asyncio.timeout(seconds + 3):
        with pytest.raises(AnalystError) as caught:
            await provider.ask(question(), seconds)
    return caught.value


async def test_the_schema_binds_the_server_where_it_can_be_bound(fake: FakeGemini) -> None:
    async with asking(f"{fake.base_url}/v1", KEY) as provider:
        await provider.ask(question(most_tokens=321), PATIENCE)

    form = fake.http.body["response_format"]
    assert form == {
        "type": "json_schema",
        "json_schema": {"name": "sentiment-v1", "strict": True, "schema": SCHEMA},
    }
    assert (fake.http.body["model"], fake.http.body["max_tokens"]) == (MODEL, 321)
    assert fake.http.headers["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(("way", "form"), [("json_object", {"type": "json_object"}), ("prompt", None)])
async def test_a_plainer_server_reads_the_schema_in_the_instructions(
    way: Json, form: dict[str, str] | None, fake: FakeGemini
) -> None:
    fake.model.script.say('{"results": []}')
    async with asking(f"{fake.base_url}/v1", json=way) as provider:
        assert (await provider.ask(question(), PATIENCE)).value == {"results": []}

    told = {message["role"]: message["content"] for message in fake.http.body["messages"]}
    assert fake.http.body.get("response_format") == form
    assert told["system"].startswith(question().instructions)
    assert orjson.dumps(SCHEMA).decode() in told["system"]
    assert told["user"] == question().data


async def test_without_a_key_none_is_sent(fake: FakeGemini) -> None:
    async with asking(f"{fake.base_url}/v1/") as provider:
        await provider.ask(question(), PATIENCE)

    assert "Authorization" not in fake.http.headers


async def test_a_refusal_of_the_model_is_a_refusal() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response(completion(refusal="I cannot."))

    assert isinstance(await error_of(answer), AnalystRefusedError)


async def test_thoughts_before_the_answer_are_left_out() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response(completion(content='<think>{"results": 1}? No.</think>\n{"results": []}'))

    async with server_of(answer) as url, asking(url) as provider:
        reply = await provider.ask(question(), PATIENCE)

    assert reply.value == {"results": []}
    assert (reply.model, reply.tokens.prompt) == (MODEL, 0)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, AnalystRefusedError),
        (401, AnalystRejectedError),
        (402, AnalystRejectedError),
        (404, AnalystRejectedError),
        (408, AnalystUnavailableError),
        (413, AnalystRefusedError),
        (422, AnalystRefusedError),
        (429, AnalystRateLimitedError),
        (500, AnalystUnavailableError),
        (502, AnalystUnavailableError),
        (529, AnalystUnavailableError),
    ],
)
async def test_a_status_says_whether_to_ask_again(status: int, kind: type[AnalystError]) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response({"error": {"message": "thus it is"}}, status=status)

    error = await error_of(answer)

    assert type(error) is kind
    assert f"{status}: thus it is" in str(error)


@pytest.mark.parametrize("body", ["<html>Welcome</html>", "[]", "{}", '{"choices": []}', '{"choices": [{}]}', "null"])
async def test_a_page_that_is_no_completion_is_not_taken_for_the_models_word(body: str) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(text=body)

    assert isinstance(await error_of(answer), AnalystUnavailableError)


async def test_nothing_is_sent_where_a_redirect_leads(fake: FakeGemini) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        raise web.HTTPTemporaryRedirect(f"{fake.base_url}/v1/chat/completions")

    assert isinstance(await error_of(answer), AnalystRejectedError)
    assert fake.model.stats.counts["requests"] == 0


async def test_an_answer_without_end_is_cut_off() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(MOST_BYTES // 65_536 + 2):
            await response.write(b" " * 65_536)
        return response

    assert "no model's answer" in str(await error_of(answer))


async def test_an_answer_that_never_ends_ends_with_the_attempts_time() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"{")
        await asyncio.Event().wait()
        return response

    began = time.monotonic()
    error = await error_of(answer, 0.3)

    assert isinstance(error, AnalystUnavailableError)
    assert time.monotonic() - began < 1.5


async def test_a_password_in_the_address_is_in_no_error(unused_tcp_port: int) -> None:
    async with asking(f"http://me:secret-1@127.0.0.1:{unused_tcp_port}/v1") as provider:
        with pytest.raises(AnalystUnavailableError) as caught:
            await provider.ask(question(), PATIENCE)

    assert "secret-1" not in str(caught.value)


def test_a_delay_may_be_seconds_or_a_date_or_nonsense() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)

    assert delay_in({"Retry-After": "2.5"}) == 2.5
    assert 28 <= delay_in({"Retry-After": soon}) <= 30
    for nonsense in ("", "soon", "-3", "nan", "Mon, 01 Jan 2024 00:00:00 -0000", "Mon, 01 Jan 2024 00:00:00 GMT"):
        assert delay_in({"Retry-After": nonsense}) == 0.0


def test_without_an_address_or_a_model_it_says_what_to_set() -> None:
    for url, model in ((None, None), ("http://127.0.0.1:1/v1", None), (None, MODEL)):
        with pytest.raises(ConfigurationError, match=r"SIGNALSTREAM_OPENAI_BASE_URL.*SIGNALSTREAM_OPENAI_MODEL"):
            openai(Settings(_env_file=None, openai_base_url=url, openai_model=model))
