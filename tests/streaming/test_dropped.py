from __future__ import annotations

from typing import NamedTuple

from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from signalstream.streaming.dropped import DroppedRecords

ONE, OTHER = TP("rows-changelog", 0), TP("rows-changelog", 1)


class Record(NamedTuple):
    offset: int


def batch(*offsets: int) -> list[Record]:
    return [Record(offset) for offset in offsets]


def test_a_batch_that_was_given_on_to_the_last_record_lacks_nothing() -> None:
    dropped = DroppedRecords()
    dropped.fetched({ONE: batch(3, 7)})
    dropped.given(ONE, 3)
    dropped.given(ONE, 7)
    dropped.end_batch()

    assert dropped.take({ONE}) == {}


def test_the_first_record_that_was_not_given_on_is_where_reading_begins_again_and_is_said_once() -> None:
    dropped = DroppedRecords()
    dropped.fetched({ONE: batch(3, 7, 9), OTHER: batch(5)})
    dropped.given(ONE, 3)
    dropped.end_batch()

    assert dropped.take({ONE, OTHER}) == {ONE: 7, OTHER: 5}
    assert dropped.take({ONE, OTHER}) == {}


def test_what_is_no_longer_ours_is_not_read_again() -> None:
    dropped = DroppedRecords()
    dropped.fetched({ONE: batch(3)})
    dropped.end_batch()

    assert dropped.take({OTHER}) == {}


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 5)), max_size=8))
def test_nothing_that_was_fetched_is_left_out_however_many_batches_were_cut_short(cuts: list[tuple[int, int]]) -> None:
    """Each batch has so many records, of which so many are given on; reading goes on where ``take`` says."""
    dropped, position, seen = DroppedRecords(), 0, []
    for size, given_on in [*cuts, (5, 5)]:
        position = dropped.take({ONE}).get(ONE, position)
        records = batch(*range(position, position + size))
        dropped.fetched({ONE: records})
        for record in records[:given_on]:
            dropped.given(ONE, record.offset)
            seen.append(record.offset)
        dropped.end_batch()
        position += size

    assert seen == list(range(len(seen)))
