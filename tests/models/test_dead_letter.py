from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from signalstream.models.dead_letter import DeadLetter, Origin
from signalstream.streaming.values import decode, encode
from tests.core.analyses import BEGIN


@settings(deadline=None, max_examples=100)
@given(st.none() | st.binary(max_size=300), st.none() | st.binary(max_size=300))
def test_a_dead_letter_gives_the_original_bytes_back(key, value):
    letter = DeadLetter.model_construct(
        reason="undecodable",
        detail="x",
        stage="conversation",
        origin=Origin(topic="t", partition=0, offset=1),
        attempts=1,
        failed_at=BEGIN,
        key=key,
        value=value,
        headers={},
    )

    read = decode(DeadLetter, encode(letter))

    assert (read.key, read.value) == (key, value)
