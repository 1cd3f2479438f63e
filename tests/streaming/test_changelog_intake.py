from __future__ import annotations

import asyncio
from collections import Counter, defaultdict, deque
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from signalstream.errors import StorageError
from signalstream.streaming.changelog_intake import ChangelogIntake

OWN, COPY, STRANGER = TP("rows-changelog", 0), TP("rows-changelog", 1), TP("rows-changelog", 2)
BUFFERED = 3


class RecordingTable:
    """Takes batches as Faust's table does; ``fault`` is raised instead."""

    recovery_buffer_size = BUFFERED
    fault: Exception | None = None

    def __init__(self) -> None:
        self.stored: list[tuple[TP, int]] = []

    def apply_changelog_batch(self, batch: Any) -> None:
        if self.fault is not None:
            raise self.fault
        self.stored += [(event.message.tp, event.message.offset) for event in batch]


class OfflineIntake(ChangelogIntake):
    """The intake over a queue in memory: nothing of a broker, of an app or of a disk."""

    def __init__(self, end: int) -> None:
        self.table = RecordingTable()
        self.queue: asyncio.Queue[Any] = asyncio.Queue()
        self.ended = False
        self.told: list[str] = []
        self.tables = SimpleNamespace(
            changelog_queue=self.queue, standbys_ready=False, on_standbys_ready=lambda: self.told.append("standbys")
        )
        self.active_tps, self.standby_tps = {OWN}, {COPY}
        self.tp_to_table = {OWN: self.table, COPY: self.table}
        self.active_highwaters, self.active_offsets = Counter({OWN: end}), Counter({OWN: -1})
        self.standby_highwaters, self.standby_offsets = Counter({COPY: end}), Counter({COPY: -1})
        self.buffers: Any = defaultdict(list)
        self._active_events_received_at: dict[TP, float] = {}
        self._standby_events_received_at: dict[TP, float] = {}
        self._processing_times = deque()
        self.app = SimpleNamespace()  # type: ignore[assignment]
        self.in_recovery = True
        self.stopping = False
        self._signal_recovery_end = asyncio.Event()

    @property
    def should_stop(self) -> bool:
        return self.stopping

    def _set_recovery_ended(self) -> None:
        self.in_recovery, self.ended = False, True

    def take(self, *records: tuple[TP, int]) -> None:
        for tp, offset in records:
            self._take_in(SimpleNamespace(message=SimpleNamespace(tp=tp, offset=offset)))
        self._end_when_level()


def test_recovery_ends_when_the_last_record_is_in_the_table_and_not_before() -> None:
    intake = OfflineIntake(end=4)

    intake.take(*((OWN, offset) for offset in range(4)))
    assert (intake.ended, intake.table.stored) == (False, [(OWN, 0), (OWN, 1), (OWN, 2)])
    intake.take((OWN, 4))

    assert (intake.ended, intake.table.stored) == (True, [(OWN, offset) for offset in range(5)])


def test_a_record_of_a_partition_that_is_no_longer_ours_goes_into_no_table() -> None:
    intake = OfflineIntake(end=0)

    intake.take((STRANGER, 0), (OWN, 0))

    assert intake.table.stored == [(OWN, 0)]


def test_standbys_are_ready_when_the_copies_are_level() -> None:
    intake = OfflineIntake(end=1)

    intake.take((COPY, 0))
    assert intake.told == []
    intake.take((COPY, 1))

    assert intake.told == ["standbys"]


@given(st.lists(st.tuples(st.sampled_from([OWN, COPY]), st.integers(0, 9)), max_size=60))
def test_whatever_comes_twice_or_late_each_partition_only_goes_forward(records: list[tuple[TP, int]]) -> None:
    intake = OfflineIntake(end=9)

    intake.take(*records)
    intake.flush_buffers()

    for tp in (OWN, COPY):
        stored = [offset for each, offset in intake.table.stored if each == tp]
        assert stored == sorted(set(stored))
        assert max(stored, default=-1) == max((offset for each, offset in records if each == tp), default=-1)


def test_a_row_that_cannot_be_stored_ends_the_recovery_with_the_fault() -> None:
    intake = OfflineIntake(end=9)
    intake.table.fault = StorageError("the disk is full")

    with pytest.raises(StorageError):
        intake.take(*((OWN, offset) for offset in range(BUFFERED)))


async def test_all_that_has_come_is_taken_in_one_turn() -> None:
    intake = OfflineIntake(end=50)
    for offset in range(51):
        intake.queue.put_nowait(SimpleNamespace(message=SimpleNamespace(tp=OWN, offset=offset)))

    reading = asyncio.ensure_future(ChangelogIntake._slurp_changelogs.fun(intake))
    await asyncio.sleep(0)
    assert intake.ended
    await asyncio.sleep(0)
    intake.queue.put_nowait(SimpleNamespace(message=SimpleNamespace(tp=COPY, offset=0)))
    intake.stopping = True
    await reading

    assert intake.signal_recovery_end.is_set(), "who begins to wait only now hears of it too"


def test_the_next_recovery_begins_without_the_word_of_the_last() -> None:
    intake = OfflineIntake(end=0)
    intake.take((OWN, 0))

    assert intake.signal_recovery_end.is_set()
    intake._set_recovery_started()

    assert intake.in_recovery
    assert not intake.signal_recovery_end.is_set()
