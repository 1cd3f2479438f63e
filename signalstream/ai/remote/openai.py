"""Any server of OpenAI's protocol (vLLM, Ollama, llama.cpp): one attempt by plain HTTP, redirects not followed.

How such servers are held to JSON differs, so a setting says which way: ``json_schema`` where the server decodes under
the schema, ``json_object`` where it knows only JSON, ``prompt`` where it knows neither; for the last two the schema
stands in the instructions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal

import aiohttp
import orjson
from yarl import URL

from signalstream.ai.remote.judging import End, Heard, judged
from signalstream.ai.remote.provider import Question, Reply, Tokens
from signalstream.ai.remote.repeating import MOST_NAME, count, repeated
from signalstream.errors import (
    AnalystError,
    AnalystRateLimitedError,
    AnalystRefusedError,
    AnalystRejectedError,
    AnalystUnavailableError,
    ConfigurationError,
)
from signalstream.settings import Settings

Json = Literal["json_schema", "json_object", "prompt"]
MOST_BYTES = 2 * 1024 * 1024
"""Of an answer's body: no answer of ours is a tenth of it."""
IDLE_SECONDS = 4.0
"""How long an idle connection is kept: servers close theirs after five, and a question on its way then is lost."""
RATE_LIMITED = 429
_REJECTING = frozenset({401, 402, 403, 404, 405, 501})
_UNTAKEN = frozenset({400, 413, 415, 422})
_ENDS = {"stop": End.COMPLETE, "length": End.CUT, "content_filter": End.BLOCKED}
_SCHEMA_TOLD = "\n\nThe JSON Schema of the answer, which is nothing but this one JSON object:\n"


def openai(settings: Settings) -> OpenAI:
    """Return the provider that the settings describe. Raises ConfigurationError without an address or a model."""
    if settings.openai_base_url is None or settings.openai_model is None:
        raise ConfigurationError(
            "a server of OpenAI's protocol needs SIGNALSTREAM_OPENAI_BASE_URL and SIGNALSTREAM_OPENAI_MODEL: set both"
        )
    key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else None
    return OpenAI(settings.openai_base_url, settings.openai_model, key, settings.openai_json)


