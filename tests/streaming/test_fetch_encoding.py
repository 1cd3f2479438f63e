"""A fetch request encoded the short way has upstream's bytes, in every version that upstream speaks."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.metadata import MetadataRequest
from hypothesis import given
from hypothesis import strategies as st

from signalstream.streaming.fetch_encoding import QuickFetch, encoded

OFFSETS = st.integers(0, 2**63 - 1)
PARTITIONS = st.lists(st.tuples(st.integers(0, 1_000), OFFSETS, st.integers(1, 2**31 - 1)), max_size=12)
TOPICS = st.lists(st.tuples(st.text("ab.-é", min_size=1, max_size=20), PARTITIONS), max_size=12)


def _request(topics: list[tuple[str, list[tuple[int, int, int]]]]) -> FetchRequest:
    return FetchRequest(500, 1, 52_428_800, 0, topics, rack_id="")


@pytest.mark.parametrize("version", [each.API_VERSION for each in FetchRequest._CLASSES])
@given(topics=TOPICS)
def test_the_bytes_are_upstreams(version: int, topics: list[tuple[str, list[tuple[int, int, int]]]]) -> None:
    versions = {FetchRequest.API_KEY: (version, version)}
    expected = _request(topics).prepare(versions).encode()
    assert QuickFetch(_request(topics)).prepare(versions).encode() == expected


def test_what_has_another_shape_is_upstreams_too() -> None:
    made: Any = MetadataRequest(["turns"]).prepare({MetadataRequest.API_KEY: (1, 1)})
    assert encoded(made) == made.encode()


def test_a_request_is_gone_with_its_last_reference_and_leaves_nothing_to_the_collector() -> None:
    gc.disable()
    try:
        made = QuickFetch(_request([("turns", [(0, 1, 2)])])).prepare({FetchRequest.API_KEY: (11, 11)})
        assert made.encode()
        gone = weakref.ref(made)
        del made
        assert gone() is None
    finally:
        gc.enable()
