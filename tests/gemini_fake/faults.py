"""The faults by name, and which one a question meets: by a script, by words in the question, or by chance."""

from __future__ import annotations

import random
import re
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple


class Problem(NamedTuple):
    """An error as a server says it: HTTP status, google.rpc code and its name, message."""

    http: int
    code: int
    status: str
    message: str


ERRORS: Mapping[str, Problem] = {
    "rate_limit": Problem(429, 8, "RESOURCE_EXHAUSTED", "You exceeded your current quota."),
    "rate_limit_bare": Problem(429, 8, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."),
    "unavailable": Problem(503, 14, "UNAVAILABLE", "The model is overloaded. Please try again later."),
    "internal": Problem(500, 13, "INTERNAL", "An internal error has occurred."),
    "deadline": Problem(504, 4, "DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
    "bad_request": Problem(400, 3, "INVALID_ARGUMENT", "Request contains an invalid argument."),
    "invalid_key": Problem(400, 3, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."),
    "permission": Problem(403, 7, "PERMISSION_DENIED", "Permission denied."),
    "not_found": Problem(404, 5, "NOT_FOUND", "models/none is not found for API version v1beta."),
}
REPLY_FAULTS = frozenset(
    {
        "safety_prompt",
        "safety",
        "recitation",
        "empty",
        "max_tokens",
        "max_tokens_empty",
        "malformed",
        "fenced",
        "wrong_schema",
        "extra_text",
        "repeat",
        "swapped",
    }
)
"""What spoils an answer; ``spoiling`` says how."""
TRANSPORT_FAULTS = frozenset({"hang", "reset", "bad_gateway_html"})
ALL_FAULTS = frozenset(ERRORS) | REPLY_FAULTS | TRANSPORT_FAULTS
DELAYING = ("rate_limit", "unavailable")
"""The errors that name a time after which to ask again."""

DIRECTIVE = re.compile(r"\[\[(fault|latency):\s*([\w.]+)((?:\s+\w+=[\w.]+)*)\s*\]\]")


class UnknownFaultError(ValueError):
    """A script or a mix names a fault that there is not."""


@dataclass(frozen=True)
class Fate:
    """What happens to a question: a fault or none, after ``latency`` seconds; ``says`` is answered word for word."""

    fault: str | None = None
    latency: float = 0.0
    retry_after: float = 1.0
    says: str | None = None

    def told(self, options: str) -> Fate:
        """Return the fate with ``retry_after=1.5 latency=2`` applied."""
        pairs = dict(option.split("=") for option in options.split())
        known = {name: float(value) for name, value in pairs.items() if name in {"retry_after", "latency"}}
        return replace(self, **known)  # type: ignore[arg-type]  # both are floats


@dataclass
class FaultMix:
    """Faults by chance: ``rates`` are probabilities for each request, ``latency`` and ``slow`` spans in seconds."""

    rates: dict[str, float] = field(default_factory=dict)
    retry_after: float = 1.0
    latency: tuple[float, float] = (0.0, 0.0)
    slow_rate: float = 0.0
    slow: tuple[float, float] = (2.0, 5.0)
    seed: int | None = None

    def __post_init__(self) -> None:
        checked(self.rates)
        self._random = random.Random(self.seed)

    def draw(self) -> Fate:
        """Return the next question's fate."""
        names = [*self.rates, None]
        weights = [*self.rates.values(), max(0.0, 1.0 - sum(self.rates.values()))]
        fault = self._random.choices(names, weights)[0]
        span = self.slow if self._random.random() < self.slow_rate else self.latency
        return Fate(fault, self._random.uniform(*span), self.retry_after)


def checked(names: Iterable[str]) -> None:
    """Raise UnknownFaultError for a name that is no fault."""
    if unknown := sorted(set(names) - ALL_FAULTS):
        raise UnknownFaultError(f"no such faults: {', '.join(unknown)}; known: {', '.join(sorted(ALL_FAULTS))}")


class Script:
    """What the next questions meet, one after another; then chance decides again."""

    def __init__(self) -> None:
        self._fates: deque[Fate] = deque()

    def __len__(self) -> int:
        return len(self._fates)

    def extend(self, steps: Iterable[str]) -> None:
        """Add steps as ``ok``, ``unavailable`` or ``rate_limit retry_after=1.5``. Raises UnknownFaultError."""
        words = [step.partition(" ") for step in steps]
        checked(name for name, _, _ in words if name != "ok")
        self._fates.extend(Fate(None if name == "ok" else name).told(options) for name, _, options in words)

    def say(self, text: str) -> None:
        """Let one question be answered with this very text."""
        self._fates.append(Fate(says=text))

    def next(self) -> Fate | None:
        """Return the next step, if there is one."""
        return self._fates.popleft() if self._fates else None

    def clear(self) -> None:
        """Forget what is left."""
        self._fates.clear()


def told_in(data: str, fate: Fate) -> Fate:
    """Return the fate with the wishes applied that stand in the question, as ``[[fault:hang]]``, ``[[latency:2]]``."""
    for kind, value, options in DIRECTIVE.findall(data):
        if kind == "latency":
            fate = replace(fate, latency=float(value))
        else:
            checked([value])
            fate = replace(fate, fault=value).told(options)
    return fate