class OpenAI:
    """One model of one server; ``base_url`` as in ``http://127.0.0.1:8080/v1``."""

    def __init__(self, base_url: str, model: str, key: str | None = None, json: Json = "json_schema") -> None:
        self._url = f"{base_url.rstrip('/')}/chat/completions"
        self._shown = str(URL(self._url).with_user(None))
        self._model = model
        self._key = key
        self._headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
        self._json = json
        self._session: aiohttp.ClientSession | None = None

    @property
    def name(self) -> str:
        """Return what an analysis calls the engine."""
        return "openai"

    @property
    def model(self) -> str:
        """Return the model's name."""
        return self._model

    async def start(self) -> None:
        """Open the session, inside the running event loop. How many calls there are at once is decided outside."""
        connections = aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE_SECONDS)
        self._session = aiohttp.ClientSession(headers=self._headers, connector=connections)

    async def stop(self) -> None:
        """Close the connections; whoever still waits for an answer gets AnalystUnavailableError."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def ask(self, question: Question, timeout_seconds: float) -> Reply:
        """Make one attempt, as ``Provider.ask`` says."""
        if self._session is None:
            raise AnalystUnavailableError(f"{self._shown} is asked before start or after stop")
        body = orjson.dumps(request_body(question, self._model, self._json))
        try:
            async with asyncio.timeout(timeout_seconds):
                status, headers, answer = await self._exchanged(self._session, body)
        except TimeoutError as error:
            raise AnalystUnavailableError(f"{self._shown} did not answer within {timeout_seconds:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise AnalystUnavailableError(f"{self._shown} cannot be asked: {error or type(error).__name__}") from error
        if status != 200:
            raise told(status, headers, repeated(message_in(answer), self._key), self._shown)
        return judged(heard(parsed(answer, self._shown), self._model))

    async def _exchanged(self, session: aiohttp.ClientSession, body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        # The time is bounded by the caller: aiohttp's own five minutes would be a second opinion.
        waits = aiohttp.ClientTimeout(total=None)
        async with session.post(self._url, data=body, allow_redirects=False, timeout=waits) as response:
            answer = bytearray()
            async for chunk in response.content.iter_any():
                answer += chunk
                if len(answer) > MOST_BYTES:
                    raise AnalystUnavailableError(
                        f"{self._shown} sends more than {MOST_BYTES} bytes: no model's answer"
                    )
            return response.status, response.headers, bytes(answer)


def request_body(question: Question, model: str, json: Json) -> dict[str, Any]:
    """Return the body of a request."""
    instructions = question.instructions
    if json != "json_schema":
        instructions += _SCHEMA_TOLD + orjson.dumps(question.schema).decode()
    messages = [{"role": "system", "content": instructions}, {"role": "user", "content": question.data}]
    body = {"model": model, "messages": messages, "max_tokens": question.max_output_tokens, "stream": False}
    if json == "json_schema":
        schema = {"name": question.name, "strict": True, "schema": question.schema}
        return body | {"response_format": {"type": "json_schema", "json_schema": schema}}
    return body | ({"response_format": {"type": "json_object"}} if json == "json_object" else {})


def parsed(answer: bytes, url: str) -> Mapping[str, Any]:
    """Return a completion with at least one choice. Raises AnalystUnavailableError: it is not the model that spoke."""
    try:
        completion = orjson.loads(answer)
        completion["choices"][0]["message"]["content"]
    except (orjson.JSONDecodeError, KeyError, IndexError, TypeError) as error:
        raise AnalystUnavailableError(f"{url} answers 200 but no chat completion: is it the right address?") from error
    return completion  # type: ignore[no-any-return]  # what was looked at has to be a mapping


def heard(completion: Mapping[str, Any], model: str) -> Heard:
    """Return what a completion says."""
    choice = completion["choices"][0]
    message, reason = choice["message"], str(choice.get("finish_reason"))
    told_usage = completion.get("usage")
    usage = told_usage if isinstance(told_usage, dict) else {}
    tokens = Tokens(count(usage.get("prompt_tokens")), count(usage.get("completion_tokens")))
    model = str(completion.get("model") or model)[:MOST_NAME]
    if message.get("refusal"):
        return Heard(None, End.BLOCKED, "refusal", model, tokens)
    content = message["content"]
    return Heard(content if isinstance(content, str) else None, _ENDS.get(reason, End.OTHER), reason, model, tokens)


def told(status: int, headers: Mapping[str, str], message: str, url: str) -> AnalystError:
    """Return an answer other than 200 as one of this program's errors."""
    said = f"{url} answers {status}: {message}"
    if status == RATE_LIMITED:
        return AnalystRateLimitedError(said, delay_in(headers))
    if status in _REJECTING or (status in _UNTAKEN and "api key" in said.lower()):
        return AnalystRejectedError(f"{said}. Look at the key, the model's name and the address in the settings")
    if 300 <= status < 400:
        return AnalystRejectedError(f"{said}. It sends elsewhere, which is not followed: name the right address")
    if status in _UNTAKEN:
        return AnalystRefusedError(f"{said}. If no question is taken: set SIGNALSTREAM_OPENAI_JSON to a plainer way")
    return AnalystUnavailableError(said)


def message_in(answer: bytes) -> str:
    """Return what an error's body says; nothing of a body in another form, such as a proxy's page."""
    try:
        said = orjson.loads(answer)["error"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return "no message"
    return str(said.get("message") if isinstance(said, dict) else said)


def delay_in(headers: Mapping[str, str]) -> float:
    """Return the seconds of ``Retry-After``, which may be a date; 0 when there is none that can be read."""
    written = headers.get("Retry-After", "")
    try:
        return max(0.0, float(written))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(written) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):  # no date, or one without a zone
        return 0.0
