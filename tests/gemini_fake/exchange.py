"""What the protocols have in common: what was asked, what is answered, and how a question is turned away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


def tokens_in(text: str) -> int:
    """Return a plain estimate of a text's tokens."""
    return max(1, len(text) // 4)


@dataclass(frozen=True)
class Asked:
    """A question as a protocol brought it. ``schema`` is of any of the protocols' dialects."""

    model: str
    instructions: str
    data: str
    schema: Mapping[str, Any] | None = None
    json_mode: bool = False
    most_tokens: int | None = None

    @property
    def text(self) -> str:
        """Everything that somebody could have written into the question, its schema included."""
        return f"{self.instructions}\n{self.data}\n{self.schema or ''}"


@dataclass(frozen=True)
class Answered:
    """An answer before a protocol puts it into its own form. ``finish`` is Gemini's word; no ``text``: no part."""

    text: str | None
    finish: str = "STOP"
    block_reason: str | None = None
    prompt_tokens: int = 1
    output_tokens: int = 0
    thought_tokens: int = 0

    @property
    def total_tokens(self) -> int:
        """What the server counts in all."""
        return self.prompt_tokens + self.output_tokens + self.thought_tokens


class TurnedAwayError(Exception):
    """The question gets no answer but an error, or a broken connection; ``fault`` says which."""

    def __init__(self, fault: str, retry_after: float | None = None, quota: bool = False) -> None:
        super().__init__(fault)
        self.fault = fault
        self.retry_after = retry_after
        self.quota = quota
