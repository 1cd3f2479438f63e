"""A Kafka consumer that delivers every record across rebalances; stock Faust 0.15.3 drops some and commits past them.

Upstream (``faust/transport/consumer.py``) treats a jump in offsets as a gap that compaction left, and counts the
offsets between as acknowledged. During a rebalance the jump is its own doing: a fetch in flight returns records
that are then thrown away, or ``perform_seek`` moves the read offset in the middle of a batch. Here:

1. each partition keeps the next offset that must be delivered. A jump is sought back, and believed only when
   it has come again SEEK_BACKS times; what lies below was delivered already. A partition without a commit is sought to
   its beginning: aiokafka leaves it wherever a fetch that was thrown away has put it;
2. a batch is stale when a seek came in between;
3. the fetcher gets a frozen copy of the active partitions: upstream passes the live set, and once a rebalance has
   emptied it the fetch means "all partitions" and eats records of paused ones;
4. a quiet consumer compares what was fetched with what was delivered: a fetch that was lost at the end of a log has
   no next record to give it away;
5. an acknowledgement from an earlier generation is ignored: its offset is being delivered again, maybe elsewhere;
6. a fetch waits a moment only while tables recover, and a consumer without partitions to read until there are some:
   upstream's second passed before the first record behind each hand-over;
7. what is done is committed before its partitions are let go: upstream forgets the acknowledgements since the last
   commit first, and the next owner does all that again before it comes to anything new. A commit waits for no other
   record's way to the broker: an acknowledged record's outputs are there already, and under load upstream's flush
   of the producer held one commit up for half a minute;
8. what was fetched of a changelog and thrown away is sought back (``dropped.py``);
9. what an agent reads goes on together: upstream lets each partition wait for itself while the agent has no room, so
   one topic went seconds ahead of another, and a wait for records did not hear of room;
10. a hand-over looks at what is in work without collecting garbage after every record (``hand_over.py``).

Drop it when upstream keeps a delivery position of its own. Related: faust-streaming #596, #606, PR #707.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, cast

from faust.transport.drivers import aiokafka as driver
from faust.types import TP, Message

from signalstream.core.changelog_tail import Look
from signalstream.streaming.consumer_thread import PatientThread
from signalstream.streaming.dropped import DroppedRecords
from signalstream.streaming.fence import FencedProducer
from signalstream.streaming.hand_over import nothing_in_work
from signalstream.streaming.lease import Lease
from signalstream.streaming.stepping import step

SEEK_BACKS = 3  # a fetch may be lost more than once around a rebalance; our own topics have no gaps but retention's
LOOK_BACK_SECONDS = 1.0  # between two looks of a quiet consumer at what was fetched and not delivered
YIELD_EVERY = 100  # records between two turns of the event loop
FETCH_SECONDS, RECOVERING_FETCH_SECONDS = 1.0, 0.1  # the longest wait for records
FULL_FETCH_SECONDS = 0.02  # the same while an agent has no room for the records of some partition


class MendedConsumer(driver.Consumer):
    """Faust's aiokafka consumer with a delivery position for each partition."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._next: dict[TP, int] = {}
        self._jumps: dict[TP, tuple[int, int, int]] = {}  # from where, to where, how often
        self._dropped = DroppedRecords()
        self._seeks = 0
        self._looked_back = 0.0
        self._resumed = asyncio.Event()
        self.commit_denied = False
        self._batches = 0  # handed on to the last record
        self.acknowledged = self.commit_count = 0
        super().__init__(*args, **kwargs)

    def _new_consumer_thread(self) -> PatientThread:
        return PatientThread(self, loop=self.loop, beacon=self.beacon)

    @property
    def lease(self) -> Lease:
        """Return until when this worker is sure of its partitions."""
        return cast("Lease", self._thread.lease)

    async def perform_seek(self) -> None:
        """Seek to the committed offsets; every batch fetched before is stale from here on."""
        self._seeks += 1
        await super().perform_seek()
        self._jumps.clear()
        self._next = {tp: offset for tp, offset in self._read_offset.items() if offset is not None}
        await self._seek_uncommitted()
        self._seeks += 1

    async def _seek_uncommitted(self) -> None:
        acked = self.app.topics.acks_enabled_for
        fresh = [tp for tp in self.assignment() if acked(tp.topic) and not self._read_offset.get(tp)]
        if fresh:
            for tp, offset in (await self.earliest_offsets(*fresh)).items():
                await self._seek(tp, offset)
                self._next[TP(*tp)] = offset

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Commit what is done, and forget the positions of partitions that may go elsewhere."""
        await self.commit_now()
        self._buffered_partitions -= revoked
        for tp in revoked:
            self._next.pop(tp, None)
            self._jumps.pop(tp, None)
        self._seeks += 1
        await super().on_partitions_revoked(revoked)

    async def commit_now(self) -> None:
        """Commit everything that is acknowledged by now; a commit under way has begun without the newest."""
        await self.maybe_wait_for_commit_to_finish()
        await self.commit()

    async def commit_and_end_transactions(self) -> None:
        """Commit everything that is acknowledged by now."""
        await self.commit_now()

    async def _commit_offsets(self, offsets: Mapping[TP, int], start_new_transaction: bool = True) -> bool:  # noqa: ARG002 - upstream's signature
        assigned = self.assignment()
        ours = {tp: offset for tp, offset in offsets.items() if tp in assigned}
        committed = bool(ours) and await self._commit(ours)
        if committed:
            self.commit_count += 1
            self.app.tables.on_commit(ours)
            self.app.monitor.on_tp_commit(ours)
        if not self.commit_denied:  # else it is tried again
            self._committed_offset.update(ours)
        return committed

    def on_buffer_full(self, tp: TP) -> None:
        """Take no records of what an agent reads while it has no room for those of one partition.

        Its topics so go on together: one that went ahead brought analyses for which the others were seconds late.
        """
        if not self.app.in_recovery and tp in self._get_active_partitions():  # it is said again for each record
            for each in self._get_active_partitions() & self._read_with(tp):
                super().on_buffer_full(each)

    def on_buffer_drop(self, tp: TP) -> None:
        """Take records again of what an agent reads once it has room."""
        if tp in self._buffered_partitions:
            for each in (self._buffered_partitions & self._read_with(tp)) - self._paused_partitions:
                super().on_buffer_drop(each)

    def _read_with(self, tp: TP) -> set[TP]:
        """Return the partitions of the topics that the same agent reads."""
        channels = (agent.channel for agent in self.app.agents.values())
        topics = next((channel.topics for channel in channels if tp.topic in channel.topics), (tp.topic,))
        return {each for each in self.assignment() if each.topic in topics} | {tp}

    def resume_partitions(self, tps: Iterable[TP]) -> None:
        """Let records of the partitions flow, and wake who waits for there to be any."""
        tps = frozenset(tps)
        self._buffered_partitions -= tps
        super().resume_partitions(tps)
        self._resumed.set()

    async def _wait_next_records(self, timeout: float) -> Any:  # noqa: ASYNC109 - upstream's signature
        if not self.flow_active:
            await self.wait(self.can_resume_flow)
        await self._seek_dropped()
        if self.flow_active and not self._get_active_partitions():
            self._resumed.clear()
            await self.wait_first(self._resumed.wait(), timeout=timeout)
            return {}, set()
        # A wait does not hear of a partition that gets room meanwhile, though its records may be here already.
        wait = min(timeout, FULL_FETCH_SECONDS) if self._buffered_partitions else timeout
        records, partitions = await super()._wait_next_records(wait)
        acked = self.app.topics.acks_enabled_for
        self._dropped.fetched({tp: batch for tp, batch in (records or {}).items() if not acked(tp.topic)})
        return records, partitions

    async def _seek_dropped(self) -> None:
        dropped = self._dropped.take(self.assignment())
        for tp, position in (await self._read_to(dropped) if dropped else {}).items():
            if position > dropped[tp]:  # else a seek has gone back further already
                await self._seek(tp, dropped[tp])

    async def _getmany(self, active_partitions: AbstractSet[TP] | None, timeout: float) -> Any:  # noqa: ASYNC109 - upstream's signature
        frozen = frozenset(active_partitions or ())
        return await super()._getmany(frozen or active_partitions, timeout)

    def done_to(self, tp: TP, end: int) -> int:
        """Return the offset that a partition is done to; before its first commit, what was delivered, or ``end``."""
        committed = self._committed_offset.get(tp)
        return self._next.get(tp, end) if committed is None else committed

    def ack(self, message: Message) -> bool:
        """Mark a message as done, unless an earlier generation delivered it."""
        if message.generation_id != self.app.consumer_generation_id:
            self.abandon(message)
            return False
        self.acknowledged += 1
        return cast("bool", super().ack(message))

    def abandon(self, message: Message) -> None:
        """Let go of a message without acknowledging it, so that a rebalance or a stop need not wait for it."""
        self._unacked_messages.discard(message)

    async def wait_empty(self) -> None:
        """Wait until nothing is in work, then commit."""
        await nothing_in_work(self)
        await self.commit_now()

    async def _drain_messages(self, fetcher: Any) -> None:
        try:
            while not (self._stopped.is_set() or fetcher._stopped.is_set()):
                await self.sleep(0)
                if not self.should_stop:
                    await self._drain_batch()
        except self.consumer_stopped_errors:
            if not self.transport.app.should_stop:
                raise
        except asyncio.CancelledError:
            if not self.transport.app.should_stop:
                raise

    async def _drain_batch(self) -> None:
        stale: set[TP] = set()
        count = 0
        async for tp, message in self.getmany(FETCH_SECONDS if self.app.is_ready else RECOVERING_FETCH_SECONDS):
            count += 1
            if count % YIELD_EVERY == 0:
                await asyncio.sleep(0)
            if tp in stale:
                continue
            if not self.app.topics.acks_enabled_for(message.topic):
                await self._deliver_changelog(tp, message)
                if self.flow_active:  # else it was cut off, perhaps
                    self._dropped.given(tp, message.offset)
                continue
            if not await self._in_order(tp, message.offset, stale):
                continue
            seeks = self._seeks
            self._next[tp] = message.offset + 1
            self._read_offset[tp] = message.offset
            await self._deliver(message)
            if self._seeks != seeks:
                stale.update(self._next)
                stale.add(tp)
        self._dropped.end_batch()
        self._batches += 1
        if not count:
            await self._look_back()

    async def looks(self, tps: Iterable[TP], waiting: int) -> Mapping[TP, Look]:
        """Return how far each partition is fetched; ``waiting`` is how many records have yet to be taken."""
        batches = self._batches
        polls = await self._thread.polls(tps)
        return {tp: Look(poll.position, poll.end, poll.polled_ms, batches, waiting) for tp, poll in polls.items()}

    async def _look_back(self) -> None:
        """Seek back to what was fetched and thrown away at the end of a log."""
        now = time.monotonic()
        if not self._next or not self.flow_active or now - self._looked_back < LOOK_BACK_SECONDS:
            return
        self._looked_back, seeks = now, self._seeks
        for tp, offset in (await self._read_to(set(self._next) & self.assignment())).items():
            if self._seeks != seeks:
                return
            expected = self._next.get(tp)  # none yet in the middle of a seek
            if expected is not None and offset > expected and await self._in_order(tp, offset, set()):
                self._next[tp] = offset  # nothing was there: retention has removed it

    async def _read_to(self, tps: Iterable[TP]) -> Mapping[TP, int]:
        return cast("Mapping[TP, int]", await self._thread.read_to(tps))

    async def _in_order(self, tp: TP, offset: int, stale: set[TP]) -> bool:
        """Say whether the record is the next to deliver; on a first jump, seek back and wait for it to come again."""
        expected = self._next.get(tp)
        if expected is None or offset == expected:
            return True
        if offset < expected:
            return False
        seen = self._jumps.get(tp)
        times = seen[2] if seen is not None and seen[:2] == (expected, offset) else 0
        if times < SEEK_BACKS:
            self._jumps[tp] = (expected, offset, times + 1)
            stale.add(tp)
            await self._seek(tp, expected)
            return False
        await self._add_gap(tp, expected, offset - 1)
        return True

    async def _deliver_changelog(self, tp: TP, message: Message) -> None:
        read = self._read_offset[tp]
        if read is None or message.offset >= read:
            await self._deliver(message)
            self._read_offset[tp] = message.offset

    async def _deliver(self, message: Message) -> None:
        rest = step(self.callback(message))
        if rest is not None:
            await self.wait_first(rest, self.suspend_flow.wait())


class MendedTransport(driver.Transport):
    """Faust's aiokafka transport with the mended consumer and the fenced producer."""

    Consumer = MendedConsumer
    Producer = FencedProducer
