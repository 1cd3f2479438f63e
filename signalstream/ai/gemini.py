"""Google Gemini by google-generativeai's client: one attempt over gRPC, nothing hidden in it.

The only module that imports ``google``: half a second and 80 MB, so whoever chooses Gemini imports it, nobody else.
The package's own retries (10 minutes by default, no matter what the timeout says) are off, and so are those of gRPC.
Requests are made from protocol buffers: the package's ``GenerativeModel`` drops ``required`` from schemas, keeps one
client for the whole process, bound to its first event loop, and cannot be given another authority for TLS.
"""

from __future__ import annotations

import asyncio
import logging
import warnings
from pathlib import Path
from typing import Any

import grpc
import orjson

with warnings.catch_warnings():
    # Importing it tells of the package's and this Python's end of support; an operator can do nothing about either.
    warnings.simplefilter("ignore", FutureWarning)
    from google.ai.generativelanguage_v1beta import GenerativeServiceAsyncClient
    from google.ai.generativelanguage_v1beta.services.generative_service.transports import (
        GenerativeServiceGrpcAsyncIOTransport,
    )
    from google.api_core.exceptions import GoogleAPICallError
    from google.generativeai import protos
    from google.protobuf.json_format import ParseDict

from signalstream.ai.remote.gemini_errors import Failed, told
from signalstream.ai.remote.gemini_schema import gemini_schema
from signalstream.ai.remote.judging import End, Heard, judged
from signalstream.ai.remote.provider import Question, Reply, Tokens
from signalstream.ai.remote.repeating import MOST_NAME, count, repeated
from signalstream.errors import AnalystUnavailableError, ConfigurationError
from signalstream.settings import Settings

KINDS_KEPT = 64
"""Requests kept ready, one for each kind of question: a task, with the intents of one tenant."""
PROPERTY_ORDERING = b"\xba\x01"
"""Tag of the schema's field 23, which the service knows and the package's protocol buffers do not."""
CLIENT_LOGGER = "google.ai.generativelanguage_v1beta"
CHANNEL_OPTIONS = (
    ("grpc.enable_retries", 0),
    # A path that swallows packets is noticed within 40 s, and a service that is back within 5: gRPC would wait 2 min.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.initial_reconnect_backoff_ms", 500),
    ("grpc.min_reconnect_backoff_ms", 5_000),
    ("grpc.max_reconnect_backoff_ms", 5_000),
    # No channel of another provider in this process shares the connection: servers take 100 calls on one.
    ("grpc.use_local_subchannel_pool", 1),
)
# Complaints hold abuse and threats, and these most of all have to be analysed: nothing is blocked for its tone.
_UNBLOCKED = ("HARASSMENT", "HATE_SPEECH", "SEXUALLY_EXPLICIT", "DANGEROUS_CONTENT")
_ENDS = {"STOP": End.COMPLETE, "MAX_TOKENS": End.CUT}
_BLOCKED = frozenset({"SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY"})
_RequestPb = type(protos.GenerateContentRequest.pb(protos.GenerateContentRequest()))


def gemini(settings: Settings) -> Gemini:
    """Return the provider that the settings describe. Raises ConfigurationError without a key or its CA file."""
    if settings.gemini_api_key is None:
        raise ConfigurationError("GEMINI_API_KEY is not set, and Gemini takes no question without a key: set it")
    authority = None
    if settings.gemini_ca_file is not None:
        authority = _certificate(settings.gemini_ca_file)
    key = settings.gemini_api_key.get_secret_value()
    return Gemini(key, settings.gemini_model, settings.gemini_endpoint, authority)


def _certificate(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"SIGNALSTREAM_GEMINI_CA_FILE: cannot read {path}: {error.strerror}") from error


