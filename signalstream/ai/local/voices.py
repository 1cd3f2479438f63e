"""Who said what in a turn: the customer's words and the agent's, all of them redacted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from signalstream.models.conversation import Turn
from signalstream.models.messages import Sender


@dataclass(frozen=True)
class Voices:
    """The conversation up to a turn, oldest first; ``own`` is the sender of the turn's own message."""

    lines: tuple[tuple[Sender, str], ...]
    own: Sender

    def of(self, sender: Sender) -> tuple[str, ...]:
        """Return what ``sender`` wrote, newest first."""
        return tuple(text for who, text in reversed(self.lines) if who is sender)


def listen(turn: Turn, redact: Callable[[str], str]) -> Voices:
    """Return the voices of a turn. Its context comes without what patterns find; ``redact`` may find more in it."""
    before = tuple((kept.sender, redact(kept.text)) for kept in turn.context)
    return Voices((*before, (turn.message.sender, redact(turn.message.text))), turn.message.sender)
