from __future__ import annotations

from benchmarks.journal import Journal


def journal(requests: int = 4) -> Journal:
    book = Journal("steady", conversations=2)
    book.due = [10.0 + number for number in range(requests)]
    book.started = list(book.due)
    return book


def test_requests_are_dealt_in_turn_so_that_each_knows_its_turn() -> None:
    book = journal()
    assert [book.conversation(number) for number in range(4)] == ["steady-0", "steady-1", "steady-0", "steady-1"]


def test_latency_counts_from_the_due_time_even_when_the_generator_was_late() -> None:
    book = journal(1)
    book.started = [10.5]
    book.accepted[0] = 11.0
    samples = book.samples()
    assert samples.late_ms == (500.0,)
    assert samples.accepted_ms == (1000.0,)


def test_a_complete_output_covers_the_turns_before_it_but_not_again() -> None:
    book = journal()
    book.cover("steady-0", 1, 10.1)
    book.cover("steady-0", 1, 10.9)
    book.cover("steady-0", 2, 12.5)
    assert book.samples().covered_ms == (100.0, None, 500.0, None)


def test_a_turn_that_was_covered_by_a_later_output_counts_from_its_own_due_time() -> None:
    book = journal()
    book.cover("steady-1", 2, 13.5)
    assert book.samples().covered_ms == (None, 2500.0, None, 500.0)


def test_the_end_is_reached_when_all_that_was_sent_is_covered() -> None:
    book = journal()
    book.close()
    book.cover("steady-0", 2, 12.5)
    assert not book.all_covered.is_set()
    book.cover("steady-1", 2, 13.5)
    assert book.all_covered.is_set()


def test_conversations_of_other_loads_are_ignored() -> None:
    book = journal()
    book.cover("warm-0", 3, 12.0)
    assert book.samples().covered_ms == (None,) * 4
