"""Table recovery that seeks before it resumes, that comes to an end, and that says when it is done.

Upstream (``faust/tables/recovery.py``), and what is different here:

1. it resumes the stream partitions and then seeks them to the committed offsets, while the flow is active because
   changelogs are being read: records are delivered from the wrong place in between (see ``consumer.py``). Here the
   seek comes first;
2. it waits for the record before a changelog's end, which compaction or a transaction may have left out (#176, #597).
   Here the end of the log counts as reached when fetches have brought nothing more (``core/changelog_tail.py``), twice;
3. local rows that go further than their changelog end the worker (#158). Here they are set aside and read anew;
4. a standby's records wait until a thousand have come (#212), and its counters outlive the assignment. Here they are
   applied several times a second, the counters begin anew, and the age of each copy is known (``core/copies.py``).

Drop each when upstream does the same.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from aiokafka.errors import IllegalStateError
from faust.exceptions import ConsumerNotStarted
from faust.tables.manager import TableManager
from faust.types import TP
from mode import Service

from signalstream.core.changelog_tail import Look, TailWatch
from signalstream.core.copies import Copies
from signalstream.streaming.changelog_intake import ChangelogIntake
from signalstream.streaming.lease import elapsed
from signalstream.streaming.set_aside import set_aside

LOOK_SECONDS = 0.25  # between two looks at how far the changelogs are read
AHEAD = (
    "The local rows of table %s, partition %s, go to offset %s, but their changelog %s ends at %s: the topic was made "
    "anew or has lost records. The rows were set aside as %s and are read anew from the topic. Compare them if rows "
    "are missing; remove that directory when nothing is."
)


class MendedRecovery(ChangelogIntake):
    """Faust's recovery with the last steps in the safe order, and without its ways to wait for ever."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.copies: Copies[TP] = Copies()
        self._tails: TailWatch[TP] = TailWatch()
        self._read_again: dict[TP, int] = {}  # from behind which offset, because nothing more came
        super().__init__(*args, **options)

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Take on the new assignment; nothing of an earlier one is left."""
        self.buffer_sizes.clear()
        self.standby_highwaters.clear()
        self.standby_offsets.clear()
        self._tails = TailWatch()
        self._read_again.clear()
        await super().on_rebalance(assigned, revoked, newly_assigned, generation_id)
        self.copies.keep(self.active_tps | self.standby_tps)

    async def _build_offsets(self, consumer: Any, tps: set[TP], destination: Any, title: str) -> None:
        known = {tp: destination[tp] for tp in tps if destination.get(tp) is not None}
        ends = await consumer.highwaters(*known) if known else {}
        for tp, offset in known.items():
            if ends.get(tp) is not None and offset >= ends[tp]:
                self._begin_anew(tp, offset, ends[tp])
                destination[tp] = None
        await super()._build_offsets(consumer, tps, destination, title)
        if title == "active":
            self.log.info("Changelog records to read before this worker is ready: %s", self.active_remaining_total())

    def _begin_anew(self, tp: TP, offset: int, end: int) -> None:
        table: Any = self.tp_to_table[tp]
        self.copies.forget(tp)
        aside = set_aside(table.data, tp.partition)
        self.log.error(AHEAD, table.name, tp.partition, offset, tp.topic, end, aside)

    @Service.task  # type: ignore[untyped-decorator]  # mode's decorators have no types
    async def _look_at_changelogs(self) -> None:
        while not self.should_stop:
            await self.sleep(LOOK_SECONDS)
            try:
                await self._look()
            except (
                ConsumerNotStarted,
                AssertionError,
                IllegalStateError,
            ):  # a rebalance took the assignment away in the middle of it
                self._tails = TailWatch()

    async def _look(self) -> None:
        reading = (self.active_tps | self.standby_tps) & self.app.consumer._get_active_partitions()
        looks = await self.app.consumer.looks(reading, self.tables.changelog_queue.qsize()) if reading else {}
        looks = {tp: look for tp, look in looks.items() if self._offsets_of(tp) is not None}  # a rebalance came between
        self._saw(looks)
        self._owned()
        for tp, end in self._tails.exhausted(looks).items():
            await self._pass_tail(tp, end)
        self.flush_buffers()
        for tp in looks:
            applied = self._applied(tp)
            if applied is not None:
                self.copies.applied(tp, applied + 1)
        if self.in_recovery and looks and not self.need_recovery():
            self.signal_recovery_end.set()

    def _saw(self, looks: Mapping[TP, Look]) -> None:
        now, wall = elapsed(), time.time()
        for tp, look in looks.items():
            self.copies.saw_end(tp, look.end, now - max(0.0, wall - look.polled_ms / 1000))

    def _owned(self) -> None:
        since = self.app.consumer.lease.since
        if self.app.is_ready and since is not None:
            for tp in self.active_tps:
                self.copies.owned(tp, since)

    def _applied(self, tp: TP) -> int | None:
        offsets = self._offsets_of(tp)
        return None if offsets is None else offsets.get(tp)

    async def _pass_tail(self, tp: TP, end: int) -> None:
        applied = self._applied(tp)
        if applied is None or applied >= end - 1:
            return
        if self._read_again.get(tp) != applied:  # a fetch may have been lost
            self._read_again[tp] = applied
            self._tails = TailWatch()
            await self.app.consumer.seek_wait({tp: applied + 1})
        else:
            self.flush_buffers()  # before the offset is kept
            self._offsets_of(tp)[tp] = end - 1
            self.tp_to_table[tp].data.set_persisted_offset(tp, end - 1)
            self.log.info("No record is left in %s-%s from %s to its end %s", tp.topic, tp.partition, applied + 1, end)

    async def _resume_streams(self, generation_id: int = 0) -> None:
        await self.app.on_rebalance_complete.send()
        if await self._seek_and_resume(generation_id):
            self.tables.on_actives_ready()
            self.tables.on_standbys_ready()
            self._finish(generation_id)

    async def on_recovery_completed(self, generation_id: int = 0) -> None:
        """Seek the stream partitions, let them flow, and tell the app that it is ready."""
        await self.app.on_rebalance_complete.send()
        self._set_recovery_ended()
        await self._tell_tables()
        if await self._seek_and_resume(generation_id):
            self.tables.on_actives_ready()
            if not self.app.assignor.assigned_standbys():
                self.tables.on_standbys_ready()
            self._finish(generation_id)

    async def _tell_tables(self) -> None:
        told = [
            asyncio.ensure_future(
                table.on_recovery_completed(self.actives_for_table[table], self.standbys_for_table[table])
            )
            for table in self.tables.values()
        ]
        if told:
            await asyncio.wait(told)

    async def _seek_and_resume(self, generation_id: int) -> bool:
        consumer = self.app.consumer
        assignment = consumer.assignment()
        if self._overtaken(generation_id):
            return False
        if assignment:
            await self._wait(consumer.perform_seek(), timeout=self.app.conf.broker_request_timeout)
        if self._overtaken(generation_id):
            return False
        consumer.resume_partitions({tp for tp in assignment if not self._is_changelog_tp(tp)})
        self.completed.set()
        self.take_in_waiting()
        self.app.flow_control.resume()
        consumer.resume_flow()
        await self.app._fetcher.maybe_start()
        return True

    def _overtaken(self, generation_id: int) -> bool:
        overtaken: bool = self.app.consumer_generation_id != generation_id
        if overtaken:
            self.log.warning("another rebalance began before recovery ended; starting over")
        return overtaken

    def _finish(self, generation_id: int) -> None:
        self.app.on_rebalance_end()
        self.app.on_recovered(generation_id)
        self.log.info("Worker ready")


class MendedTableManager(TableManager):
    """Faust's table manager (the name is theirs) with the mended recovery."""

    _recovery: Any

    @property
    def recovery(self) -> Any:
        """Return the recovery service, made on first use."""
        if self._recovery is None:
            self._recovery = MendedRecovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return self._recovery

    async def on_start(self) -> None:
        """Start the recovery.

        Upstream sleeps a second first, for tables that are declared late; here all are declared before anything starts.
        """
        await self._update_channels()
        await self.recovery.start()
