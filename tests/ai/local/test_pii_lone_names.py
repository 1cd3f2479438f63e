"""Which lone names in lower case are personal data: those of whom a text tells; not those that an order mentions."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from signalstream.ai.local.ner import Rampart
from signalstream.ai.local.pii import PatternDetector
from signalstream.ai.local.pii_model import model_spans
from signalstream.core.redaction import Span, joined

Find = Callable[[str], tuple[Span, ...]]

SPEAKERS = [
    ("hi, i'm joe", "joe"),
    ("this is maria calling", "maria"),
    ("my name is steve and my parcel is late", "steve"),
    ("joe here, any news?", "joe"),
    ("it's me again, maria. still no news?", "maria"),
    ("you can call me jake", "jake"),
    ("where is my parcel?\nregards\nmaria", "maria"),
    ("hola, soy maria", "maria"),
]
SPOKEN_TO = [
    ("thanks, joe", "joe"),
    ("thank you joe", "joe"),
    ("thanks a lot for the quick answer, maria", "maria"),
    ("hello maria, can you look at it", "maria"),
    ("joe, please look at my order", "joe"),
]
TOLD_OF = [
    ("my husband david cannot log in", "david"),
    ("your agent maria is rude", "maria"),
    ("mrs. clark wants a refund", "clark"),
    ("i spoke to maria", "maria"),
    ("maria said that it works", "maria"),
    ("is maria working today? she helped me", "maria"),
    ("tell maria that the replacement works", "maria"),
    ("can i speak to maria", "maria"),
    ("ich habe mit maria gesprochen", "maria"),
]
BESIDE_OTHER_DATA = [
    ("please call maria at 206 555 0100", "maria"),
    ("send it to joe, joe@mail.example", "joe"),
    ("text joe and emily whitfield", "joe"),
]
ORDERS = [
    "text joe",
    "call steve right now",
    "book a table with maria on friday",
    "share my location with sarah",
    "is there a meeting with tom at noon",
    "how good is the food at denny's",
    "what is the time zone of quito",
    "does longhorn steakhouse take reservations",
    "what is the limit of my charles schwab card",
    "what is 90908 divided by 30890",
    "a table for 4 at red lobster at 8pm",
    "find me a place to stay in pittsburgh",
]


@pytest.fixture(scope="module")
def find() -> Find:
    """Return a search by patterns and one loaded model."""
    model, patterns = Rampart(), PatternDetector()

    def search(text: str) -> tuple[Span, ...]:
        [reading] = model.read([text])
        certain = patterns.find(text)
        return joined(text, certain, model_spans(text, reading, model.labels, {}, certain=bool(certain)))

    return search


def names(find: Find, text: str) -> list[str]:
    return [text[span.start : span.end] for span in find(text) if span.kind == "name"]


@pytest.mark.parametrize(("text", "name"), SPEAKERS + SPOKEN_TO + TOLD_OF + BESIDE_OTHER_DATA)
def test_a_person_of_whom_a_text_tells_is_masked(find: Find, text: str, name: str) -> None:
    assert any(name in one for one in names(find, text))


@pytest.mark.parametrize(("text", "name"), SPEAKERS + SPOKEN_TO + TOLD_OF + BESIDE_OTHER_DATA)
def test_a_capital_letter_changes_nothing_of_that(find: Find, text: str, name: str) -> None:
    cased = text.replace(name, name.title())
    assert any(name.title() in one for one in names(find, cased))


@pytest.mark.parametrize("text", ORDERS)
def test_what_a_short_order_mentions_is_nobody(find: Find, text: str) -> None:
    assert find(text) == ()


def test_a_name_that_a_text_tells_of_is_masked_wherever_it_stands(find: Find) -> None:
    text = "text maria please, maria is my agent"
    assert names(find, text) == ["maria", "maria"]


@pytest.mark.parametrize("text", ["text Joe", "call Steve right now", "book a table with Maria on friday"])
def test_a_capitalised_name_needs_no_more_than_its_likelihood(find: Find, text: str) -> None:
    assert [span.kind for span in find(text)] == ["name"]


def test_a_full_name_needs_no_more_than_its_likelihood(find: Find) -> None:
    assert [span.kind for span in find("text tomasz kowalczyk")] == ["name"]


@pytest.mark.parametrize(
    "text",
    [
        "maria lopez's card was stolen",
        "please check the maria lopez account",
        "send it to the maria lopez bank account",
        "Maria Lopez, support told me to write",
    ],
)
def test_a_card_an_account_or_a_bank_beside_a_person_hides_nobody(find: Find, text: str) -> None:
    assert [name.casefold() for name in names(find, text)] == ["maria lopez"]


def test_much_text_tells_of_whoever_it_names(find: Find) -> None:
    order = "please let the desk bring the parcel to joe"
    longer = f"{order} on the second floor between nine and ten in the morning because nobody will be in later"
    assert find(order) == ()
    assert names(find, longer) == ["joe"]
