"""Small rules from a conversation to what a model would say of it, so that tests can tell one answer from another."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tests.gemini_fake.reading import Conversation

_VALUES = (
    ("email", re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+\w")),
    ("credit_card", re.compile(r"\b(?:\d[ -]?){15}\d\b")),
    ("ssn", re.compile(r"\b\d{3}-\d{2}-\d{4}\b")),
    ("phone", re.compile(r"(?<![\w-])\+?\d[\d ()-]{7,}\d\b")),
    ("name", re.compile(r"(?<=[Mm]y name is )[A-Z]\w+(?: [A-Z]\w+)*")),
)
_GOOD = frozenset({"great", "love", "thanks", "thank", "good", "happy", "excellent", "perfect", "awesome"})
_BAD = frozenset({"bad", "angry", "terrible", "hate", "broken", "refund", "worst", "cancel", "useless", "fraud"})
_URGENT = frozenset({"urgent", "immediately", "asap", "now", "fraud", "emergency", "outage"})
_INTENTS = (
    ("cancel", "Cancellation"),
    ("refund", "Refund Request"),
    ("broken", "Technical Issue"),
    ("charged", "Billing Inquiry"),
    ("invoice", "Billing Inquiry"),
    ("worst", "Complaint"),
)
FULL = 100


def values_in(text: str) -> list[tuple[str, str]]:
    """Return kind and value of what looks like personal data, each stretch of text once, in order."""
    taken: list[tuple[int, int, str]] = []
    for kind, pattern in _VALUES:
        for match in pattern.finditer(text):
            if all(match.end() <= start or match.start() >= end for start, end, _ in taken):
                taken.append((match.start(), match.end(), kind))
    return [(kind, text[start:end]) for start, end, kind in sorted(taken)]


@dataclass(frozen=True)
class Judgement:
    """What the rules say of a conversation: ``of(name)`` is the content of a property of that name, if they know it."""

    conversation: Conversation

    @cached_property
    def _words(self) -> frozenset[str]:
        return frozenset(re.findall(r"[a-z']+", self.conversation.last_of("customer").lower()))

    @cached_property
    def score(self) -> int:
        """The sentiment, -100 to 100."""
        return round(max(-1.0, min(1.0, (len(self._words & _GOOD) - len(self._words & _BAD)) / 3)) * FULL)

    def _sentiment(self) -> str:
        return "positive" if self.score > 0 else "negative" if self.score < 0 else "neutral"

    def _emotion(self) -> str:
        if self._words & {"angry", "hate", "worst"}:
            return "angry"
        return "frustrated" if self.score < 0 else "satisfied" if self.score > 0 else "neutral"

    def _urgency(self) -> str:
        return "High" if self._words & _URGENT else "Medium" if self._words & _BAD else "Low"

    def _intent(self) -> str:
        return next((intent for word, intent in _INTENTS if word in self._words), "General Inquiry")

    def _short(self, words: int) -> str:
        return " ".join(self.conversation.last_of("customer").split()[:words])

    def _entities(self) -> list[Mapping[str, Any]]:
        found = values_in(self.conversation.newest.text)
        return [{"quote": value, "kind": kind, "type": kind, "value": value} for kind, value in found]

    def of(self, name: str) -> Any:
        """Return the content of a property, or None."""
        known: dict[str, Callable[[], Any]] = {
            "id": lambda: self.conversation.id,
            "sentiment": self._sentiment,
            "emotion": self._emotion,
            "score": lambda: self.score,
            "confidence": lambda: 90,
            "intent_confidence": lambda: 80,
            "evidence": lambda: self._short(25),
            "urgency_evidence": lambda: self._short(15),
            "urgency": self._urgency,
            "escalate": lambda: self._urgency() == "High",
            "intent": self._intent,
            "entities": self._entities,
            "concerns": lambda: [self._short(10)],
            "actions": lambda: ["Reply to the customer"],
            "response": lambda: "Thank you for your message. A colleague is looking into it.",
            "lines": lambda: [message.number for message in self.conversation.messages],
            "customer_issue": lambda: self._short(30),
            "agent_response": lambda: self.conversation.last_of("agent"),
            "key_points": lambda: [self._short(12)],
            "next_steps": lambda: ["Reply to the customer"],
            "tldr": lambda: self._short(40),
        }
        return known[name]() if name in known else None
