"""Who said what in a turn: the customer's words and the agent's, all of them redacted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from signalstream.models.conversation import Turn
from signalstream.models.messages import Sender


@dataclass(frozen=True)
class Voices:
    """The conversation up to a turn, oldest first; ``own`` is the sender of the turn's own message.

    ``places`` holds each line's number in the conversation and the id of its message.
    """

    lines: tuple[tuple[Sender, str], ...]
    own: Sender
    places: tuple[tuple[int, UUID], ...]

    def of(self, sender: Sender) -> tuple[str, ...]:
        """Return what ``sender`` wrote, newest first."""
        return tuple(text for who, text in reversed(self.lines) if who is sender)


def listen(turn: Turn, redact: Callable[[str], str]) -> Voices:
    """Return the voices of a turn. Its context comes without what patterns find; ``redact`` may find more in it."""
    before = tuple((kept.sender, redact(kept.text)) for kept in turn.context)
    places = (*((kept.seq, kept.message_id) for kept in turn.context), (turn.seq, turn.message.message_id))
    return Voices((*before, (turn.message.sender, redact(turn.message.text))), turn.message.sender, places)
