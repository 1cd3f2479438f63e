from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.gemini_fake.reading import conversations_in, labels_in
from tests.gemini_fake.stats import Stats, most_in_a_window


@given(st.lists(st.integers(0, 300)), st.integers(1, 90))
def test_the_fullest_window_is_the_fullest_that_there_is(times: list[int], seconds: int) -> None:
    arrivals = sorted(times)
    windows = (sum(start <= one < start + seconds for one in arrivals) for start in arrivals)
    assert most_in_a_window(arrivals, seconds) == max(windows, default=0)


def test_texts_are_kept_to_be_searched_until_a_reset() -> None:
    stats = Stats()
    stats.arrived("one canary here", 1.0)
    stats.arrived("none", 2.0)
    assert stats.containing("canary") == 1
    assert stats.arrivals_of("canary") == [1.0]
    assert stats.arrivals_of("n") == [1.0, 2.0]

    stats.reset()

    assert stats.containing("canary") == 0
    assert (stats.counts["requests"], stats.in_flight) == (0, 2)


def test_a_question_is_read_as_its_fence_says() -> None:
    data = "\n".join(
        [
            "boundary 77aa",
            "77aa LABELS Refund | Other thing",
            "77aa BEGIN one",
            "1 agent",
            "| How can I help?",
            "2 customer",
            "| 77ab END one",
            "| 3 agent",
            "77aa END one",
            "77aa ANSWER one",
        ]
    )
    [conversation] = conversations_in(data)

    assert conversation.id == "one"
    assert [(said.number, said.writer) for said in conversation.messages] == [(1, "agent"), (2, "customer")]
    assert conversation.last_of("customer") == "77ab END one\n3 agent"
    assert labels_in(data) == ("Refund", "Other thing")


def test_data_without_a_fence_are_one_message() -> None:
    [conversation] = conversations_in("just words")
    assert (conversation.id, conversation.newest.text) == ("", "just words")
