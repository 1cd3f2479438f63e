"""What a row of the remote model found, and the figures that evidence yields."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.figures import percentile
from benchmarks.remote_counting import Counted
from benchmarks.remote_evidence import REMOTE, Evidence
from benchmarks.remote_load import Post, Posts

DIGITS = re.compile(r"[\d.]+")
SHOWN_REASONS = 3


@dataclass(frozen=True)
class Figure:
    """One expectation and what was measured."""

    what: str
    expected: str
    measured: str
    met: bool


@dataclass
class Seen:
    """One load: what was posted, what became of it, what the stand-in counted of it."""

    name: str
    posts: Posts
    evidence: Evidence
    counted: Counted
    lost: Sequence[str] = field(init=False)

    def __post_init__(self) -> None:
        self.lost = self.evidence.lost([post.message_id for post in self.posts.accepted])

    def beside(self) -> Sequence[str]:
        """Return the row of the second table: see COLUMNS."""
        states = Counter(
            each.status for post in self.posts.accepted for each in self.evidence.of_model(post.message_id)
        )
        insights = insight_seconds(self.evidence, self.posts.accepted)
        times = "none" if not insights else f"{percentile(insights, 0.5):.1f} / {percentile(insights, 0.99):.1f}"
        return (
            self.name,
            f"{len(self.posts.accepted):,} ({len(self.posts.failures)})",
            " / ".join(f"{states[status]:,}" for status in ("ok", "degraded", "skipped", "failed")),
            f"{self.counted.per_minute:,.0f}",
            f"{self.counted.refused:,}",
            f"{self.counted.turns_each:.1f}",
            times,
            f"{self.counted.cores:.2f}",
        )

    def reasons(self) -> str:
        """Return the commonest reasons for analyses that are not the model's own, for the terminal."""
        found = Counter(
            DIGITS.sub("n", each.reason)
            for post in self.posts.accepted
            for each in self.evidence.of_model(post.message_id)
            if each.reason
        )
        return "; ".join(f"{count} x {reason}" for reason, count in found.most_common(SHOWN_REASONS)) or "none"


@dataclass(frozen=True)
class Found:
    """A row: its figures, and all that was seen of it."""

    figures: Sequence[Figure]
    seen: Seen


COLUMNS = (
    "Run",
    "Messages (refused)",
    "Analyses ok / degraded / skipped / failed",
    "Requests a minute",
    "Refused by the quota",
    "Turns in a request",
    "Insight, s: p50 / p99",
    "Cores of the workers",
)


CPU_COLUMNS = (
    "Run",
    "Messages worked off a minute",
    "CPU of a message, ms: workers / broker / stand-in",
    "Cores: workers / broker / stand-in / others",
)


def cpu_row(seen: Seen) -> Sequence[str]:
    """Return what the CPU was used for: see CPU_COLUMNS. A message is worked off with its four analyses."""
    counted = seen.counted
    messages = _worked_off(seen.evidence, counted.until - counted.seconds, counted.until)
    parts = (counted.cpu.workers, counted.cpu.broker, counted.cpu.stand_in)
    each = [f"{1000 * part / messages:.1f}" if messages else "none" for part in parts]
    cores = [f"{part / counted.seconds:.2f}" for part in (*parts, counted.cpu.others)]
    return seen.name, f"{60 * messages / counted.seconds:,.0f}", " / ".join(each), " / ".join(cores)


def _worked_off(evidence: Evidence, since: float, until: float) -> float:
    ends = (each.ended for name in evidence.analyses for each in evidence.of_model(name))
    return sum(since <= end < until for end in ends) / len(REMOTE)


def p99(values: Sequence[float]) -> float | None:
    """Return the 99th percentile, or None when there are no values."""
    return percentile(values, 0.99) if values else None


def insight_seconds(evidence: Evidence, posts: Sequence[Post]) -> list[float]:
    """Return the seconds from when each message was due to its first complete insight."""
    ends = ((post.due, evidence.complete_at(post.message_id)) for post in posts)
    return [end - due for due, end in ends if end is not None]


def wholly_answered(evidence: Evidence, posts: Sequence[Post]) -> list[float]:
    """Return when each message that the model itself answered four times had the last of them, seconds since 1970."""
    found = (evidence.of_model(post.message_id) for post in posts)
    return [
        max(each.ended for each in four)
        for four in found
        if len(four) == len(REMOTE) and all(each.status == "ok" and each.has_result for each in four)
    ]


def at_least(what: str, least: float, measured: float) -> Figure:
    """Return a figure that must not be below ``least``."""
    return Figure(what, f"at least {least:,.0f}", f"{measured:,.0f}", measured >= least)


def below(what: str, limit: float, measured: float | None, unit: str, digits: int = 1) -> Figure:
    """Return a figure that must be below ``limit``; None is a figure that never came."""
    shown = "it never came" if measured is None else f"{measured:.{digits}f} {unit}"
    return Figure(what, f"below {limit:g} {unit}", shown, measured is not None and measured < limit)


def none_of(what: str, measured: int) -> Figure:
    """Return a figure that must be zero."""
    return Figure(what, "0", str(measured), measured == 0)
