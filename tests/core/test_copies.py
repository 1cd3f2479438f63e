from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from signalstream.core.copies import SEEN_KEPT, Copies


def test_a_copy_is_as_old_as_the_newest_end_that_it_has_reached() -> None:
    copies = Copies[str]()
    copies.saw_end("rows-0", 5, at=10.0)
    copies.applied("rows-0", 5)
    copies.saw_end("rows-0", 9, at=20.0)
    copies.applied("rows-0", 8)
    assert copies.age(["rows-0"], now=25.0) == 15.0
    copies.applied("rows-0", 9)
    assert copies.age(["rows-0"], now=25.0) == 5.0


def test_a_copy_that_was_never_level_has_no_age() -> None:
    copies = Copies[str]()
    assert copies.age(["rows-0"], now=1.0) is None
    copies.saw_end("rows-0", 5, at=0.0)
    copies.applied("rows-0", 4)
    assert copies.age(["rows-0"], now=1.0) is None


def test_rows_of_several_tables_are_as_old_as_the_oldest_and_need_all_of_them() -> None:
    copies = Copies[str]()
    for at, partition in enumerate(["rows-0", "more-0"]):
        copies.saw_end(partition, 0, at=float(at))
        copies.applied(partition, 0)
    assert copies.age(["rows-0", "more-0"], now=10.0) == 10.0
    assert copies.age(["rows-0", "more-0", "further-0"], now=10.0) is None
    assert copies.age([], now=10.0) is None


def test_an_owners_rows_are_level_for_as_long_as_they_were_surely_its_own() -> None:
    copies = Copies[str]()
    copies.owned("rows-0", at=10.0)
    copies.owned("rows-0", at=9.0)
    assert copies.age(["rows-0"], now=12.0) == 2.0


def test_what_is_copied_no_longer_or_begins_anew_has_no_age() -> None:
    copies = Copies[str]()
    for partition in ("rows-0", "rows-1", "rows-2"):
        copies.saw_end(partition, 0, at=0.0)
        copies.applied(partition, 0)
    copies.keep(["rows-0", "rows-1"])
    copies.forget("rows-1")
    assert [copies.age([f"rows-{n}"], now=1.0) for n in range(3)] == [1.0, None, None]


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.integers(0, 3)), max_size=40))
def test_an_age_is_never_understated(steps: list[tuple[int, bool, int]]) -> None:
    """At any time the copy holds all that was written when it is said to have been level."""
    copies = Copies[str]()
    written_at: list[int] = []
    applied = 0
    for now, (written, seen, taken) in enumerate(steps):
        written_at += [now] * written
        if seen:
            copies.saw_end("rows-0", len(written_at), at=float(now))
        applied = min(len(written_at), applied + taken)
        copies.applied("rows-0", applied)
        age = copies.age(["rows-0"], float(now))
        assert age is None or sum(at <= now - age for at in written_at) <= applied


def test_a_copy_that_stays_behind_keeps_a_bounded_number_of_ends() -> None:
    copies = Copies[str]()
    for number in range(3 * SEEN_KEPT):
        copies.saw_end("rows-0", number + 1, at=float(number))
    copies.applied("rows-0", SEEN_KEPT)
    assert copies.age(["rows-0"], 0.0) is None
    copies.applied("rows-0", 3 * SEEN_KEPT)
    assert copies.age(["rows-0"], 3.0 * SEEN_KEPT) == 1.0
