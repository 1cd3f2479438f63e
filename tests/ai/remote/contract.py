"""What the tests of every adapter share: a question, the stand-in with TLS, and each adapter pointed at it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from signalstream.ai.gemini import Gemini, gemini
from signalstream.ai.remote.openai import OpenAI, openai
from signalstream.ai.remote.provider import Question
from signalstream.errors import (
    AnalystBadOutputError,
    AnalystError,
    AnalystRateLimitedError,
    AnalystRefusedError,
    AnalystRejectedError,
    AnalystUnavailableError,
)
from signalstream.settings import Settings
from tests.gemini_fake.server import FakeGemini

KEY = "key-4711"
MODEL = "some-model-2"
PATIENCE = 5.0
Connect = Callable[[FakeGemini, Path], Gemini | OpenAI]

ENTRY = {
    "id": {"type": "string"},
    "evidence": {"type": "string", "maxLength": 300},
    "sentiment": {"type": "string", "enum": ["positive", "neutral", "negative"]},
    "score": {"type": "integer", "minimum": -100, "maximum": 100},
}
SCHEMA = {
    "type": "object",
    "properties": {
        "results": {
            "type": "array",
            "items": {"type": "object", "properties": ENTRY, "required": list(ENTRY), "additionalProperties": False},
        }
    },
    "required": ["results"],
    "additionalProperties": False,
}

OUTCOMES: Mapping[str, type[AnalystError] | None] = {
    "rate_limit": AnalystRateLimitedError,
    "rate_limit_bare": AnalystRateLimitedError,
    "unavailable": AnalystUnavailableError,
    "internal": AnalystUnavailableError,
    "deadline": AnalystUnavailableError,
    "hang": AnalystUnavailableError,
    "reset": AnalystUnavailableError,
    "bad_gateway_html": AnalystUnavailableError,
    "invalid_key": AnalystRejectedError,
    "permission": AnalystRejectedError,
    "not_found": AnalystRejectedError,
    "bad_request": AnalystRefusedError,
    "safety_prompt": AnalystRefusedError,
    "safety": AnalystRefusedError,
    "recitation": AnalystRefusedError,
    "empty": AnalystBadOutputError,
    "max_tokens": AnalystBadOutputError,
    "max_tokens_empty": AnalystBadOutputError,
    "malformed": AnalystBadOutputError,
    "repeat": AnalystBadOutputError,
    "fenced": None,
    "extra_text": None,
    "wrong_schema": None,
    "swapped": None,
}
"""Fault to the error that an adapter raises; None: the JSON object is returned, whatever its shape."""


def question(*texts: str, most_tokens: int = 500) -> Question:
    """Return a question about conversations of one message each, with the ids m1, m2, ..."""
    rows = ["boundary b0b0"]
    for number, text in enumerate(texts or ("This is terrible.",), start=1):
        rows += [f"b0b0 BEGIN m{number}", "1 customer", f"| {text}", f"b0b0 END m{number}"]
    return Question("sentiment-v1", "Say what the customer feels.", "\n".join(rows), SCHEMA, most_tokens)


def to_gemini(fake: FakeGemini, authority: Path) -> Gemini:
    """Return Gemini's adapter for the stand-in's gRPC with TLS."""
    return gemini(
        Settings(
            _env_file=None,
            GEMINI_API_KEY=KEY,
            gemini_model=MODEL,
            gemini_endpoint=fake.endpoint,
            gemini_ca_file=authority,
        )
    )


def to_openai(fake: FakeGemini, authority: Path) -> OpenAI:
    """Return the adapter of OpenAI's protocol for the stand-in's HTTP."""
    return openai(
        Settings(_env_file=None, openai_base_url=f"{fake.base_url}/v1", openai_model=MODEL, openai_api_key=KEY)
    )


def told_in_full(text: str) -> str:
    """Return an answer of one result with this evidence."""
    return json.dumps({"results": [{"id": "m1", "evidence": text, "sentiment": "neutral", "score": 0}]})
