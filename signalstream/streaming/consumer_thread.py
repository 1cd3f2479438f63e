"""What fetches: Faust's consumer thread, paced, with a shorter longest wait, a lease, and a life after errors.

It is a thread by name only, unless fast paths are off: see one_loop.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import structlog
from aiokafka.errors import TopicAuthorizationFailedError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from signalstream.streaming.coordination import outlive_denied_commits, outlive_errors, remedy_of
from signalstream.streaming.lease import Lease, renew_by_membership
from signalstream.streaming.one_loop import Calls, LoopWorker
from signalstream.streaming.pacing import pace_fetches
from signalstream.streaming.predecessor import Membership, leave_for_predecessor

DENIED_SECONDS = 1.0
log = structlog.get_logger()


class Poll(NamedTuple):
    """What a partition's newest answered fetch said: where the next begins, where the log ends, and when (Unix ms)."""

    position: int
    end: int
    polled_ms: int


class PatientThread(driver.AIOKafkaConsumerThread):
    """Faust's consumer thread, with paced fetches, and with the longest wait of an empty one as a setting.

    Upstream fixes that wait at 1.5 s. The embedded broker answers an empty fetch only when it is over, which then
    delays every hop of a message.

    With fast paths the consumer runs on the loop that made it.
    """

    def __init__(self, consumer: Any, *, loop: asyncio.AbstractEventLoop, **kwargs: Any) -> None:
        self._calls = Calls() if consumer.app.fast_paths else None
        here: dict[str, Any] = {"thread_loop": loop, "Worker": LoopWorker} if self._calls else {}
        super().__init__(consumer, loop=loop, **here, **kwargs)
        self.lease = Lease(self.app.conf.broker_session_timeout)
        self._membership = Membership(Path(self.app.conf.datadir))

    async def call_thread(self, fun: Any, *args: Any, **options: Any) -> Any:
        """Run ``fun`` where the consumer runs, and return what it returns."""
        if self._calls is None:
            return await super().call_thread(fun, *args, **options)
        return await self._calls.call(fun, *args, **options)

    async def _gather_remaining_tasks(self) -> None:
        if self._calls is None:  # else they are everybody's
            await super()._gather_remaining_tasks()

    async def on_start(self) -> None:
        """Start the consumer."""
        await super().on_start()
        pace_fetches(self._consumer, self.app.pace, quick=self.app.fast_paths)
        if self.app.conf.consumer_group_instance_id is None:
            leave_for_predecessor(self._consumer, self._membership)
        renew_by_membership(self._consumer, self.lease)
        outlive_errors(self._consumer)
        outlive_denied_commits(self._consumer, self._note_denied)

    async def on_thread_stop(self) -> None:
        """Leave the group, and let go of the place in it."""
        await super().on_thread_stop()
        self._membership.release()

    async def _fetch_records(self, *args: Any, **kwargs: Any) -> Any:
        """Fetch; without the right to read a topic say so and come back to it, where upstream crashes."""
        try:
            return await super()._fetch_records(*args, **kwargs)
        except TopicAuthorizationFailedError as error:
            log.error(  # noqa: TRY400 - a traceback tells no more
                "consumer.read_denied", group=self.app.conf.id, remedy=remedy_of(error, self.app.conf.id)
            )
            await asyncio.sleep(DENIED_SECONDS)
            return {}

    def _note_denied(self, denied: bool) -> None:
        self.consumer.commit_denied = denied

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = int(self.app.fetch_wait_seconds * 1000)
        return consumer

    async def read_to(self, tps: Iterable[TP]) -> Mapping[TP, int]:
        """Return the offset that the next fetch of each partition begins at; without those that are being sought."""
        found: Mapping[TP, int] = await self.call_thread(_read_to, self._ensure_consumer(), tuple(tps))
        return found

    async def polls(self, tps: Iterable[TP]) -> Mapping[TP, Poll]:
        """Return what is known of each partition's newest fetch; nothing of one that has had no answer yet."""
        found: Mapping[TP, Poll] = await self.call_thread(_polls, self._ensure_consumer(), tuple(tps))
        return found


async def _read_to(consumer: Any, tps: Iterable[TP]) -> Mapping[TP, int]:
    assigned = consumer._subscription.subscription.assignment
    states = {tp: assigned.state_value(tp) for tp in tps} if assigned is not None else {}
    return {tp: state.position for tp, state in states.items() if state is not None and state.has_valid_position}


async def _polls(consumer: Any, tps: Iterable[TP]) -> Mapping[TP, Poll]:
    assigned = consumer._subscription.subscription.assignment
    states = {tp: assigned.state_value(tp) for tp in tps} if assigned is not None else {}
    return {
        tp: Poll(state.position, state.highwater, state.timestamp)
        for tp, state in states.items()
        if state is not None and state.has_valid_position and state.timestamp is not None
    }
