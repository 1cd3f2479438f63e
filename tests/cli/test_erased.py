from __future__ import annotations

from datetime import timedelta

import pytest

from signalstream.cli.dlq_redrive import prepare
from signalstream.cli.erased import Marks
from signalstream.core.erasure import marked
from signalstream.core.sealing import UNSEALED
from signalstream.models.dead_letter import Origin
from signalstream.settings import Settings
from signalstream.streaming.values import encode
from tests.cli.letters import FAILED_AT, RAW, filed, letter

KEY = b"acme/c-1"
MARK = marked(None, FAILED_AT, 50, timedelta(days=31))


@pytest.fixture
def marks() -> Marks:
    known = Marks(Settings(_env_file=None), UNSEALED)
    known.apply(KEY, encode(MARK))
    return known


@pytest.mark.parametrize(
    ("origin", "minutes", "erased"),
    [
        (Origin(topic=RAW, partition=2, offset=49), 5, True),  # it waited, and became a letter after the erasure
        (Origin(topic=RAW, partition=2, offset=51), 5, False),
        (Origin(topic="support.conversations.state", partition=2, offset=3), -1, True),
        (Origin(topic="support.conversations.state", partition=2, offset=3), 1, False),
    ],
)
def test_a_letter_is_erased_when_its_record_came_before(
    marks: Marks, origin: Origin, minutes: int, erased: bool
) -> None:
    made = letter(minutes=minutes, origin=origin)
    assert marks.erased(made) is erased
    assert not Marks(Settings(_env_file=None), UNSEALED).erased(made)


def test_a_mark_that_has_gone_or_cannot_be_read_keeps_nothing_out(marks: Marks) -> None:
    assert (marks.generation(KEY), marks.generation(None)) == (MARK.generation, 0)
    marks.apply(KEY, b"broken")
    assert marks.generation(KEY) == 0
    marks.apply(KEY, encode(MARK))
    marks.apply(KEY, None)
    assert marks.generation(KEY) == 0


async def test_a_letter_of_an_erased_conversation_is_not_sent_and_one_is_told_what_to_do(marks: Marks) -> None:
    each = filed(0, 5, letter(origin=Origin(topic=RAW, partition=2, offset=40)))

    async def fetch(_letter: object) -> None:
        return None

    ready, [why] = await prepare([each], {RAW}, fetch, marks.erased)
    assert ready == []
    assert "erased since" in why
    assert "dlq purge" in why
