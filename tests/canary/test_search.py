from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.canary.search import CHUNK_BYTES, Needles
from tests.canary.values import KINDS, Canary, Supply, groups_of


def planted(kind: str) -> Canary:
    supply = Supply()
    supply.take(kind, "here")
    return supply.planted[0]


@pytest.mark.parametrize("kind", KINDS)
@given(before=st.binary(max_size=50), after=st.binary(max_size=50))
def test_a_value_is_found_wherever_it_stands_and_however_it_is_written(kind: str, before: bytes, after: bytes) -> None:
    canary = planted(kind)
    needles = Needles([canary])
    plain = canary.text.encode()
    for written in (plain, quote(canary.text, safe="").encode()):
        assert needles.found(before + written + after) == {canary}
    assert needles.found(base64.b64encode(before + plain + after)) == {canary}


def test_a_card_is_found_in_groups_and_an_address_in_capitals() -> None:
    card, address = planted("card"), planted("e-mail")
    needles = Needles([card, address])
    assert needles.found(f"x {'-'.join(groups_of(card.text))} {' '.join(groups_of(card.text))}".encode()) == {card}
    assert needles.found(address.text.upper().encode()) == {address}


def test_a_value_across_the_border_of_two_chunks_is_found() -> None:
    canary = planted("name")
    for at in (CHUNK_BYTES - 5, CHUNK_BYTES - 1, CHUNK_BYTES):
        assert Needles([canary]).found(bytes(at) + canary.text.encode()) == {canary}


@given(st.binary(max_size=300))
def test_nothing_is_found_where_nothing_stands(data: bytes) -> None:
    supply = Supply()
    for kind in KINDS:
        for _ in range(20):
            supply.take(kind, "here")
    assert Needles(supply.planted).found(data) == {each for each in supply.planted if each.text.encode() in data}


def test_a_thousand_values_are_a_thousand_and_each_is_good_for_its_kind() -> None:
    supply = Supply()
    for number in range(1_000):
        supply.take(KINDS[number % 4], "here")
    assert len({each.text for each in supply.planted}) == 1_000
    for canary in supply.planted:
        if canary.kind == "card":
            digits = [int(digit) for digit in canary.text]
            doubled = [2 * digit for digit in digits[::2]]
            assert (sum(each - 9 if each > 9 else each for each in doubled) + sum(digits[1::2])) % 10 == 0
    assert Supply(seed=1).take("key", "here") != Supply(seed=2).take("key", "here")
