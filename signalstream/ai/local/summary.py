"""The conversation in short: sentences that were said, chosen over redacted text only, each with its message.

The tldr are up to three sentences of at most 60 words in all. A sentence counts by how near it is to the middle of the
conversation (the cosine with the mean of all sentences, short ones counting less), a bonus for the beginning, and what
it tells: the rules of the urgency rubric and the cues of intents that it matches. One that repeats what is chosen
counts less (maximal marginal relevance), one of a speaker who is not there yet more, a question a little less. Without
the encoder what it tells decides alone.

The customer's issue is the most telling sentence of their newest message that has one; the agent's response likewise.
Next steps are what someone asked for or promised, the newest first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import exp

import numpy as np

from signalstream.ai.local.aside import aside
from signalstream.ai.local.encoder import Embedder
from signalstream.ai.local.heads import Floats
from signalstream.ai.local.intent_rules import INTENTS
from signalstream.ai.local.requests import Wish, promises
from signalstream.ai.local.said import SENTENCE_CHARACTERS, SPEAKERS, Said
from signalstream.core.text import shortened
from signalstream.core.urgency import RUBRIC
from signalstream.models.intelligence import Summary
from signalstream.models.messages import Sender

TLDR_WORDS = 60
TLDR_SENTENCES = 3
TLDR_CHARACTERS = TLDR_SENTENCES * (SENTENCE_CHARACTERS + 1)
MOST_POINTS = 5
MOST_STEPS = 4
LEAST_WORDS = 4
LEAST_WEIGHT = 2
NOTHING = "Customer: nothing yet."
BY_RULES, BY_VECTORS = "extractive", "extractive+minilm"
_WORDS_OF_A_SENTENCE = 18
_FULL_WORDS = 6
_NOVELTY = 0.8
_LEAD, _LEAD_FADING = 0.15, 4
_OTHER_SPEAKER = 0.2
_QUESTION = 0.05
_TELLING = 0.03
_MOODS = frozenset({"anger", "repeated contact", "a deadline", "about to leave"})


class Summarizer:
    """Summarises; without ``encoder`` by rules alone."""

    def __init__(self, encoder: Embedder | None = None) -> None:
        self._encoder = encoder

    @property
    def engine(self) -> str:
        """What chooses the sentences."""
        return BY_VECTORS if self._encoder else BY_RULES

    async def summarise(self, said: Sequence[Said], wishes: Sequence[Wish | None]) -> Summary:
        """Return the summary of the sentences; ``wishes`` says of each what it is for."""
        places = [place for place, one in enumerate(said) if len(one.core.split()) >= LEAST_WORDS] or list(
            range(len(said))
        )
        vectors = None
        if self._encoder is not None and len(places) > TLDR_SENTENCES:
            vectors = await self._encoder.embed([said[place].text for place in places])
        return await aside(sum(len(one.text) for one in said), partial(_summary, said, wishes, places, vectors))


def telling(one: Said) -> int:
    """Return how much a sentence tells of a matter: rules of urgency but for moods count 2, kinds of intent 1."""
    rules = sum(rule.reason not in _MOODS and rule.pattern.search(one.plain) is not None for rule in RUBRIC)
    intents = sum(any(cue.pattern.search(one.plain) for cue in cues) for cues in INTENTS.values())
    return 2 * rules + intents


@dataclass(frozen=True)
class _Weighed:
    """A sentence, how much it tells, and its weight; the rules are asked once for each."""

    one: Said
    tells: int
    weight: int


def _weighed(one: Said) -> _Weighed:
    moods = any(rule.reason in _MOODS and rule.pattern.search(one.plain) for rule in RUBRIC)
    promised = one.sender is Sender.AGENT and promises(one.plain)
    tells = telling(one)
    return _Weighed(one, tells, tells + int(moods) + 2 * int(promised) + int(len(one.plain.split()) >= 7))


def _nearest(worth: Sequence[_Weighed], vectors: Floats) -> list[Said]:
    sizes = np.array([len(each.one.core.split()) for each in worth])
    middle = (vectors * (np.minimum(sizes, _FULL_WORDS) / _FULL_WORDS)[:, None]).sum(axis=0)
    base = vectors @ (middle / max(float(np.linalg.norm(middle)), 1e-6))
    last = max(worth[-1].one.line, 1)
    base += [_LEAD * exp(-_LEAD_FADING * each.one.line / last) + _TELLING * min(each.tells, 4) for each in worth]
    base -= [_QUESTION * each.one.text.endswith("?") for each in worth]
    likeness = vectors @ vectors.T

    def value(place: int, chosen: list[int]) -> float:
        repeated = max((float(likeness[place, other]) for other in chosen), default=0.0)
        fresh = _is_other_speaker(worth, place, chosen)
        return _NOVELTY * float(base[place]) - (1 - _NOVELTY) * repeated + _OTHER_SPEAKER * fresh

    return _picked([each.one for each in worth], value)


def _most_telling(worth: Sequence[_Weighed]) -> list[Said]:
    def value(place: int, chosen: list[int]) -> float:
        return worth[place].weight + 3 * _is_other_speaker(worth, place, chosen) + place / 1_000

    return _picked([each.one for each in worth], value)


def _is_other_speaker(worth: Sequence[_Weighed], place: int, chosen: Sequence[int]) -> bool:
    """Say whether all that is chosen is of one speaker, and this of another."""
    speakers = {worth[other].one.sender for other in chosen}
    return len(speakers) == 1 and worth[place].one.sender not in speakers


def _picked(worth: Sequence[Said], value: Callable[[int, list[int]], float]) -> list[Said]:
    """Return up to TLDR_SENTENCES that fit TLDR_WORDS, the best first, in the order in which they were said."""
    left, words, chosen = list(range(len(worth))), TLDR_WORDS, list[int]()
    while left and len(chosen) < TLDR_SENTENCES:
        best = max(left, key=lambda place: value(place, chosen))
        left.remove(best)
        size = min(len(worth[best].core.split()), _WORDS_OF_A_SENTENCE) + 1
        if size <= words and worth[best].core not in {worth[place].core for place in chosen}:
            chosen.append(best)
            words -= size
    return [worth[place] for place in sorted(chosen)]


def _clipped(one: Said) -> str:
    words = one.core.split()
    if len(words) > _WORDS_OF_A_SENTENCE:
        words = [*words[:_WORDS_OF_A_SENTENCE], "\u2026"]
    return shortened(f"{SPEAKERS[one.sender]}: {' '.join(words)}", SENTENCE_CHARACTERS)


def _summary(
    said: Sequence[Said], wishes: Sequence[Wish | None], places: Sequence[int], vectors: Floats | None
) -> Summary:
    """``places`` are those of the sentences that are worth choosing, ``vectors`` has a row for each of them."""
    weighed = [_weighed(one) for one in said]
    worth = [weighed[place] for place in places]
    chosen = _most_telling(worth) if vectors is None else _nearest(worth, vectors)
    issue, answer = _best(weighed, Sender.CUSTOMER), _best(weighed, Sender.AGENT)
    ranked = sorted(range(len(said)), key=lambda place: (-weighed[place].weight, -place))[:MOST_POINTS]
    points = [said[place] for place in sorted(ranked) if weighed[place].weight >= LEAST_WEIGHT]
    steps = [one for one, wish in reversed(list(zip(said, wishes, strict=True))) if wish is not None]
    steps = list({one.shown: one for one in reversed(steps)}.values())[::-1][:MOST_STEPS]
    used = {id(one) for one in (*chosen, *points, *steps, issue, answer)}
    return Summary(
        tldr=" ".join(_clipped(one) for one in chosen) or NOTHING,
        customer_issue=issue.shown if issue else NOTHING,
        agent_response=answer.shown if answer else None,
        key_points=tuple(dict.fromkeys(one.shown for one in points)),
        next_steps=tuple(one.shown for one in steps),
        sources=tuple(one.sentence() for one in said if id(one) in used),
    )


def _best(weighed: Sequence[_Weighed], sender: Sender) -> Said | None:
    mine = [each for each in weighed if each.one.sender is sender]
    worth = [each for each in mine if each.tells >= LEAST_WEIGHT]
    worth = worth or [each for each in mine if each.weight >= LEAST_WEIGHT] or mine
    newest = max((each.one.line for each in worth), default=None)
    best = max((each for each in worth if each.one.line == newest), key=lambda each: each.weight, default=None)
    return best.one if best else None
