"""An answer within the deadline: the analyst has most of it, and a lesser one that waits for nothing has the rest.

An analyst that is short of CPU answers late, its fallbacks included. What can be found out by rules alone is better
than no analysis, so time is kept for it: a share of the deadline, and more when the last of such answers took long.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from signalstream.ai.analyst import Analyst, Answer
from signalstream.core.latency import Slow
from signalstream.models.conversation import Turn
from signalstream.streaming.stepping import OverdueError, within

LEAST_RESERVE, MOST_RESERVE = 0.15, 0.5  # of the deadline
SPARE = 3.0  # times as long as such answers take: they come when everything is slow, and then many of them


class Timely:
    """Asks ``analyst``, and ``hurried``, where there is one, when that takes too long."""

    def __init__(self, analyst: Analyst, hurried: Analyst | None, deadline_seconds: float) -> None:
        self._analyst = analyst
        self._hurried = hurried
        self._deadline = deadline_seconds
        self._slow = Slow()

    @property
    def reserve_seconds(self) -> float:
        """Return how much of the deadline is kept for the answer in a hurry."""
        if self._hurried is None:
            return 0.0
        needed = SPARE * self._slow.seconds
        return min(max(needed, LEAST_RESERVE * self._deadline), MOST_RESERVE * self._deadline)

    async def analyse(self, task: str, turn: Turn) -> Answer:
        """Analyse a turn. Raises OverdueError when nobody answers in time, and what the analysts raise."""
        reserve = self.reserve_seconds
        given = self._deadline - reserve
        try:
            return await within(self._analyst.analyse(task, turn), given)
        except OverdueError:
            if self._hurried is None:
                raise
        began = asyncio.get_running_loop().time()
        try:
            answer = await within(self._hurried.analyse(task, turn), reserve)
        finally:
            self._slow.note(asyncio.get_running_loop().time() - began)
        reason = f"no answer within {given:.3g} s, so rules alone answered"
        return replace(answer, degraded_reason=reason, degraded_code="overloaded")
