from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalstream.core.erasure import ReceiptId, asks_erasure, current, is_before, marked, parse_receipt
from signalstream.core.merging import begun
from tests.core.analyses import BEGIN

KEPT = timedelta(days=31)
places = st.integers(0, 50)


def at(milliseconds: int):
    return BEGIN + timedelta(milliseconds=milliseconds)


@given(st.lists(st.tuples(places, st.integers(-5, 5)), min_size=1, max_size=12))
def test_requests_that_come_again_in_any_order_leave_the_mark_of_the_last_one(requests):
    by_place = {offset: at(offset + skew) for offset, skew in requests}  # brokers' clocks may disagree a little
    mark, seen = None, []
    for offset in sorted(by_place):
        mark = marked(mark, by_place[offset], offset, KEPT)
        seen.append(mark.generation)
    assert seen == sorted(set(seen))
    for offset, _ in requests:
        assert marked(mark, by_place[offset], offset, KEPT) is mark
    assert mark.offset == max(by_place)


@given(places, places)
def test_what_lies_before_a_request_is_erased_and_nothing_behind_it(request_at, message_at):
    mark = marked(None, at(request_at), request_at, KEPT)
    assert is_before(mark, at(message_at), message_at) is (message_at <= request_at)
    assert not is_before(None, at(message_at), message_at)


def test_a_topic_that_was_made_anew_begins_at_zero_again_and_loses_no_message_by_an_old_mark():
    mark = marked(None, BEGIN, 1_000, KEPT)
    assert is_before(mark, BEGIN, 3)
    assert not is_before(mark, BEGIN + timedelta(hours=1), 3)
    again = marked(mark, BEGIN + timedelta(hours=1), 4, KEPT)
    assert (again.offset, again.generation > mark.generation) == (4, True)


def test_a_row_of_an_earlier_generation_is_none_and_a_new_one_shows_revisions_that_nobody_has_seen():
    mark = marked(None, BEGIN, 7, KEPT)
    row = begun("acme", "c-1", mark.generation)
    assert current(begun("acme", "c-1"), mark) is None
    assert current(row, mark) is row
    assert row.revision > begun("acme", "c-1").revision + 1_000_000


def test_a_request_is_known_by_its_header():
    assert asks_erasure([("x-request-id", b"1"), ("erases", b"conversation")])
    assert not asks_erasure([("x-request-id", b"erases")])


@given(st.integers(0, 10**13), st.text(min_size=1, max_size=128).filter(str.isprintable))
def test_a_receipt_is_good_for_its_tenant_alone(milliseconds, conversation):
    receipt = ReceiptId(milliseconds, conversation)
    text = receipt.encode("acme")
    assert parse_receipt(text, "acme") == receipt
    assert parse_receipt(text, "other") is None
    assert text.isascii()


@given(st.text(max_size=80))
def test_any_other_text_is_no_receipt(text):
    assert parse_receipt(text, "acme") is None


@pytest.mark.parametrize("change", [lambda text: text[:-2], lambda text: text + "A", lambda text: "B" + text[1:]])
def test_a_changed_receipt_is_none(change):
    assert parse_receipt(change(ReceiptId(1_790_000_000_000, "c-1").encode("acme")), "acme") is None
