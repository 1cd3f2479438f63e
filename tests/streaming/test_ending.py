from __future__ import annotations

import pytest

from signalstream.errors import StorageError
from signalstream.streaming.ending import end_within, say


def test_a_crashed_process_that_does_not_end_by_itself_is_ended_and_says_why(
    capfd: pytest.CaptureFixture[str],
) -> None:
    codes: list[int] = []

    end_within(0.01, StorageError("the disk is full"), codes.append).join(5)

    assert codes == [1]
    assert capfd.readouterr().err == "signalstream: the disk is full\n"


def test_what_is_not_our_own_error_is_named_and_says_what_to_do(capfd: pytest.CaptureFixture[str]) -> None:
    say(ZeroDivisionError("by zero"))

    line = capfd.readouterr().err
    assert line.startswith("signalstream: this worker crashed (ZeroDivisionError('by zero'))")
    assert "start it again" in line
