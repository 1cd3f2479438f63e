from __future__ import annotations

from datetime import timedelta

import pytest

from signalstream.core.arrival import MOST_SKEW, arrived, record_time
from tests.core.analyses import BEGIN, message

HOUR = timedelta(hours=1)


@pytest.mark.parametrize("skew", [timedelta(minutes=-5), timedelta(), timedelta(minutes=5), 70_000 * HOUR])
def test_a_message_is_dated_by_the_broker_whatever_the_clock_of_its_worker(skew):
    made = message().model_copy(update={"written_at": BEGIN + skew, "received_at": BEGIN + skew})

    dated = arrived(made, BEGIN)

    assert (dated.written_at, dated.received_at) == (BEGIN, BEGIN)


@pytest.mark.parametrize("written", [BEGIN - HOUR, BEGIN + HOUR])
def test_a_time_that_the_sender_gave_is_kept(written):
    made = message().model_copy(update={"written_at": written, "received_at": BEGIN + timedelta(minutes=5)})

    assert arrived(made, BEGIN).written_at == written
    assert arrived(made, BEGIN).received_at == BEGIN


def test_a_message_that_was_held_up_keeps_its_times():
    made = message().model_copy(update={"written_at": BEGIN, "received_at": BEGIN})

    assert arrived(made, BEGIN + MOST_SKEW + HOUR) == made


def test_a_record_without_a_time_leaves_the_message_as_it_is():
    assert record_time(None) is None
    assert record_time(-1.0) is None
    assert arrived(message(), None) == message()


def test_a_records_time_is_in_utc():
    assert record_time(BEGIN.timestamp()) == BEGIN
