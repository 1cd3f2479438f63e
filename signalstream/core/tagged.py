"""A message without its personal data: tagged as it is kept, numbered as it is analysed, and the way back.

``Found`` says where each value stood in what was written. Where its tag or its placeholder stands follows from that, so
that nothing which somebody writes is ever taken for one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import NamedTuple

from signalstream.core.keys import ConversationKey
from signalstream.core.placeholders import is_given_out, label_of, placeholder
from signalstream.core.redaction import PLACEHOLDER, Span, apply_spans
from signalstream.core.tags import Tagger, TagOf
from signalstream.errors import UnprocessableError
from signalstream.models.conversation import KnownValues
from signalstream.models.messages import Found, Message


class Tagged(NamedTuple):
    """A text with tags in the place of what was found in it."""

    text: str
    found: tuple[Found, ...]


def tagged(text: str, spans: Sequence[Span], tag_of: TagOf) -> Tagged:
    """Return ``text`` with a tag for each span. Spans must not overlap, and be in order."""
    found = tuple(
        Found(
            kind=span.kind,
            start=span.start,
            end=span.end,
            detector=span.detector,
            confidence=span.confidence,
            tag=tag_of(label_of(span.kind), text[span.start : span.end]),
        )
        for span in spans
    )
    return Tagged(apply_spans(text, spans, tags_of(found)), found)


def tagged_message(message: Message, find: Callable[[str, str], tuple[Span, ...]], tagger: Tagger) -> Message:
    """Return a message as it is kept; one that was redacted before is left as it is."""
    if message.found is not None:
        return message
    key = ConversationKey(message.tenant_id, message.conversation_id)
    made = tagged(message.text, find(message.tenant_id, message.text), tagger.of(key))
    return message.model_copy(update={"text": made.text, "found": made.found})


def tags_of(found: Sequence[Found]) -> tuple[str, ...]:
    """Return what stands in the kept text for each finding."""
    return tuple(f"[{label_of(each.kind)}:{each.tag}]" for each in found)


def names_of(found: Sequence[Found], known: KnownValues) -> tuple[str, ...]:
    """Return what stands in the numbered text for each finding: ``[EMAIL_1]``."""
    return tuple(placeholder(known, f"{label_of(each.kind)}:{each.tag}") for each in found)


def places(found: Sequence[Found], names: Sequence[str]) -> tuple[Span, ...]:
    """Return where each name stands in the text that has names in the place of what was found."""
    grown = accumulate((len(name) - each.end + each.start for each, name in zip(found, names, strict=True)), initial=0)
    return tuple(
        Span(each.start + shift, each.start + shift + len(name), each.kind, each.detector, each.confidence)
        for each, name, shift in zip(found, names, grown, strict=False)
    )


def numbered(message: Message, known: KnownValues) -> Message:
    """Return a tagged message with numbered placeholders, and without its original.

    What somebody typed like a placeholder that a value has already is put in round brackets, or whoever fills in values
    would put that one there. (A number that was typed first is given to no value: ``learned_tags``.)

    Raises UnprocessableError for one whose text has no tags where its findings say that they are.
    """
    if not message.found:
        text = _without_imitations(message.text, known)
        is_as_it_is = message.original is None and text == message.text
        return message if is_as_it_is else message.model_copy(update={"text": text, "original": None})
    tags = tags_of(message.found)
    spans = places(message.found, tags)
    if any(message.text[span.start : span.end] != tag for span, tag in zip(spans, tags, strict=True)):
        raise UnprocessableError("the message's text has no tags where its findings say that they are")
    # A tag is no placeholder by its looks, and either has its brackets to itself: places stay as they are.
    text = apply_spans(_without_imitations(message.text, known), spans, names_of(message.found, known))
    return message.model_copy(update={"text": text, "original": None})


def _without_imitations(text: str, known: KnownValues) -> str:
    if not known.numbers or "_" not in text:
        return text
    return PLACEHOLDER.sub(lambda each: f"({each[0][1:-1]})" if is_given_out(known, each[0]) else each[0], text)


class WayBack:
    """From places in a redacted text to those in what was written. ``spans`` are where the names of ``found`` stand."""

    def __init__(self, found: Sequence[Found], spans: Sequence[Span]) -> None:
        self._found, self._spans = found, spans
        self._starts = [span.start for span in spans]

    def origin(self, span: Span) -> tuple[int, int]:
        """Return start and end in what was written. A name that the span begins or ends in counts whole."""
        return self._place(span.start, ends=False), self._place(span.end, ends=True)

    def _place(self, at: int, *, ends: bool) -> int:
        before = bisect_right(self._starts, at - 1 if ends else at) - 1
        if before < 0:
            return at
        span, each = self._spans[before], self._found[before]
        if at >= span.end:
            return each.end + at - span.end
        return each.end if ends else each.start


def values_of(message: Message, known: KnownValues, written: str) -> dict[str, str]:
    """Return placeholder -> value for what was found in a message at ingest; ``written`` is its original."""
    found = message.found or ()
    pairs = zip(names_of(found, known), found, strict=True)
    return {name: written[each.start : each.end] for name, each in reversed(list(pairs))}
