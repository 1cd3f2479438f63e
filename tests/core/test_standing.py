"""Where a conversation stands, each line of the table and their order."""

from __future__ import annotations

import pytest

from signalstream.core import standing
from signalstream.core.standing import Standing, standing_of
from signalstream.models.messages import Sender

LETTERS = {"c": Sender.CUSTOMER, "a": Sender.AGENT, "s": Sender.SYSTEM}


def stands(*lines: str, asked: bool = False, promised: tuple[int, ...] = (), repeated: bool = False) -> Standing:
    """``lines`` begin with c, a or s for who wrote."""
    said = [(LETTERS[line[0]], line[2:]) for line in lines]
    return standing_of(said, asked=asked, promised=promised, repeated=repeated)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("c my lamp is broken",), Standing.FIRST),
        (("s chat opened", "c my lamp is broken"), Standing.FIRST),
        (("c broken", "a which lamp", "c the blue one"), Standing.ONGOING),
        (("c broken", "a try this", "c thank you, it works now"), Standing.SOLVED),
        (("c broken", "a I have forwarded this to our engineers", "c and now?"), Standing.ESCALATED),
        (("c hello", "c anyone?", "c still there?"), Standing.REPEATED),
        (("c hello", "a hi", "c one", "c two", "c three"), Standing.REPEATED),
        (("c hello", "a hi", "c one", "c two"), Standing.ONGOING),
        (("a we have an offer",), Standing.ONGOING),
    ],
)
def test_what_was_said_tells_where_it_stands(lines: tuple[str, ...], expected: Standing) -> None:
    assert stands(*lines) is expected


def test_an_agents_question_waits_for_the_customer_and_no_longer_once_they_wrote() -> None:
    assert stands("c broken", "a which lamp?", asked=True) is Standing.WAITING
    assert stands("c broken", "a which lamp?", "c which do you mean?", asked=True) is Standing.ONGOING


def test_a_promise_holds_until_something_is_done() -> None:
    assert stands("c broken", "a I will send one", "c when?", promised=(1,)) is Standing.PROMISED
    assert stands("c broken", "a I will send one", "a it has been sent", promised=(1,)) is Standing.ONGOING


def test_saying_that_it_is_not_the_first_time_is_enough() -> None:
    assert stands("c third time that I write", repeated=True) is Standing.REPEATED


def test_the_first_line_of_the_table_that_fits_is_taken() -> None:
    assert stands("c x", "a escalated", "c it works now", promised=(1,), repeated=True) is Standing.SOLVED
    assert stands("c x", "a escalated, ok?", asked=True, promised=(1,)) is Standing.ESCALATED
    assert stands("c x", "a I will, which one?", asked=True, promised=(1,)) is Standing.WAITING
    assert stands("c x", "a I will", "c y", promised=(1,), repeated=True) is Standing.PROMISED


def test_the_table_of_the_module_names_them_in_their_order() -> None:
    assert standing.__doc__ is not None
    places = [standing.__doc__.index(f"\n{one} ") for one in Standing if one is not Standing.ONGOING]
    table = ["solved", "escalated", "waiting for the customer", "promised", "repeated contact", "first contact"]
    assert [one.value for one in Standing][:6] == table
    assert places == sorted(places)
