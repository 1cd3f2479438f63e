"""Whether this worker can still be sure of its partitions: a lease that every answered heartbeat renews.

A worker that was frozen past its session (SIGSTOP, a suspended machine, a long pause) wakes up with full buffers and
does not know yet that others have its partitions. Upstream lets it go on until the next heartbeat tells it so; what it
writes until then lands in the changelogs behind the rows of the new owner, and the next recovery takes it for the
truth. Kafka fences such a writer with transactions only, which this project does not use.

So nobody starts on a record without a lease: a session, counted from the moment the last answered heartbeat was sent.
The broker counts from the heartbeat's arrival, which is later, so the lease ends before others may begin.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, cast

from signalstream.streaming.pool import Abandoned

LOOK_SECONDS = 0.05
# Linux stops CLOCK_MONOTONIC, which time.monotonic reads, while the machine is suspended; macOS does not.
CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def elapsed() -> float:
    """Return seconds of a clock that nobody sets and that goes on while the machine is suspended."""
    return time.clock_gettime(CLOCK)


class Lease:
    """A span of ``seconds`` that begins anew with each renewal. Before the first one there is nothing to lose."""

    def __init__(self, seconds: float, clock: Callable[[], float] = elapsed) -> None:
        self.clock = clock
        self._seconds = seconds
        self._since: float | None = None

    def renew(self, since: float) -> None:
        """Begin anew at ``since``, a reading of the clock; an earlier one than before changes nothing."""
        if self._since is None or since > self._since:
            self._since = since

    @property
    def since(self) -> float | None:
        """Return when it began anew last: at that moment the partitions were this worker's."""
        return self._since

    @property
    def held(self) -> bool:
        """Say whether it has not run out."""
        return self._since is None or self.clock() - self._since < self._seconds


async def until_held(lease: Lease, still_ours: Callable[[], bool]) -> None:
    """Return once the lease is held. Raises Abandoned when the partition has gone elsewhere meanwhile."""
    while not lease.held:
        if not still_ours():
            raise Abandoned
        await asyncio.sleep(LOOK_SECONDS)


def renew_by_membership(consumer: Any, lease: Lease) -> None:
    """Make every answered heartbeat and every join of a started ``AIOKafkaConsumer`` renew the lease.

    Each counts from when it was asked for: a worker may be frozen between the answer's arrival and its reading.
    """
    coordinator = consumer._coordinator
    beat, rejoin = coordinator._do_heartbeat, coordinator._do_rejoin_group
    joined = coordinator._on_join_complete
    asked = lease.clock()

    async def noted_beat() -> bool:
        sent = lease.clock()
        answered: bool = await beat()
        if answered:
            lease.renew(sent)
        return answered

    async def noted_rejoin(subscription: Any) -> bool:
        nonlocal asked
        asked = lease.clock()
        return cast("bool", await rejoin(subscription))

    async def noted_join(*generation: Any) -> None:
        lease.renew(asked)
        await joined(*generation)

    coordinator._do_heartbeat = noted_beat
    coordinator._do_rejoin_group = noted_rejoin
    coordinator._on_join_complete = noted_join
