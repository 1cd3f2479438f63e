"""Words as the model sees them: each with its text, the spaces around it, and how likely it is a name, a place, an id.

The model's seventeen labels become a few kinds of ours; a word's likelihood of a kind is the sum over its labels, so
that a word which may be a given name or a surname is not lost between the two.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from signalstream.ai.local.ner import Reading


KINDS: Mapping[str, str] = {
    "GIVEN_NAME": "name",
    "SURNAME": "name",
    "BUILDING_NUMBER": "address",
    "STREET_NAME": "address",
    "SECONDARY_ADDRESS": "address",
    "CITY": "address",
    "STATE": "address",
    "ZIP_CODE": "address",
    "PHONE": "phone",
    "EMAIL": "email",
    "TAX_ID": "national_id",
    "GOVERNMENT_ID": "national_id",
    "BANK_ACCOUNT": "account_number",
    "ROUTING_NUMBER": "account_number",
    "PASSPORT": "passport",
    "DRIVERS_LICENSE": "drivers_license",
}
"""The model's label to our kind. Its URLs are left out: patterns find those, and the model takes brands for them."""
STREETS = ("STREET_NAME",)
SETTLEMENTS = ("CITY", "STATE", "ZIP_CODE")


@dataclass(frozen=True, slots=True)
class Word:
    """A word or a mark.

    ``likely`` is for each kind; ``street`` and ``settled`` are what of ``address`` is a street's
    name, and a town, state or postcode.
    """

    start: int
    end: int
    text: str
    likely: Mapping[str, float]
    street: float
    settled: float

    @property
    def is_word(self) -> bool:
        """False for punctuation."""
        return any(character.isalnum() for character in self.text)

    @property
    def is_capital(self) -> bool:
        """Whether it begins with a capital letter."""
        return self.text[:1].isupper()

    @property
    def has_digit(self) -> bool:
        """Whether a digit is in it."""
        return any(character.isdigit() for character in self.text)

    def likelihood(self, kind: str) -> float:
        """Between 0 and 1."""
        return self.likely.get(kind, 0.0)

    def kind(self) -> tuple[str, float]:
        """Return the likeliest kind and its likelihood."""
        best = max(self.likely, key=self.likely.__getitem__)
        return best, self.likely[best]


def words_of(text: str, reading: Reading, labels: tuple[str, ...]) -> Iterator[Word]:
    """Yield the words of a reading."""
    columns: dict[str, list[int]] = {}
    for column, label in enumerate(labels):
        if label in KINDS:
            columns.setdefault(KINDS[label], []).append(column)
    sums = {kind: reading.figures[:, places].sum(axis=1).tolist() for kind, places in columns.items()}
    street, settled = (
        reading.figures[:, [labels.index(label) for label in group]].sum(axis=1).tolist()
        for group in (STREETS, SETTLEMENTS)
    )
    rows = zip(*sums.values(), strict=True)
    for place, (start, end, row) in enumerate(zip(reading.starts, reading.ends, rows, strict=True)):
        likely = dict(zip(sums, row, strict=True))
        yield Word(start, end, text[start:end], likely, street[place], settled[place])
