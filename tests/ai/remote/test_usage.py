from __future__ import annotations

import asyncio
from typing import Any

import pytest

from signalstream.ai.remote.provider import Tokens
from signalstream.ai.remote.usage import FAULT, KINDS, OUTCOMES, Usage, kind_of
from signalstream.errors import AnalystError, AnalystNoBudgetError, AnalystRateLimitedError, AnalystWithheldError


def error_of(kind: type[BaseException]) -> BaseException:
    return kind("why", 1.0) if kind in {AnalystRateLimitedError, AnalystNoBudgetError} else kind("why")


@pytest.mark.parametrize(("kind", "name"), KINDS)
def test_each_kind_of_end_has_a_count_of_its_own(kind: type[BaseException], name: str) -> None:
    usage = Usage()
    with pytest.raises(kind), usage.call(), usage.attempt():
        raise error_of(kind)

    assert usage.calls == usage.attempts == {name: 1}
    assert usage.in_flight == 0


@pytest.mark.parametrize("error", [ZeroDivisionError(), AnalystError("bare"), AnalystWithheldError("not sent")])
def test_what_nobody_foresaw_is_a_fault(error: Exception) -> None:
    assert kind_of(error) == FAULT


def test_an_attempt_is_in_flight_until_it_ends() -> None:
    usage = Usage()
    with usage.attempt(), usage.attempt():
        assert usage.condition()["in_flight"] == 2
    assert usage.condition()["in_flight"] == 0


def test_every_outcome_is_shown_from_the_start() -> None:
    shown: Any = Usage().condition()
    assert set(shown["calls"]) == set(shown["attempts"]) == set(OUTCOMES)
    assert not any(shown["calls"].values())


def test_tokens_and_answers_add_up() -> None:
    usage = Usage()
    for _ in range(3):
        usage.spent(Tokens(10, 4))
        usage.answered(0.5)

    shown: Any = usage.condition()
    assert shown["tokens"] == {"prompt": 30, "output": 12}
    assert (shown["answer_seconds"]["count"], shown["answer_seconds"]["sum"]) == (3, 1.5)
    assert 0 < usage.typical_seconds < 0.55


def test_a_cancelled_call_is_told_from_one_that_failed() -> None:
    assert kind_of(asyncio.CancelledError()) == "cancelled"
