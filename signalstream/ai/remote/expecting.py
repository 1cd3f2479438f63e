"""What is to be expected of a question that would be asked now: measured here, by our own clock and loop.

A server's answer is of use once it has been read. In a process that is short of CPU that is later than its coming, so
both are measured together: else turns would be asked whose answers nobody waits for any more.
"""

from __future__ import annotations

from typing import Protocol

from signalstream.ai.remote.patience import Patience
from signalstream.core.latency import Slow


class Forecast(Protocol):
    """What the layers of a call expect."""

    def answer_seconds(self) -> float:
        """Return how long an answer takes, as a rule; 0 while nobody knows."""
        ...

    def question_seconds(self, ahead: int) -> float:
        """Return how long a question waits until it may go, after ``ahead`` others; inf when none goes at all."""
        ...

    def goes_at_once(self, ahead: int) -> bool:
        """Say whether a question would wait for nothing, neither for budget nor for a place, after ``ahead`` others."""
        ...


class Expectation:
    """Of ``calls``, by turns that wait as long as ``patience`` says."""

    def __init__(self, calls: Forecast, patience: Patience) -> None:
        self._calls = calls
        self._patience = patience
        self._read = Slow()

    def read(self, seconds: float) -> None:
        """Take in how long after a question went out its answer had been read."""
        self._read.note(seconds)

    def answer_seconds(self) -> float:
        """Return how long it takes, as a rule, until an answer has been read."""
        # Half of the patience at most: slow answers must not end all questions, or no quicker one would be seen.
        return min(max(self._calls.answer_seconds(), self._read.seconds), self._patience.seconds / 2)

    def question_seconds(self, ahead: int) -> float:
        """Return how long a question waits until it may go, after ``ahead`` others; inf when none goes at all."""
        return self._calls.question_seconds(ahead)

    def goes_at_once(self, ahead: int) -> bool:
        """Say whether a question would wait for nothing, neither for budget nor for a place, after ``ahead`` others."""
        return self._calls.goes_at_once(ahead)
