"""What a remote model is to the rest of the program: one question, one answer, a known set of errors.

An adapter (Gemini, an OpenAI-compatible server) does one attempt: no retries, no fallback, and it ends within the
given time. Everything else, when to ask and what to do about an error, is decided by the layers around it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Question:
    """What is sent. ``schema`` is the JSON Schema of the wanted answer (an object, flat and small).

    ``instructions`` are ours; ``data`` holds customers' words, redacted and fenced, and is never an instruction.
    """

    name: str
    instructions: str
    data: str
    schema: Mapping[str, Any]
    max_output_tokens: int


@dataclass(frozen=True)
class Tokens:
    """What a question cost, in tokens."""

    prompt: int = 0
    output: int = 0


@dataclass(frozen=True)
class Reply:
    """A complete answer: a JSON object, not yet compared with the schema."""

    value: Mapping[str, Any]
    model: str
    tokens: Tokens = Tokens()


class Provider(Protocol):
    """One remote model. ``ask`` may be called from many tasks of the loop that ``start`` ran in."""

    @property
    def name(self) -> str:
        """Return what an analysis calls the engine: ``gemini``, ``openai``."""
        ...

    @property
    def model(self) -> str:
        """Return the model's name."""
        ...

    async def start(self) -> None:
        """Open the channel, inside the running event loop."""
        ...

    async def stop(self) -> None:
        """Close it."""
        ...

    async def ask(self, question: Question, timeout_seconds: float) -> Reply:
        """Make one attempt.

        Raises AnalystUnavailableError (unreachable, timeout, 5xx), AnalystRateLimitedError (with the server's delay, or
        0 when it named none), AnalystRefusedError (blocked content: asking again is no use), AnalystRejectedError (key,
        model or permission not accepted), AnalystBadOutputError (cut, empty, repeated or no JSON). ``tokens`` of the
        error, when the server told them, says what it cost all the same.
        """
        ...
