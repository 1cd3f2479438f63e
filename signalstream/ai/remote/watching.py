"""A provider that is watched: when a question reaches it, and whether it answers anything at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, fields

from signalstream.ai.remote.provider import Provider, Question, Reply
from signalstream.errors import AnalystUnavailableError


@dataclass(frozen=True)
class Posed(Question):
    """A question whose asker wants to know when it reaches the model, and so has its budget."""

    begun: Callable[[], None]


def posed(question: Question, begun: Callable[[], None]) -> Posed:
    """Return the question as one that tells ``begun`` at each attempt."""
    return Posed(**{field.name: getattr(question, field.name) for field in fields(Question)}, begun=begun)


class WatchedProvider:
    """``provider``, which tells ``note`` after each attempt whether there was an answer; a refusal is one.

    ``began`` is called at the beginning of each attempt, what it returns at its end, with the same.
    """

    def __init__(
        self,
        provider: Provider,
        note: Callable[[bool], None],
        began: Callable[[], Callable[[bool], None]] = lambda: lambda _answered: None,
    ) -> None:
        self._provider = provider
        self._note = note
        self._began = began

    @property
    def name(self) -> str:
        """See Provider."""
        return self._provider.name

    @property
    def model(self) -> str:
        """See Provider."""
        return self._provider.model

    async def start(self) -> None:
        """See Provider."""
        await self._provider.start()

    async def stop(self) -> None:
        """See Provider."""
        await self._provider.stop()

    async def ask(self, question: Question, timeout_seconds: float) -> Reply:
        """See Provider. An attempt that is broken off counts as one without an answer."""
        if isinstance(question, Posed):
            question.begun()
        answered, over = False, self._began()
        try:
            reply = await self._provider.ask(question, timeout_seconds)
        except (AnalystUnavailableError, asyncio.CancelledError):
            raise
        except Exception:
            answered = True
            raise
        else:
            answered = True
            return reply
        finally:
            over(answered)
            self._note(answered)
