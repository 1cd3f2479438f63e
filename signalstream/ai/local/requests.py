"""Sentences in which someone asks for something, or promises it: by a head where the encoder runs, else by rules.

The head has learned from e-mails between colleagues. What it has not seen there is added by rules: what customers ask a
desk for ("I want my money back"), and that what an agent says they will do is a promise.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from enum import StrEnum
from functools import partial

from signalstream.ai.local.encoder import Embedder
from signalstream.ai.local.heads import Floats, Head
from signalstream.ai.local.kept import Kept
from signalstream.ai.local.request_signs import request_signs
from signalstream.ai.local.said import Said
from signalstream.core.text import folded, phrase_pattern
from signalstream.models.messages import Sender

LEAST_PROBABILITY = 0.45
KEPT_SENTENCES = 4096
LEAST_KNOWN = 0.5
"""Share of words that the head must have seen; other sentences, most of them in other languages, are left to rules."""
_PROMISE = phrase_pattern(
    "i will|i'll|we will|we'll|you will receive|you'll receive|you will get|i am going to|i'm going to|"
    "we are going to|we're going to|i'm checking|i am checking|i have issued|we have issued|i've issued|i promise|"
    "will be sent|will get back|will be refunded|will be in touch|within 24 hours|i shall|let me check|let me look|"
    "le enviaremos|voy a|vamos a|recibira|je vais|nous allons|vous recevrez|ich werde|wir werden|sie erhalten|"
    "provvedero|ricevera|vou|recebera"
)
_REQUEST = phrase_pattern(
    "please|pls|can you|could you|would you|will you|can i|could i|may i|i need|we need|i want|i would like|i'd like|"
    "we would like|let me know|send me|call me|get back to me|help me|tell me|would you mind|por favor|necesito|quiero|"
    "pueden|puede|s'il vous plait|pouvez-vous|je veux|je voudrais|bitte|konnen sie|konnten sie|ich mochte|ich brauche|"
    "per favore|potete|puo|vorrei|ho bisogno|preciso|quero|podem|pode"
)
_DEMAND = phrase_pattern(
    "money back|a refund|my refund|refund me|refund my|refund the|i want to cancel|i want to return|i want to change|"
    "i want to speak|i want to talk|i would like to cancel|i would like to return|i would like to change|"
    "i would like to speak|i would like to know|i'd like to cancel|i'd like to return|i'd like to change|"
    "i'd like to speak|i'd like to know|i want a replacement|i need a replacement|i want an explanation|"
    "cancel my|close my account|delete my account|unsubscribe me"
)
_WISHES = phrase_pattern("i want|we want|i need|we need|i'd like|we'd like|i would like|we would like|please|must|now")


class Wish(StrEnum):
    """What a sentence is for."""

    REQUEST = "request"
    COMMITMENT = "commitment"


class RequestJudge:
    """Says of sentences whether they ask or promise. Without ``encoder`` and ``head`` rules judge alone."""

    def __init__(self, encoder: Embedder | None = None, head: Head | None = None) -> None:
        self._encoder = encoder
        self._head = head
        self._judged: Kept[Wish | None] = Kept(KEPT_SENTENCES)

    async def judge(self, said: Sequence[Said]) -> list[Wish | None]:
        """Return what each sentence is for, None for neither."""
        if self._encoder is None or self._head is None:
            return [by_rules(one.plain) for one in said]
        return await asyncio.gather(
            *(self._judged.of(f"{one.sender}/{one.text}", partial(self._sentence, one)) for one in said)
        )

    async def _sentence(self, one: Said) -> Wish | None:
        assert self._encoder is not None
        assert self._head is not None
        if self._head.known_share(one.text) < LEAST_KNOWN:
            return by_rules(one.plain)
        [vector] = await self._encoder.embed([one.text])
        return self._by_head(one, vector)

    def _by_head(self, one: Said, vector: Floats) -> Wish | None:
        assert self._head is not None
        sure = self._head.probabilities(one.text, vector, request_signs(one.text))
        if one.sender is Sender.AGENT and promises(one.plain):
            return Wish.COMMITMENT
        if sure[self._head.labels.index("request")] < LEAST_PROBABILITY:
            return Wish.REQUEST if one.sender is Sender.CUSTOMER and demands(one.plain) else None
        return Wish.COMMITMENT if promises(one.plain) else Wish.REQUEST


def by_rules(plain: str) -> Wish | None:
    """Return what a folded sentence is for by its words alone."""
    if promises(plain):
        return Wish.COMMITMENT
    return Wish.REQUEST if _REQUEST.search(plain) else None


def promises(plain: str) -> bool:
    """Say whether a folded sentence promises something; one that asks besides, asks."""
    return _PROMISE.search(plain) is not None and "?" not in plain


def demands(plain: str) -> bool:
    """Say whether a folded sentence of a customer wants what customers want of a desk."""
    return _DEMAND.search(plain) is not None and _WISHES.search(plain) is not None


def asks(text: str) -> bool:
    """Say whether a text holds a request or a question."""
    return "?" in text or _REQUEST.search(folded(text)) is not None
