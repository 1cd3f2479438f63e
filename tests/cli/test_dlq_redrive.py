from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from signalstream.cli.dlq_redrive import FetchOriginal, Redrive, fetch_original, prepare
from signalstream.models.dead_letter import DeadLetter, Whole
from signalstream.streaming.dead_letters import whole
from tests.cli.letters import FAILED_AT, LETTERS, RAW, filed, letter

LARGE = b"x" * 700_000


@dataclass
class FakeRecord:
    """A record of the origin."""

    offset: int
    key: bytes | None = b"acme/c-1"
    value: bytes | None = LARGE
    headers: tuple[tuple[str, bytes], ...] = (("tenant-id", b"\xff"),)


@dataclass
class FakeOrigin:
    """A consumer of the origin, whose partition holds ``record`` and begins and ends where the test says."""

    record: FakeRecord
    begin: int = 0
    end: int = 100
    asked: list[tuple[str, int, int]] = field(default_factory=list)

    def assign(self, places: list[Any]) -> None:
        pass

    async def beginning_offsets(self, places: list[Any]) -> dict[Any, int]:
        return dict.fromkeys(places, self.begin)

    async def end_offsets(self, places: list[Any]) -> dict[Any, int]:
        return dict.fromkeys(places, self.end)

    def seek(self, place: Any, offset: int) -> None:
        self.asked.append((place.topic, place.partition, offset))

    async def getone(self) -> FakeRecord:
        return self.record


def fetch_from(origin: FakeOrigin | None) -> FetchOriginal:
    async def fetch(letter: DeadLetter) -> Any:
        return await fetch_original(letter, origin or FakeOrigin(FakeRecord(40)))

    return fetch


async def sent(each: Any, origin: FakeOrigin | None = None) -> Redrive:
    ready, refused = await prepare([each], {RAW}, fetch_from(origin))
    assert refused == []
    (record,) = ready
    return record


async def why_not(each: Any, origin: FakeOrigin | None = None, known: tuple[str, ...] = (RAW,)) -> str:
    ready, refused = await prepare([each], known, fetch_from(origin))
    assert ready == []
    (why,) = refused
    return why


def cut(of: Whole) -> Any:
    return filed(0, 5, letter(value=LARGE[:600_000], whole=of))


async def test_a_redriven_letter_is_the_original_record_with_one_header_more() -> None:
    record = await sent(LETTERS[0])
    assert (record.topic, record.key, record.value) == (RAW, b"acme/c-1", b"\xffoops")
    assert dict(record.headers) == {"correlation_id": b"req-7", "redriven": b"0-5"}


async def test_a_record_that_failed_again_names_only_the_letter_that_it_comes_from_now() -> None:
    record = await sent(filed(0, 8, letter(headers={"redriven": "0-5"})))
    assert record.headers == (("redriven", b"0-8"),)


async def test_the_key_decides_the_partition_and_a_record_without_one_returns_to_its_own() -> None:
    assert (await sent(LETTERS[0])).partition is None
    assert (await sent(filed(0, 6, letter(key=None)))).partition == 2


async def test_a_cut_letter_is_sent_whole_from_its_origin() -> None:
    origin = FakeOrigin(FakeRecord(40))
    record = await sent(cut(whole(LARGE)), origin)
    assert (record.key, record.value) == (b"acme/c-1", LARGE)
    assert record.headers == (("tenant-id", b"\xff"), ("redriven", b"0-5"))
    assert origin.asked == [(RAW, 2, 40)]


async def test_a_bare_letters_key_comes_from_its_origin_too() -> None:
    bare = filed(0, 5, letter(key=None, value=b"", whole=whole(LARGE), headers={}))
    record = await sent(bare)
    assert (record.key, record.value, record.partition) == (b"acme/c-1", LARGE, None)


@pytest.mark.parametrize(
    "origin",
    [
        FakeOrigin(FakeRecord(40), begin=41),
        FakeOrigin(FakeRecord(40), end=40),
        FakeOrigin(FakeRecord(41)),
        FakeOrigin(FakeRecord(40, value=b"y" * len(LARGE))),
        FakeOrigin(FakeRecord(40, value=LARGE[:600_000])),
        FakeOrigin(FakeRecord(40, value=None)),
    ],
    ids=["retained no more", "recreated and shorter", "compacted away", "other bytes", "other length", "no value"],
)
async def test_a_cut_letter_is_never_sent_in_part_and_the_refusal_names_its_origin(origin: FakeOrigin) -> None:
    why = await why_not(cut(whole(LARGE)), origin)
    assert all(word in why for word in ("0-5", RAW, "partition 2", "offset 40", "600000 of the 700000 bytes"))


async def test_a_letter_from_an_unknown_topic_or_without_origin_or_being_purged_is_not_sent() -> None:
    assert "SIGNALSTREAM_TOPIC_PREFIX" in await why_not(LETTERS[0], known=("other.messages.raw",))
    assert "unreadable" in await why_not(LETTERS[3])
    assert "being purged" in await why_not(replace(LETTERS[0], purged_at=FAILED_AT))


async def test_one_letter_that_cannot_be_sent_holds_up_no_other() -> None:
    ready, refused = await prepare(LETTERS, {RAW}, fetch_from(None))
    assert [record.letter.id for record in ready] == ["0-5", "1-0", "1-1"]
    assert len(refused) == 1
