"""The server's own quota: so many requests in any window, and the time until the next is taken."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field


@dataclass
class Quota:
    """``requests`` in any ``seconds``; no ``requests``: no quota."""

    requests: int | None = None
    seconds: float = 60.0
    _granted: deque[float] = field(default_factory=deque)

    def refusal(self, now: float) -> float | None:
        """Take a request at ``now``: return nothing, or the seconds after which one would be taken."""
        if self.requests is None:
            return None
        while self._granted and now - self._granted[0] >= self.seconds:
            self._granted.popleft()
        if len(self._granted) >= self.requests:
            return round(self.seconds - (now - self._granted[0]) + 0.001, 3)
        self._granted.append(now)
        return None

    def clear(self) -> None:
        """Begin anew."""
        self._granted.clear()
