"""The conversation in short: sentences that were said, chosen by rules, over redacted text only.

A sentence counts by what it tells: 2 for each rule of the urgency rubric and 1 for each kind of intent cue that it
matches, 1 for standing first in its message, 1 for seven words or more; a greeting or thanks alone counts nothing. The
customer's issue is the best sentence of the newest message that has a telling one. Next steps are promises (of the
agent) and requests (of either).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from signalstream.ai.local.insights import judge_intent
from signalstream.ai.local.intent_rules import INTENTS
from signalstream.ai.local.voices import Voices
from signalstream.core.redaction import PLACEHOLDER
from signalstream.core.text import folded, phrase_pattern, sentences, shortened
from signalstream.core.urgency import RUBRIC
from signalstream.models.intelligence import Summary
from signalstream.models.messages import Sender

SENTENCE_CHARACTERS = 200
TLDR_CHARACTERS = 240
MOST_POINTS = 5
MOST_STEPS = 4
_MESSAGES_READ = 12
_SENTENCES_READ = 40
_PROMISE = phrase_pattern(
    "i will|i'll|we will|we'll|you will receive|you'll receive|will be|i am going to|we are going to|i'm checking|"
    "i am checking|i have issued|we have issued|i've issued|within 24 hours|le enviaremos|voy a|vamos a|recibirá|"
    "je vais|nous allons|vous recevrez|ich werde|wir werden|sie erhalten|provvederò|riceverà|vou|vamos|receberá"
)
_REQUEST = phrase_pattern(
    "please|can you|could you|would you|i need|i want|i would like|i'd like|let me know|por favor|necesito|quiero|"
    "pueden|s'il vous plaît|pouvez-vous|je veux|je voudrais|bitte|können sie|ich möchte|ich brauche|per favore|potete|"
    "vorrei|ho bisogno|preciso|quero|podem"
)
_SPEAKERS = {Sender.CUSTOMER: "Customer", Sender.AGENT: "Agent", Sender.SYSTEM: "System"}


@dataclass(frozen=True)
class Said:
    """A sentence: who said it, in which message, and how much it tells."""

    sender: Sender
    message: int
    text: str
    plain: str
    weight: int

    @property
    def shown(self) -> str:
        """The sentence with its speaker, at most SENTENCE_CHARACTERS long."""
        return shortened(f"{_SPEAKERS[self.sender]}: {self.text}", SENTENCE_CHARACTERS)


def analyse_summary(voices: Voices) -> Summary:
    """Return the summary of the newest messages."""
    said = tuple(_read(voices))
    issue = _best(said, Sender.CUSTOMER)
    answer = _best(said, Sender.AGENT)
    customer_issue = issue.shown if issue else "Customer: nothing yet."
    return Summary(
        tldr=_tldr(voices, customer_issue, answer),
        customer_issue=customer_issue,
        agent_response=answer.shown if answer else None,
        key_points=_points(said),
        next_steps=_steps(said),
    )


def _read(voices: Voices) -> Iterator[Said]:
    for message, (sender, text) in enumerate(voices.lines[-_MESSAGES_READ:]):
        for place, sentence in enumerate(sentences(text, _SENTENCES_READ)):
            plain = folded(PLACEHOLDER.sub(" ", shortened(sentence, 2 * SENTENCE_CHARACTERS)))
            yield Said(sender, message, sentence, plain, _weight(plain, first=place == 0))


def _weight(plain: str, *, first: bool) -> int:
    rules = sum(rule.pattern.search(plain) is not None for rule in RUBRIC)
    intents = sum(any(one.pattern.search(plain) for one in cues) for cues in INTENTS.values())
    telling = 2 * rules + intents
    return telling + int(first) + int(len(plain.split()) >= 7)


def _best(said: tuple[Said, ...], sender: Sender) -> Said | None:
    mine = [one for one in said if one.sender is sender]
    telling = [one for one in mine if one.weight >= 2] or mine
    newest = max((one.message for one in telling), default=None)
    return max((one for one in telling if one.message == newest), key=lambda one: one.weight, default=None)


def _tldr(voices: Voices, issue: str, answer: Said | None) -> str:
    plain = tuple(folded(PLACEHOLDER.sub(" ", text)) for text in voices.of(Sender.CUSTOMER)[:6])
    intent, confidence = judge_intent(plain)
    topic = f"{intent}. " if confidence else ""
    half = TLDR_CHARACTERS // 2 if answer else TLDR_CHARACTERS - len(topic)
    tail = f" {shortened(answer.shown, half - len(topic) - 1)}" if answer else ""
    return topic + shortened(issue, half) + tail


def _points(said: tuple[Said, ...]) -> tuple[str, ...]:
    best = sorted(range(len(said)), key=lambda place: (-said[place].weight, -place))[:MOST_POINTS]
    return tuple(dict.fromkeys(said[place].shown for place in sorted(best) if said[place].weight >= 2))


def _steps(said: tuple[Said, ...]) -> tuple[str, ...]:
    steps = [
        one.shown
        for one in reversed(said)
        if _REQUEST.search(one.plain) or (one.sender is Sender.AGENT and _PROMISE.search(one.plain))
    ]
    return tuple(dict.fromkeys(steps))[:MOST_STEPS]
