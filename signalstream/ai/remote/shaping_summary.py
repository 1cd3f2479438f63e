"""The summary: the model's words, kept only where their figures were said, with sentences that they rest on."""

from __future__ import annotations

from collections.abc import Iterable

from signalstream.ai.local.said import Said, said_in
from signalstream.ai.remote.cleaning import line, lines
from signalstream.ai.remote.grounding import figures_in, is_grounded
from signalstream.ai.remote.outgoing import OutgoingTurn
from signalstream.ai.remote.wire import SummaryEntry
from signalstream.core.text import folded
from signalstream.errors import AnalystBadOutputError
from signalstream.models.intelligence import Sentence, Summary
from signalstream.models.messages import Sender

TLDR_CHARACTERS = 500
SENTENCE_CHARACTERS = 300
MOST_POINTS = 5
MOST_STEPS = 4
MOST_SOURCES = 12


def summary(entry: SummaryEntry, turn: OutgoingTurn) -> Summary:
    """Return the summary. A figure that nobody said drops a point or a step, and makes the rest unusable."""
    figures = figures_in(text for _, text in turn.voices.lines)
    agent_wrote = any(sender is Sender.AGENT for sender, _ in turn.voices.lines)
    tldr, issue = line(entry.tldr, TLDR_CHARACTERS, turn), line(entry.customer_issue, SENTENCE_CHARACTERS, turn)
    answer = (line(entry.agent_response, SENTENCE_CHARACTERS, turn) or None) if agent_wrote else None
    if not tldr or not issue:
        raise AnalystBadOutputError("its summary is empty")
    if not all(is_grounded(text, figures) for text in (tldr, issue, answer or "")):
        raise AnalystBadOutputError("its summary holds a figure that the conversation does not")
    points, steps = (
        tuple(one for one in lines(items, most, turn) if is_grounded(one, figures))
        for items, most in ((entry.key_points, MOST_POINTS), (entry.next_steps, MOST_STEPS))
    )
    told = " ".join((tldr, issue, answer or "", *points, *steps))
    return Summary(
        tldr=tldr,
        customer_issue=issue,
        agent_response=answer,
        key_points=points,
        next_steps=steps,
        sources=_sources(entry.lines, told, turn),
    )


def _sources(numbers: Iterable[int], told: str, turn: OutgoingTurn) -> tuple[Sentence, ...]:
    """Return of each message that is named the sentence that has most words in common with what was told."""
    places = turn.voices.places
    named = sorted({number for number in numbers if 1 <= number <= len(places)})[-MOST_SOURCES:]
    words = set(folded(told).split())
    said = said_in(turn.voices)
    found = [_nearest([one for one in said if one.seq == places[number - 1][0]], words) for number in named]
    sources = tuple(one.sentence() for one in found if one is not None)
    if not sources:
        raise AnalystBadOutputError("its summary names no message that it rests on")
    return sources


def _nearest(sentences: list[Said], words: set[str]) -> Said | None:
    return max(sentences, key=lambda one: len(words & set(one.plain.split())), default=None)
