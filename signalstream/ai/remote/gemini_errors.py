"""What an error of Gemini's service means for whoever asked: by its status, its words and its details."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from signalstream.errors import (
    AnalystError,
    AnalystRateLimitedError,
    AnalystRefusedError,
    AnalystRejectedError,
    AnalystUnavailableError,
)

_REJECTING = frozenset({"UNAUTHENTICATED", "PERMISSION_DENIED", "NOT_FOUND", "FAILED_PRECONDITION", "UNIMPLEMENTED"})
_UNTAKEN = frozenset({"INVALID_ARGUMENT", "OUT_OF_RANGE"})


@dataclass(frozen=True)
class Failed:
    """A call that failed: gRPC's name of the status, the message as it may be repeated, google.rpc details."""

    status: str
    message: str
    details: Sequence[Any] = ()

    def detail(self, kind: str) -> Any:
        """Return the first detail of a type, as ``RetryInfo``, or None."""
        return next((one for one in self.details if one.DESCRIPTOR.name == kind), None)


def told(failed: Failed, model: str, timeout_seconds: float) -> AnalystError:
    """Return the error to raise for a call of ``timeout_seconds`` to ``model``."""
    said = failed.message.rstrip(".")
    if failed.status in _REJECTING or (failed.status in _UNTAKEN and _refuses_the_key(failed)):
        return AnalystRejectedError(
            f"Gemini does not accept the key or the model {model}: {said}. "
            "Look at GEMINI_API_KEY and SIGNALSTREAM_GEMINI_MODEL"
        )
    if failed.status in _UNTAKEN:
        return AnalystRefusedError(f"Gemini does not take this question: {said}")
    if failed.status == "RESOURCE_EXHAUSTED":
        return AnalystRateLimitedError(f"Gemini's quota is used up: {said}", delay_of(failed))
    if failed.status == "DEADLINE_EXCEEDED":
        return AnalystUnavailableError(f"Gemini did not answer within {timeout_seconds:g} s")
    return AnalystUnavailableError(f"Gemini cannot be asked ({failed.status}): {said}")


def _refuses_the_key(failed: Failed) -> bool:
    """Say whether a key is meant: Google says so by INVALID_ARGUMENT, the status of bad questions too."""
    info = failed.detail("ErrorInfo")
    return (info is not None and info.reason.startswith("API_KEY")) or "api key" in failed.message.lower()


def delay_of(failed: Failed) -> float:
    """Return the seconds after which the service wants to be asked again; 0 when it does not say."""
    info = failed.detail("RetryInfo")
    return 0.0 if info is None else float(info.retry_delay.seconds + info.retry_delay.nanos / 1e9)
