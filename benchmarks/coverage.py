"""Whether everything that was sent came out: the turns of each conversation that are covered by a complete output."""

from __future__ import annotations

from collections.abc import Mapping


class Coverage:
    """Compares the turns that were sent with those that complete outputs speak of.

    A complete output for turn n of a conversation covers all turns before it: per conversation every stage keeps
    the order, so the analyses of turn n were merged after those of turn n - 1.
    """

    def __init__(self, sent: Mapping[str, int]) -> None:
        self._sent = dict(sent)
        self._covered: dict[str, int] = {}
        self._open = len(self._sent)

    def note(self, conversation: str, turns: int) -> None:
        """Note a complete output for ``turns`` turns; conversations that are not ours are ignored."""
        sent = self._sent.get(conversation)
        if sent is None:
            return
        before = self._covered.get(conversation, 0)
        if before < sent <= turns:
            self._open -= 1
        self._covered[conversation] = max(before, turns)

    @property
    def complete(self) -> bool:
        """Say whether every conversation is covered to its last turn."""
        return self._open == 0

    @property
    def missing(self) -> int:
        """Return how many turns are not covered."""
        return sum(max(0, sent - self._covered.get(name, 0)) for name, sent in self._sent.items())

    @property
    def surplus(self) -> int:
        """Return how many turns were reported beyond what was sent: a message that counted twice."""
        return sum(max(0, self._covered.get(name, 0) - sent) for name, sent in self._sent.items())
