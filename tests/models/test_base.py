from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from pydantic import TypeAdapter, ValidationError

from signalstream.models.base import EARLIEST, LATEST, EventTime, Model, Timestamp, Versioned, rfc3339

TIMESTAMP = TypeAdapter(Timestamp)
EVENT_TIME = TypeAdapter(EventTime)


class Kept(Versioned):
    at: Timestamp


def test_a_time_is_shown_in_utc_with_milliseconds():
    at = datetime(2026, 1, 31, 14, 0, 0, 123_456, timezone(timedelta(hours=2)))

    assert rfc3339(at) == "2026-01-31T12:00:00.123Z"
    assert Kept(at=at).model_dump_json() == '{"v":1,"at":"2026-01-31T12:00:00.123Z"}'


def test_a_time_that_was_shown_before_is_shown_the_same_whatever_its_zone():
    at = datetime(2026, 10, 25, 2, 30, 0, 999_999, ZoneInfo("Europe/Berlin"))  # the clock shows this time twice

    assert [rfc3339(each) for each in (at, at.replace(fold=1), at)] == [
        "2026-10-25T00:30:00.999Z",
        "2026-10-25T01:30:00.999Z",
        "2026-10-25T00:30:00.999Z",
    ]


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValidationError, match="timezone"):
        TIMESTAMP.validate_python(datetime(2026, 1, 31))  # noqa: DTZ001 - the zone is what is missing


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-10:00"])
def test_a_time_that_falls_off_the_calendar_in_utc_is_a_validation_error(text):
    with pytest.raises(ValidationError, match="outside of the years"):
        TIMESTAMP.validate_python(text)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", rfc3339(LATEST)])
def test_a_client_cannot_choose_a_time_whose_window_would_fall_off_the_calendar(text):
    with pytest.raises(ValidationError, match="must lie between"):
        EVENT_TIME.validate_python(text)


@pytest.mark.parametrize("at", [EARLIEST, LATEST - timedelta(microseconds=1), datetime(1969, 1, 1, tzinfo=UTC)])
def test_every_other_time_may_be_chosen(at):
    assert EVENT_TIME.validate_python(at) == at


def test_a_model_is_frozen_and_refuses_fields_that_it_does_not_know():
    with pytest.raises(ValidationError, match="frozen"):
        Kept(at=EARLIEST).at = LATEST
    with pytest.raises(ValidationError, match="extra_forbidden"):
        Kept.model_validate({"at": EARLIEST, "att": 1})


def test_a_value_of_another_version_is_refused():
    with pytest.raises(ValidationError, match="literal_error"):
        Kept.model_validate({"v": 2, "at": EARLIEST})


def test_every_model_is_a_model_of_this_base():
    assert issubclass(Versioned, Model)
