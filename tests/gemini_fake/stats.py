"""What the stand-in saw: counts, requests in flight, the fullest window, and the texts that it received."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

ARRIVALS_KEPT = 500_000
TEXTS_KEPT = 20_000


def most_in_a_window(arrivals: Iterable[float], seconds: float) -> int:
    """Return how many of the arrivals, in order of time, fall into the fullest window of ``seconds``."""
    window: deque[float] = deque()
    most = 0
    for arrival in arrivals:
        window.append(arrival)
        while arrival - window[0] >= seconds:
            window.popleft()
        most = max(most, len(window))
    return most


@dataclass
class Stats:
    """Counted from the start or the last reset: ``requests``, ``ok``, ``quota``, ``client_gone``, every fault by name.

    ``texts`` are whole questions: what was written into them, kept so that a test can look for what must not be there.
    """

    counts: Counter[str] = field(default_factory=Counter)
    tokens: Counter[str] = field(default_factory=Counter)
    in_flight: int = 0
    most_in_flight: int = 0
    most_conversations: int = 0
    arrivals: deque[float] = field(default_factory=lambda: deque(maxlen=ARRIVALS_KEPT))
    texts: deque[str] = field(default_factory=lambda: deque(maxlen=TEXTS_KEPT))

    def arrived(self, text: str, now: float) -> None:
        """Count a question in."""
        self.counts["requests"] += 1
        self.arrivals.append(now)
        self.texts.append(text)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)

    def left(self) -> None:
        """Count a question out."""
        self.in_flight -= 1

    def gathered(self, conversations: int) -> None:
        """Count the conversations of one question."""
        self.counts["conversations"] += conversations
        self.most_conversations = max(self.most_conversations, conversations)

    def containing(self, words: str) -> int:
        """Return how many of the kept texts contain ``words``."""
        return sum(words in text for text in self.texts)

    def arrivals_of(self, words: str) -> list[float]:
        """Return when the kept texts with ``words`` came, in order, by the monotonic clock."""
        latest = list(self.arrivals)[-len(self.texts) :]
        return [at for at, text in zip(latest, self.texts, strict=True) if words in text]

    def reset(self) -> None:
        """Begin to count anew; what is in flight still is."""
        self.counts.clear()
        self.tokens.clear()
        self.most_in_flight = self.in_flight
        self.most_conversations = 0
        self.arrivals.clear()
        self.texts.clear()

    def report(self, window_seconds: float) -> dict[str, Any]:
        """Return everything but the texts."""
        span = self.arrivals[-1] - self.arrivals[0] if self.arrivals else 0.0
        return {
            "counts": dict(self.counts),
            "tokens": dict(self.tokens),
            "in_flight": self.in_flight,
            "most_in_flight": self.most_in_flight,
            "most_conversations": self.most_conversations,
            "span_seconds": round(span, 3),
            "most_in_window": most_in_a_window(self.arrivals, window_seconds),
        }
