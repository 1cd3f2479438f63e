"""What is planted: names, cards, e-mail addresses and keys, each of them once, drawn from a seed."""

from __future__ import annotations

import base64
import random
import string
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import quote

KINDS = ("name", "card", "e-mail", "key")
FIRST = (
    "Maria", "Thomas", "Fatima", "Kenji", "Olga", "Pedro", "Ingrid", "Ahmed", "Chloe", "Dmitri", "Amelia", "Rajesh",
    "Sofia", "Lukas", "Yasmin", "Patrick", "Elena", "Marcus", "Hannah", "Diego", "Priya", "Victor", "Naomi", "Stefan",
)  # fmt: skip
LAST = (
    "Gonzalez", "Whitfield", "Nakamura", "Petrova", "Okonkwo", "Lindqvist", "Moreau", "Haddad", "Kowalski",
    "Schneider", "Banerjee", "Castellano", "Johansson", "Abernathy", "Takahashi", "Villanueva", "Dimitrov", "Ferreira",
    "Ostrowski", "Henderson", "Papadopoulos", "Richardson", "Bergstrom", "Montgomery", "Iglesias",
    "Fitzgerald", "Sullivan", "Vasquez",
)  # fmt: skip


@dataclass(frozen=True)
class Canary:
    """A value, what it is, and where it was planted."""

    kind: str
    text: str
    place: str

    def spellings(self) -> set[bytes]:
        """Return how the value may be written: plain, in groups, percent-encoded, in base64 at any offset."""
        plain = {self.text}
        if self.kind == "card":
            plain |= {separator.join(groups_of(self.text)) for separator in " -"}
        if self.kind == "e-mail":
            plain.add(self.text.upper())
        written = {each.encode() for each in plain}
        return written | {quote(each, safe="").encode() for each in plain} | base64_parts(self.text.encode())


def groups_of(card: str) -> list[str]:
    """Return a card's number in groups of four digits."""
    return [card[at : at + 4] for at in range(0, len(card), 4)]


def base64_parts(data: bytes) -> set[bytes]:
    """Return the part of a base64 text that stands for ``data`` alone, for each place that it may begin at."""
    found = set()
    for before in range(3):
        whole = base64.b64encode(bytes(before) + data)
        first, last = (before * 8 + 5) // 6, (before + len(data)) * 8 // 6
        found.add(whole[first:last])
    return found


@dataclass
class Supply:
    """Gives canaries out, each one once, and remembers them. The same seed gives the same ones."""

    seed: int = 20_261_123
    planted: list[Canary] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        names = [f"{first} {last}" for first in FIRST for last in LAST]
        self._random.shuffle(names)
        self._names = iter(names)
        self._given: set[str] = set()

    def take(self, kind: str, place: str) -> str:
        """Return a new value of a kind that is planted at a place."""
        made = {"name": self._name, "card": self._card, "e-mail": self._address, "key": self._key}[kind]
        text = made()
        while text in self._given:
            text = made()
        self._given.add(text)
        self.planted.append(Canary(kind, text, place))
        return text

    def kinds(self) -> Counter[str]:
        """Return how many of each kind were planted."""
        return Counter(each.kind for each in self.planted)

    def _name(self) -> str:
        return next(self._names)

    def _card(self) -> str:
        digits = "4" + "".join(self._random.choices(string.digits, k=14))
        doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(digits)]
        return digits + str(-sum(each - 9 if each > 9 else each for each in doubled) % 10)

    def _address(self) -> str:
        words = "".join(self._random.choices(string.ascii_lowercase, k=7))
        return f"{words}.{self._random.choice(LAST).lower()}@{words[::-1]}.example"

    def _key(self) -> str:
        return "AKIA" + "".join(self._random.choices(string.ascii_uppercase + string.digits, k=12)) + "7Q2Z"
