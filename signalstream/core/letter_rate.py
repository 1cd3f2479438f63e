"""How many dead letters come: one now and then is a bad record, many in a short while are a fault of ours.

Counts are kept for slices of the span, so that a storm of letters takes no more memory than a few.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

SLICES = 60  # of the span: a letter is forgotten at most one slice late
ADVICE = "many records could not be processed; look at `signalstream dlq list`, mend the cause, send them back"


@dataclass
class LetterRate:
    """Counts letters of the last ``span_seconds``; more than ``limit`` of them are too many.

    ``seconds`` is a clock that never goes back.
    """

    limit: int
    span_seconds: float
    seconds: Callable[[], float]
    _slices: deque[tuple[float, Counter[tuple[str, str]]]] = field(default_factory=deque)

    def note(self, stage: str, reason: str) -> None:
        """Count one letter, now."""
        now = self.seconds()
        if not self._slices or now - self._slices[-1][0] >= self.span_seconds / SLICES:
            self._forget(now)
            self._slices.append((now, Counter()))
        self._slices[-1][1][stage, reason] += 1

    def probe(self) -> Mapping[str, object]:
        """Return the part of ``/health``: status ``ok`` or ``too many``, counts by reason and by stage."""
        counts = self._counts(self.seconds())
        total = counts.total()
        too_many = total > self.limit
        part: dict[str, object] = {
            "status": "too many" if too_many else "ok",
            "letters": total,
            "limit": self.limit,
            "span_seconds": self.span_seconds,
            "by_stage": _summed(counts, 0),
            "by_reason": _summed(counts, 1),
        }
        return part | ({"reason": ADVICE} if too_many else {})

    def _counts(self, now: float) -> Counter[tuple[str, str]]:
        self._forget(now)
        counts: Counter[tuple[str, str]] = Counter()
        for _, of_slice in self._slices:
            counts.update(of_slice)
        return counts

    def _forget(self, now: float) -> None:
        # A slice began up to its length before its last letter.
        oldest = now - self.span_seconds - self.span_seconds / SLICES
        while self._slices and self._slices[0][0] <= oldest:
            self._slices.popleft()


def _summed(counts: Counter[tuple[str, str]], part: int) -> dict[str, int]:
    summed: Counter[str] = Counter()
    for names, count in counts.items():
        summed[names[part]] += count
    return dict(sorted(summed.items()))
