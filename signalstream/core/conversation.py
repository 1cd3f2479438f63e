"""How a message joins a conversation: its number, the row after it, the turn that goes to the analysts.

A message that was seen before keeps its number and changes nothing, so that a redelivery is harmless.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate
from typing import NamedTuple
from uuid import UUID

from signalstream.core.masks import says_another
from signalstream.core.placeholders import begun, learned, learned_tags, placeholders
from signalstream.core.redaction import Span, apply_spans
from signalstream.core.tagged import names_of, numbered, tags_of
from signalstream.models.conversation import ConversationState, ConversationView, KeptMessage, KnownValues, Mask, Turn
from signalstream.models.messages import Found, Message

SEEN_MESSAGES = 1_024  # a redelivery repeats the last few seconds; a client's retry the last few hundred messages
_DIGEST_BYTES = 9


@dataclass(frozen=True)
class Bounds:
    """How much a row keeps and how much of it a turn carries, in messages and in characters."""

    kept_messages: int
    kept_characters: int
    context_messages: int
    context_characters: int


@dataclass(frozen=True)
class Joined:
    """The row after a message and the turn for it; ``changed`` is False for a repeat.

    ``contradicts`` is True for a message that has the id of a kept one and says something else: the first one counts.
    """

    state: ConversationState
    turn: Turn
    changed: bool
    contradicts: bool = False


Find = Callable[[str, str], tuple[Span, ...]]
"""Tenant and text to the personal data in it: spans that do not overlap, in order."""


def join(
    state: ConversationState | None,
    message: Message,
    find: Find,
    bounds: Bounds,
    generation: int = 0,
    *,
    offset: int | None = None,
) -> Joined:
    """Add ``message`` to its conversation, or find it there.

    The row keeps the text without what was found in it: numbered where it was tagged before, else without what ``find``
    finds. The turn's context are the kept messages before it. ``generation`` is that of a conversation which begins
    with this message, ``offset`` where the raw topic has it. Raises UnprocessableError for a message that is not tagged
    as it says.
    """
    state = state or _new(message, generation)
    seq = seq_of(state, message.message_id)
    if seq is not None:
        before = numbered(_as_before(state, message, seq), state.known)
        contradicts = _contradicts(state, message, seq)
        return Joined(state, _turn(state, before, seq, bounds), changed=False, contradicts=contradicts)
    place = None if message.original is None else offset
    said = _tagged(state, message) if message.found is not None else _searched(state, message, find)
    after = _added(state, said, bounds, place)
    return Joined(after, _turn(after, said.message, after.last_seq, bounds), changed=True)


def _contradicts(state: ConversationState, message: Message, seq: int) -> bool:
    kept = next((each for each in state.recent if each.seq == seq), None)
    if kept is None:
        return False
    found = message.found or ()
    return says_another(kept, state.masks.get(seq, ()), message.text, _masks(found, tags_of(found)))


class _Said(NamedTuple):
    """A message on its way into a row: as a turn carries it, its redacted text, what is masked in it, what is known."""

    message: Message
    text: str
    masks: tuple[Mask, ...]
    known: KnownValues


def _tagged(state: ConversationState, message: Message) -> _Said:
    found = message.found or ()
    tags = [tag[1:-1] for tag in tags_of(found)]
    known = learned_tags(state.known, tags, message.text, [kept.text for kept in state.recent])
    made, names = numbered(message, known), names_of(found, known)
    return _Said(made, made.text, _masks(found, names), known)


def _searched(state: ConversationState, message: Message, find: Find) -> _Said:
    spans = find(message.tenant_id, message.text)
    known = learned(state.known, message.text, spans, [kept.text for kept in state.recent])
    names = placeholders(known, message.text, spans)
    return _Said(message, apply_spans(message.text, spans, names), _masks(spans, names), known)


def _masks(found: Sequence[Found | Span], names: Sequence[str]) -> tuple[Mask, ...]:
    return tuple((each.start, each.end, len(name)) for each, name in zip(found, names, strict=True))


def seq_of(state: ConversationState, message_id: UUID) -> int | None:
    """Return the number of a message, or None when it is new (or older than the newest SEEN_MESSAGES)."""
    wanted = _digest(message_id)
    for back, digest in enumerate(reversed(state.seen)):
        if digest == wanted:
            return state.last_seq - back
    return None


def view(state: ConversationState, limit: int) -> ConversationView:
    """Return the state as shown, with at most ``limit`` of the newest messages."""
    shared = state.model_dump(include=set(ConversationView.model_fields) - {"messages"})
    return ConversationView(**shared, messages=state.recent[-limit:] if limit > 0 else ())


def _new(message: Message, generation: int) -> ConversationState:
    return ConversationState(
        tenant_id=message.tenant_id,
        conversation_id=message.conversation_id,
        generation=generation,
        channel=message.channel,
        first_message_at=message.written_at,
        last_message_at=message.written_at,
        known=begun(message.tenant_id, message.conversation_id, message.message_id),
    )


def _added(state: ConversationState, said: _Said, bounds: Bounds, offset: int | None) -> ConversationState:
    seq, message = state.last_seq + 1, said.message
    kept = KeptMessage(
        message_id=message.message_id, seq=seq, sender=message.sender, text=said.text, timestamp=message.written_at
    )
    recent = newest((*state.recent, kept), bounds.kept_messages, bounds.kept_characters)
    first = recent[0].seq if recent else seq + 1
    originals = state.originals if offset is None else {**state.originals, seq: offset}
    is_known = message.sender in state.participants
    return state.model_copy(
        update={
            "channel": message.channel,
            "participants": state.participants if is_known else (*state.participants, message.sender),
            "message_count": state.message_count + 1,
            "last_seq": seq,
            "counts": {**state.counts, message.sender: state.counts.get(message.sender, 0) + 1},
            "first_message_at": min(state.first_message_at, message.written_at),
            "last_message_at": max(state.last_message_at, message.written_at),
            "recent": recent,
            "masks": {number: masks for number, masks in {**state.masks, seq: said.masks}.items() if number >= first},
            "originals": {number: place for number, place in originals.items() if number >= first},
            "seen": (*state.seen, _digest(message.message_id))[-SEEN_MESSAGES:],
            "known": said.known,
        }
    )


def newest(messages: tuple[KeptMessage, ...], count: int, characters: int) -> tuple[KeptMessage, ...]:
    """Return the newest messages that fit both bounds, oldest first."""
    backwards = messages[::-1][:count]
    totals = accumulate(len(message.text) for message in backwards)
    return tuple(message for message, total in zip(backwards, totals, strict=True) if total <= characters)[::-1]


def _as_before(state: ConversationState, message: Message, seq: int) -> Message:
    # A client's retry comes in later; dated anew it would fall into another window and count in both.
    before = next((kept.timestamp for kept in state.recent if kept.seq == seq), None)
    if before is None or message.written_at != message.received_at:
        return message
    return message.model_copy(update={"written_at": before, "received_at": before})


def _turn(state: ConversationState, message: Message, seq: int, bounds: Bounds) -> Turn:
    before = tuple(kept for kept in state.recent if kept.seq < seq)
    return Turn(
        message=message,
        generation=state.generation,
        seq=seq,
        context=newest(before, bounds.context_messages, bounds.context_characters),
        message_count=state.message_count,
        participants=state.participants,
        known=state.known,
    )


def _digest(message_id: UUID) -> str:
    return base64.b85encode(blake2b(message_id.bytes, digest_size=_DIGEST_BYTES).digest()).decode()
