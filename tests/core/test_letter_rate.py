from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from signalstream.core.letter_rate import SLICES, LetterRate

LETTERS = st.tuples(
    st.floats(0, 40), st.sampled_from(["conversation", "pii"]), st.sampled_from(["undecodable", "exhausted"])
)


@dataclass
class Seconds:
    """A monotonic clock that stands still until it is moved."""

    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


def rate(limit: int = 2, span_seconds: float = 60.0) -> tuple[LetterRate, Seconds]:
    clock = Seconds()
    return LetterRate(limit, span_seconds, clock), clock


def probe(watched: LetterRate) -> dict[str, Any]:
    return dict(watched.probe())


def test_no_letter_is_no_trouble() -> None:
    watched, _ = rate(limit=0)

    assert probe(watched) == {
        "status": "ok", "letters": 0, "limit": 0, "span_seconds": 60.0, "by_stage": {}, "by_reason": {},
    }  # fmt: skip


def test_as_many_as_the_limit_are_ok_and_one_more_is_too_many_with_what_to_do() -> None:
    watched, _ = rate(limit=2)
    watched.note("pii", "exhausted")
    watched.note("conversation", "undecodable")
    assert probe(watched)["status"] == "ok"
    watched.note("pii", "undecodable")

    part = probe(watched)
    assert part["status"] == "too many"
    assert (part["by_stage"], part["by_reason"]) == (
        {"conversation": 1, "pii": 2}, {"exhausted": 1, "undecodable": 2},
    )  # fmt: skip
    assert "signalstream dlq list" in part["reason"]


def test_letters_are_forgotten_after_the_span_and_the_worker_is_well_again() -> None:
    watched, clock = rate(limit=0, span_seconds=60)
    watched.note("pii", "exhausted")
    clock.now += 59.9
    assert probe(watched)["status"] == "too many"
    clock.now += 60 / SLICES + 0.2

    assert probe(watched)["status"] == "ok"
    assert probe(watched)["letters"] == 0


@settings(deadline=None, max_examples=100)
@given(st.lists(LETTERS, max_size=60))
def test_every_letter_of_the_span_is_counted_and_older_ones_are_not(letters: list[tuple[float, str, str]]) -> None:
    watched, clock = rate(limit=5, span_seconds=60)
    told: list[tuple[float, str, str]] = []
    for pause, stage, reason in letters:
        clock.now += pause
        watched.note(stage, reason)
        told.append((clock.now, stage, reason))

    part = probe(watched)
    surely = Counter(stage for at, stage, _ in told if clock.now - at < 60)
    perhaps = Counter(stage for at, stage, _ in told if clock.now - at <= 60 + 60 / SLICES)
    assert surely <= Counter(part["by_stage"]) <= perhaps
    assert part["letters"] == sum(part["by_stage"].values()) == sum(part["by_reason"].values())


def test_a_storm_of_letters_takes_no_more_room_than_the_slices() -> None:
    watched, clock = rate(span_seconds=60)
    for _ in range(20_000):
        clock.now += 0.01
        watched.note("pii", "exhausted")

    assert len(watched._slices) <= SLICES + 2
