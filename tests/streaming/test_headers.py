from __future__ import annotations

import pytest

from signalstream.core.clock import SystemClock
from signalstream.errors import UndecodableError
from signalstream.models.agents import ADDRESSED
from signalstream.models.erasure import ERASES
from signalstream.streaming.delivery import Stage, message_headers
from signalstream.streaming.headers import own_headers
from tests.fakes import RecordingOutbox
from tests.streaming.events import event


def test_the_headers_that_a_message_starts_with_travel_on() -> None:
    headers = message_headers("r-1", "acme")
    assert own_headers(headers) == headers
    later = [(ADDRESSED, b"sentiment,pii"), (ERASES, b"idle"), ("redriven", b"0-5"), ("filed", b"3-17")]
    assert own_headers(later) == later


@pytest.mark.parametrize("content", [b"jo@example.com", b"Jo Doe", b"a\r\nb", b"\xff", b"", b"x" * 257])
def test_what_is_no_plain_word_does_not_travel_on_under_our_names_either(content: bytes) -> None:
    assert own_headers([("x-request-id", content), ("tenant-id", content)]) == []


def test_headers_of_other_programs_do_not_travel_on() -> None:
    assert own_headers([("note", b"4111111111111111"), ("x-request-id", b"r-1")]) == [("x-request-id", b"r-1")]


@pytest.mark.parametrize("key", [b"4111111111111111", b"jo@example.com", b"Jo Doe/c-1", b"\xff"])
async def test_a_key_that_no_part_of_this_program_wrote_is_kept_in_the_letter_alone(key: bytes) -> None:
    outbox = RecordingOutbox()
    stage = Stage("conversation", outbox, "dlq", 1, SystemClock(), lambda _: True)

    async def refuse(_event: object) -> None:
        raise UndecodableError("no")

    await stage.process(event(b"{}", key=key), refuse)

    [sent] = outbox.sent
    assert sent.key == b""
    assert sent.value is not None
    assert key not in sent.value
