"""What is counted of the calls of a remote model: how they ended, how long they took, what they cost."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from signalstream.ai.remote.provider import Tokens
from signalstream.core.latency import Latency, Slow
from signalstream.errors import (
    AnalystBadOutputError,
    AnalystNoBudgetError,
    AnalystOverdueError,
    AnalystRateLimitedError,
    AnalystRefusedError,
    AnalystRejectedError,
    AnalystSpentError,
    AnalystSuspendedError,
    AnalystUnavailableError,
)

OK = "ok"
CANCELLED = "cancelled"
FAULT = "fault"  # of ours or of an adapter: an error that nobody foresaw
KINDS: tuple[tuple[type[BaseException], str], ...] = (
    (AnalystUnavailableError, "unavailable"),
    (AnalystRateLimitedError, "rate_limited"),
    (AnalystRefusedError, "refused"),
    (AnalystRejectedError, "rejected"),
    (AnalystBadOutputError, "bad_output"),
    (AnalystOverdueError, "overdue"),
    (AnalystSuspendedError, "suspended"),
    (AnalystNoBudgetError, "no_budget"),
    (AnalystSpentError, "spent"),
    (asyncio.CancelledError, CANCELLED),
)
OUTCOMES = (OK, *(name for _, name in KINDS), FAULT)


def kind_of(error: BaseException) -> str:
    """Return the name by which an error is counted."""
    return next((name for kind, name in KINDS if isinstance(error, kind)), FAULT)


@dataclass
class Usage:
    """Counts since the process began. ``calls`` and ``attempts`` are by outcome, durations in seconds."""

    slow: Slow = field(default_factory=Slow)  # how long an answer may take at present
    calls: Counter[str] = field(default_factory=Counter)
    attempts: Counter[str] = field(default_factory=Counter)
    answer_seconds: Latency = field(default_factory=Latency)  # from sent to answered, of usable answers
    waiting_seconds: Latency = field(default_factory=Latency)  # from called to sent, of first attempts
    prompt_tokens: int = 0
    output_tokens: int = 0
    in_flight: int = 0
    rejected: str | None = None  # what the model said of key, model or permission, until it answers again

    @contextmanager
    def call(self) -> Iterator[None]:
        """Count a call by how the block ends."""
        with _counted(self.calls):
            yield

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Count an attempt by how the block ends, and as in flight until then."""
        self.in_flight += 1
        try:
            with _counted(self.attempts):
                yield
        finally:
            self.in_flight -= 1

    def spent(self, tokens: Tokens) -> None:
        """Count what an attempt cost."""
        self.prompt_tokens += tokens.prompt
        self.output_tokens += tokens.output

    def answered(self, seconds: float) -> None:
        """Count a usable answer."""
        self.rejected = None
        self.answer_seconds.note(seconds)
        self.slow.note(seconds)

    def gave_up(self, seconds: float) -> None:
        """Take in that a call's deadline left an answer no more than that, and that none came."""
        self.slow.gave_up(seconds)

    def hung(self, seconds: float) -> None:
        """Take in that an attempt was let go of after so long, among others that had no answer either."""
        self.slow.hung(seconds)

    @property
    def typical_seconds(self) -> float:
        """Return how long an answer has to be given at present: nearly all take no longer."""
        return self.slow.seconds

    def condition(self) -> dict[str, object]:
        """Return the counts; every outcome has one, also when it is zero."""
        return {
            "calls": {kind: self.calls[kind] for kind in OUTCOMES},
            "attempts": {kind: self.attempts[kind] for kind in OUTCOMES},
            "in_flight": self.in_flight,
            "answer_seconds": self.answer_seconds.summary(),
            "waiting_seconds": self.waiting_seconds.summary(),
            "tokens": {"prompt": self.prompt_tokens, "output": self.output_tokens},
        }


@contextmanager
def _counted(counts: Counter[str]) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        counts[kind_of(error)] += 1
        raise
    counts[OK] += 1