class Gemini:
    """One model of Gemini. ``authority`` is the PEM of a private endpoint's authority; None: the public ones."""

    def __init__(self, key: str, model: str, endpoint: str, authority: bytes | None = None) -> None:
        self._metadata = (("x-goog-api-key", key),)
        self._model = model
        self._endpoint = endpoint
        self._authority = authority
        self._client: Any = None
        self._kinds: dict[tuple[str, bytes], Any] = {}

    @property
    def name(self) -> str:
        """Return what an analysis calls the engine."""
        return "gemini"

    @property
    def model(self) -> str:
        """Return the model's name."""
        return self._model

    async def start(self) -> None:
        """Open the channel, inside the running event loop: gRPC binds it to that loop."""
        # At DEBUG the client's log records hold the key and every question.
        logging.getLogger(CLIENT_LOGGER).setLevel(logging.WARNING)
        credentials = grpc.ssl_channel_credentials(root_certificates=self._authority)
        channel = grpc.aio.secure_channel(self._endpoint, credentials, options=CHANNEL_OPTIONS)
        transport = GenerativeServiceGrpcAsyncIOTransport(host=self._endpoint, channel=channel)
        self._client = GenerativeServiceAsyncClient(transport=transport)

    async def stop(self) -> None:
        """Close the channel; whoever still waits for an answer gets AnalystUnavailableError."""
        client, self._client = self._client, None
        if client is not None:
            await client.transport.close()

    async def ask(self, question: Question, timeout_seconds: float) -> Reply:
        """Make one attempt, as ``Provider.ask`` says."""
        if self._client is None:
            raise AnalystUnavailableError("Gemini is asked before start or after stop")
        call = self._client.generate_content(
            self._request(question), retry=None, timeout=timeout_seconds, metadata=self._metadata
        )
        try:
            response = await call
        except GoogleAPICallError as error:
            status = error.grpc_status_code.name if error.grpc_status_code else "no status"
            said = repeated(error.message, self._metadata[0][1])
            raise told(Failed(status, said, error.details), self._model, timeout_seconds) from error
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise AnalystUnavailableError("the channel to Gemini was closed before the answer") from None
        return judged(heard(protos.GenerateContentResponse.pb(response), self._model))

    def _request(self, question: Question) -> Any:
        """Return the request: a kind's is built once, then copied, and only the data are new."""
        key = (question.instructions, orjson.dumps(question.schema))
        prepared = self._kinds.get(key)
        if prepared is None:
            prepared = self._kinds[key] = prepare(question, self._model)
            if len(self._kinds) > KINDS_KEPT:
                del self._kinds[next(iter(self._kinds))]
        request = _RequestPb()
        request.CopyFrom(prepared)
        request.contents[0].parts[0].text = question.data
        request.generation_config.max_output_tokens = question.max_output_tokens
        return protos.GenerateContentRequest.wrap(request)


def prepare(question: Question, model: str) -> Any:
    """Return everything of a request that is the same for all questions of its kind."""
    fields = gemini_schema(question.schema)
    request = _RequestPb(model=model if "/" in model else f"models/{model}")
    request.system_instruction.parts.add(text=question.instructions)
    request.contents.add(role="user").parts.add(text="")
    request.generation_config.candidate_count = 1
    request.generation_config.response_mime_type = "application/json"
    ParseDict(fields, request.generation_config.response_schema)
    _order(request.generation_config.response_schema, fields)
    for category in _UNBLOCKED:
        request.safety_settings.add(category=f"HARM_CATEGORY_{category}", threshold="BLOCK_NONE")
    return request


def _order(schema: Any, fields: dict[str, Any]) -> None:
    """Say in which order the properties are to be written: a map on the wire has none, and evidence comes first."""
    for name, one in fields.get("properties", {}).items():
        written = name.encode()
        schema.MergeFromString(PROPERTY_ORDERING + bytes([len(written)]) + written)
        _order(schema.properties[name], one)
    if "items" in fields:
        _order(schema.items, fields["items"])


def heard(response: Any, model: str) -> Heard:
    """Return what a response says. Thoughts are paid as output, and only the total counts them."""
    usage = response.usage_metadata
    thoughts_and_text = usage.total_token_count - usage.prompt_token_count
    tokens = Tokens(count(usage.prompt_token_count), count(max(usage.candidates_token_count, thoughts_and_text)))
    model = (response.model_version or model)[:MOST_NAME]
    feedback = response.prompt_feedback
    if feedback.block_reason:
        reason = _name(type(feedback).BlockReason, feedback.block_reason)
        return Heard(None, End.BLOCKED, f"prompt: {reason}", model, tokens)
    if not response.candidates:
        return Heard(None, End.OTHER, "no candidate", model, tokens)
    candidate = response.candidates[0]
    reason = _name(type(candidate).FinishReason, candidate.finish_reason)
    end = End.BLOCKED if reason in _BLOCKED else _ENDS.get(reason, End.OTHER)
    return Heard("".join(part.text for part in candidate.content.parts), end, reason, model, tokens)


def _name(kind: Any, number: int) -> str:
    """Return the name of an enum's value, or its number: the service knows values that the package does not."""
    return str(kind.Name(number)) if number in kind.values() else str(number)
