from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from signalstream.core.balance import trimmed


def test_a_worker_that_joins_is_made_room_for() -> None:
    kept = trimmed({"a": {0, 1}, "b": {2, 3}, "c": set()}, 4)
    assert kept == {"a": {0, 1}, "b": {2}, "c": set()}


def test_an_even_share_is_kept_as_it_is() -> None:
    held = {"a": {0, 3}, "b": {1, 2}}
    assert trimmed(held, 4) == held


def test_a_partition_that_two_claim_stays_with_one_of_them() -> None:
    kept = trimmed({"frozen": {0, 1}, "owner": {0, 1}}, 2)
    assert sorted(partition for held in kept.values() for partition in held) in ([0], [1], [0, 1])


def test_nobody_keeps_nothing() -> None:
    assert trimmed({}, 4) == {}


PARTITIONS = 8
HELD = st.dictionaries(st.text("abcdef", min_size=1, max_size=2), st.sets(st.integers(0, PARTITIONS - 1)), min_size=1)


@given(HELD)
def test_what_is_kept_was_held_is_held_once_and_is_an_even_share_for_every_number_of_workers(
    held: dict[str, set[int]],
) -> None:
    kept = trimmed(held, PARTITIONS)
    share, larger = divmod(PARTITIONS, len(held))
    assert kept.keys() == held.keys()
    assert all(kept[member] <= held[member] for member in held)
    assert sum(map(len, kept.values())) == len(set().union(*kept.values()))
    assert max(map(len, kept.values())) <= share + 1
    assert sum(len(partitions) > share for partitions in kept.values()) <= larger
