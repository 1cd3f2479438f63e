from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from signalstream.cli.dlq_choice import Choice, moment, ordered, select
from signalstream.errors import ConfigurationError
from tests.cli.letters import FAILED_AT, LETTERS

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("choice", "chosen"),
    [
        ({}, ["0-5", "1-0", "1-1", "3-9"]),
        ({"ids": ["1-1", "0-5", "1-1"]}, ["1-1", "0-5"]),
        ({"reason": "exhausted"}, ["1-0", "1-1"]),
        ({"reason": "exhausted", "stage": "pii"}, ["1-0"]),
        ({"tenant": "zeta"}, ["1-1"]),
        ({"tenant": "zet"}, []),
        ({"tenant": "acme", "reason": "exhausted"}, ["1-0"]),
        ({"since": FAILED_AT + MINUTE}, ["1-0", "1-1"]),
        ({"until": FAILED_AT + MINUTE}, ["0-5", "3-9"]),
        ({"since": FAILED_AT + MINUTE, "until": FAILED_AT + 2 * MINUTE}, ["1-0"]),
        ({"ids": ["0-5"], "stage": "pii"}, []),
    ],
)
def test_letters_are_chosen_by_id_reason_agent_tenant_and_time(choice: dict[str, Any], chosen: list[str]) -> None:
    assert [each.id for each in select(LETTERS, Choice(**choice))] == chosen
    assert Choice(**choice).is_narrow() == bool(choice)


@pytest.mark.parametrize("name", ["7", "0-99", "a-b", "--all", "0-5 "])
def test_an_id_that_is_not_there_is_an_error_that_names_it(name: str) -> None:
    with pytest.raises(ConfigurationError, match="dlq list"):
        select(LETTERS, Choice(ids=[name]))


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2h", FAILED_AT - timedelta(hours=2)),
        ("90s", FAILED_AT - timedelta(seconds=90)),
        ("30 m", FAILED_AT - timedelta(minutes=30)),
        ("7d", FAILED_AT - timedelta(days=7)),
        ("2w", FAILED_AT - timedelta(weeks=2)),
        ("2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T13:00:00+01:00", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T12:00", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        (None, None),
    ],
)
def test_a_time_is_said_as_a_moment_or_as_a_span_before_now(text: str | None, time: datetime | None) -> None:
    assert moment("--since", text, FAILED_AT) == time


@pytest.mark.parametrize("text", ["", "yesterday", "2x", "h", "-2h", "2026-13-01", "999999w"])
def test_a_time_that_is_none_is_an_error_with_examples(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"--until: .*2026-01-31T12:00:00Z.*2h"):
        moment("--until", text, FAILED_AT)


def test_a_span_that_ends_before_it_begins_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match="--since is not before --until"):
        ordered(Choice(since=FAILED_AT, until=FAILED_AT))
    assert ordered(Choice(since=FAILED_AT, until=FAILED_AT + MINUTE)).since == FAILED_AT
