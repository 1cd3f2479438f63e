from __future__ import annotations

from benchmarks.coverage import Coverage


def test_everything_is_covered_once_each_conversation_is_complete_to_its_last_turn() -> None:
    coverage = Coverage({"a": 2, "b": 1})
    coverage.note("a", 2)
    assert not coverage.complete
    coverage.note("b", 1)
    assert coverage.complete
    assert (coverage.missing, coverage.surplus) == (0, 0)


def test_repeats_and_outputs_out_of_order_change_nothing() -> None:
    coverage = Coverage({"a": 3, "b": 1})
    for turns in (3, 1, 3, 2):
        coverage.note("a", turns)
    assert not coverage.complete
    assert coverage.missing == 1


def test_turns_without_a_complete_output_are_missing() -> None:
    coverage = Coverage({"a": 3, "b": 2})
    coverage.note("a", 1)
    assert coverage.missing == 4


def test_a_message_that_counted_twice_is_a_surplus() -> None:
    coverage = Coverage({"a": 2})
    coverage.note("a", 3)
    assert coverage.complete
    assert coverage.surplus == 1


def test_conversations_of_other_loads_are_ignored() -> None:
    coverage = Coverage({"a": 1})
    coverage.note("warm-1", 5)
    assert (coverage.complete, coverage.surplus) == (False, 0)
