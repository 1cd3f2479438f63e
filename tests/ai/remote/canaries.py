"""Messages with planted personal data: made by a seed, every number valid, in several languages."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from stdnum import iban, luhn

Maker = Callable[[random.Random], str]

TEMPLATES: dict[str, tuple[str, ...]] = {
    "email": (
        "Please write to {} instead.",
        "Bitte schreiben Sie an {}.",
        "Mi correo es {} desde hoy.",
        "Mon adresse est {}, merci.",
        "La mia e-mail: {}",
    ),
    "card": (
        "My card {} was charged twice!",
        "Meine Karte {} wurde doppelt belastet.",
        "Mi tarjeta {} fue cobrada dos veces.",
        "Ma carte {} a été débitée deux fois.",
        "O cartão {} foi cobrado.",
    ),
    "iban": (
        "Refund it to {} please.",
        "Bitte überweisen Sie auf {}.",
        "Devuélvanlo a {} por favor.",
        "Remboursez sur {} svp.",
    ),
    "ssn": ("My SSN is {}.", "social security number: {}", "They asked for my SSN {} again."),
    "phone": (
        "Call me at {} tonight.",
        "Rufen Sie mich unter {} an.",
        "Llámeme al {} mañana.",
        "Appelez-moi au {} demain.",
    ),
    "key": ("The API key {} does not work.", "api key: {}", "Der API-Key {} geht nicht."),
    "ip": ("I log in from IP address {} always.", "Meine IP-Adresse ist {}", "IP: {} is blocked"),
}


def _digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choices("0123456789", k=count))


def _email(rng: random.Random) -> str:
    name = "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=7))
    return f"{name}.{_digits(rng, 3)}@{rng.choice(['mail', 'post', 'firma'])}{_digits(rng, 2)}.example.com"


def _card(rng: random.Random) -> str:
    body = rng.choice(["4", "51", "55"]) + _digits(rng, 13)
    body = body[:15].ljust(15, "7")
    whole = f"{body}{luhn.calc_check_digit(body)}"
    return rng.choice(
        [
            whole,
            " ".join(whole[at : at + 4] for at in range(0, 16, 4)),
            whole[:4] + "-" + whole[4:8] + "-" + whole[8:12] + "-" + whole[12:],
        ]
    )


def _iban(rng: random.Random) -> str:
    account = f"DE00{_digits(rng, 18)}"
    whole = f"DE{iban.calc_check_digits(account)}{account[4:]}"
    return rng.choice([whole, str(iban.format(whole))])


def _ssn(rng: random.Random) -> str:
    return f"{rng.randint(100, 665):03d}-{rng.randint(10, 99)}-{rng.randint(1000, 9999)}"


def _phone(rng: random.Random) -> str:
    return rng.choice(
        [
            f"+49 30 {rng.randint(2, 9)}{_digits(rng, 6)}",
            f"+1 206 555 01{rng.randint(10, 99)}",
            f"+33 6 {rng.randint(10, 99)} {rng.randint(10, 99)} {rng.randint(10, 99)} {rng.randint(10, 99)}",
            f"+34 6{rng.randint(10, 99)} {rng.randint(100, 999)} {rng.randint(100, 999)}",
            f"+44 7700 900{rng.randint(100, 999)}",
        ]
    )


def _key(rng: random.Random) -> str:
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ234567"
    if rng.random() < 0.5:
        return "AKIA" + "".join(rng.choices(letters, k=16))
    return "ghp_" + "".join(rng.choices(letters + letters.lower(), k=36))


def _ip(rng: random.Random) -> str:
    return f"203.0.{rng.randint(1, 254)}.{rng.randint(1, 254)}"


MAKERS: dict[str, Maker] = {
    "email": _email,
    "card": _card,
    "iban": _iban,
    "ssn": _ssn,
    "phone": _phone,
    "key": _key,
    "ip": _ip,
}


@dataclass(frozen=True)
class Planted:
    """A text and the values in it."""

    text: str
    values: tuple[str, ...]


def planted(count: int, per_text: int, seed: int) -> list[Planted]:
    """Return texts that hold ``count`` different values in all, ``per_text`` in each."""
    rng = random.Random(seed)
    values: dict[str, str] = {}
    kinds = list(MAKERS)
    while len(values) < count:
        kind = kinds[len(values) % len(kinds)]
        values.setdefault(MAKERS[kind](rng), kind)
    pairs = list(values.items())
    texts = []
    for at in range(0, count, per_text):
        some = pairs[at : at + per_text]
        said = " ".join(rng.choice(TEMPLATES[kind]).format(value) for value, kind in some)
        texts.append(Planted(said, tuple(value for value, _ in some)))
    return texts
