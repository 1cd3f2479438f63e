"""Turns as they go out, and entries as a model that means well answers them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import count
from typing import Any

from signalstream.ai.local.pii_finder import PersonalDataFinder
from signalstream.ai.local.pii_policy import Policies
from signalstream.ai.local.taxonomy import Taxonomy
from signalstream.ai.remote.outgoing import Outgoing, OutgoingTurn
from tests.ai.local.conversations import turn


def patterns(policies: Policies | None = None) -> PersonalDataFinder:
    """A search for personal data by patterns alone, and by choice."""
    return PersonalDataFinder(policies, load=None)


def prepared(
    text: str,
    sender: str = "customer",
    context: tuple[tuple[str, str], ...] = (),
    policies: Policies | None = None,
    taxonomies: Mapping[str, Taxonomy] | None = None,
) -> OutgoingTurn:
    """Return a turn as it may be sent."""
    outgoing = Outgoing(patterns(policies), taxonomies) if policies or taxonomies else _plain()
    return asyncio.run(outgoing.redacted(turn(text, sender, context)))


@cache
def _plain() -> Outgoing:
    return Outgoing(patterns())  # keeps nothing between turns, and takes a while to be made


def numbered() -> Any:
    """Return a source of boundaries and ids that tests can foretell."""
    numbers = count(1)
    return lambda size: f"{next(numbers):0{2 * size}x}"


GOOD: dict[str, dict[str, Any]] = {
    "sentiment": {
        "evidence": "charged twice and nobody answers",
        "sentiment": "negative",
        "emotion": "frustrated",
        "score": -70,
        "confidence": 90,
    },
    "pii": {"entities": []},
    "insights": {
        "concerns": ["charged twice"],
        "intent": "Billing Inquiry",
        "intent_confidence": 85,
        "urgency_evidence": "a wrong charge",
        "urgency": "High",
        "escalate": False,
        "actions": ["Compare the two charges"],
        "response": "I am comparing the two charges now.",
    },
    "summary": {
        "lines": [1],
        "customer_issue": "The customer was charged twice.",
        "agent_response": "",
        "key_points": ["Charged twice"],
        "next_steps": ["Compare the charges"],
        "tldr": "The customer was charged twice and wants the money back.",
    },
}


def answer(task: str, *turns: OutgoingTurn, **changes: Any) -> dict[str, Any]:
    """Return an answer for the turns, good ones with ``changes``: all alike but for the evidence."""
    return {"results": [{"id": one.id, **GOOD[task], **_evidence(task, one, turns), **changes} for one in turns]}


def _evidence(task: str, turn: OutgoingTurn, turns: Sequence[OutgoingTurn]) -> dict[str, str]:
    if task != "sentiment" or len(turns) == 1:
        return {}
    return {"evidence": " ".join(turn.voices.lines[-1][1].split()[:25])}
