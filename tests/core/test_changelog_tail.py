from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from signalstream.core.changelog_tail import Look, TailWatch


def look(position: int = 5, polled_ms: int = 0, batches: int = 0, waiting: int = 0, end: int = 9) -> Look:
    return Look(position, end, polled_ms, batches, waiting)


def test_a_tail_that_brings_nothing_over_several_polls_and_batches_is_exhausted_up_to_its_end() -> None:
    watch = TailWatch[str]()
    assert watch.exhausted({"rows-0": look(polled_ms=1, batches=1)}) == {}
    assert watch.exhausted({"rows-0": look(polled_ms=2, batches=2)}) == {}
    assert watch.exhausted({"rows-0": look(polled_ms=3, batches=3)}) == {"rows-0": 9}


def test_polls_of_which_no_batch_was_handed_on_prove_nothing() -> None:
    watch = TailWatch[str]()
    assert all(watch.exhausted({"rows-0": look(polled_ms=ms, batches=1)}) == {} for ms in range(10))


def test_batches_without_a_poll_of_this_partition_prove_nothing() -> None:
    watch = TailWatch[str]()
    assert all(watch.exhausted({"rows-0": look(polled_ms=1, batches=batches)}) == {} for batches in range(10))


def test_records_that_were_not_taken_yet_prove_nothing() -> None:
    watch = TailWatch[str]()
    assert all(watch.exhausted({"rows-0": look(polled_ms=n, batches=n, waiting=1)}) == {} for n in range(10))


def test_a_record_begins_the_count_anew() -> None:
    watch = TailWatch[str]()
    for n in range(2):
        watch.exhausted({"rows-0": look(polled_ms=n, batches=n)})
    assert watch.exhausted({"rows-0": look(position=6, polled_ms=2, batches=2)}) == {}
    assert watch.exhausted({"rows-0": look(position=6, polled_ms=3, batches=3)}) == {}
    assert watch.exhausted({"rows-0": look(position=6, polled_ms=4, batches=4)}) == {"rows-0": 9}


def test_a_partition_that_is_not_looked_at_is_forgotten() -> None:
    watch = TailWatch[str]()
    for n in range(2):
        watch.exhausted({"rows-0": look(polled_ms=n, batches=n)})
    watch.exhausted({})
    assert watch.exhausted({"rows-0": look(polled_ms=3, batches=3)}) == {}


STEPS = st.lists(st.sampled_from(["poll", "fetch", "hand on", "take", "look"]), max_size=60)


@given(st.integers(0, 6), STEPS)
def test_whatever_the_order_no_record_is_passed_over(records: int, steps: list[str]) -> None:
    """Records travel: polled into a buffer, fetched from it into a batch, handed on to a queue, taken from there."""
    buffered = fetched = queued = taken = position = polled_ms = batches = 0
    watch = TailWatch[str]()
    for step in steps:
        if step == "poll" and not buffered:
            buffered, polled_ms = min(1, records - position), polled_ms + 1
        elif step == "fetch" and not fetched:
            fetched, buffered, position = buffered, 0, position + buffered
        elif step == "hand on":
            queued, fetched, batches = queued + fetched, 0, batches + 1
        elif step == "take":
            taken, queued = taken + queued, 0
        elif watch.exhausted({"rows-0": look(position, polled_ms, batches, queued, end=20)}):
            assert taken == records
