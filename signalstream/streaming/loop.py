"""The loop that every agent shares: read without automatic acknowledgement, submit to the ordered pool."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from signalstream.core.sealing import UNSEALED, Sealer
from signalstream.streaming.application import SignalApp
from signalstream.streaming.delivery import Stage
from signalstream.streaming.lease import until_held
from signalstream.streaming.pool import MOST_TOGETHER, Abandoned, OrderedPool
from signalstream.streaming.values import sealable

log = structlog.get_logger()
Step = Callable[[Any], Awaitable[None]]


def run_agent(
    app: SignalApp,
    stage: Stage,
    topics: tuple[str, ...],
    step: Step,
    *,
    in_flight: int,
    read_ahead: int = 0,
    together: Callable[[list[Any]], Awaitable[None]] | None = None,
    enough: int = MOST_TOGETHER,
    exhausted: Callable[[Any, str], Awaitable[None]] | None = None,
    yields: bool = False,
    in_order: bool = True,
    sealer: Sealer = UNSEALED,
) -> None:
    """Register an agent on ``app`` that runs ``step`` on every record of ``topics``; see Stage for failures.

    A step begins only while the worker is sure of its partitions (lease.py), and none begins while they are handed
    over: a backlog in flight would hold up everyone. Of ``read_ahead`` records at most, ``in_flight`` are worked on at
    once, and tenants take turns; no more than those in flight are read by default. With ``together``, records of one
    key that have piled up are given to it at once; the first of them waits for ``enough``, not for long. One that
    ``yields`` is cut short when partitions are handed over and it does not end by itself: for slow steps that keep
    nothing of their own. Not ``in_order``, records of one key are worked on at once: for steps that know of no order,
    as a merge by maximum has none. Before a step, ``sealer`` has the key for what it may write.
    """
    gate = Gate(app, sealer)

    async def agent(stream: Any) -> None:
        source = stream.noack()
        pool: OrderedPool[Any] = OrderedPool(
            _ack(app), _abandon(app), app.crash, in_flight, ahead=read_ahead, enough=enough, tenant=_tenant
        )

        if yields:
            app.hand_over_callbacks.append(pool.let_go)

        async def sure(event: Any) -> None:
            if not gate.is_open(event):
                await gate.opened(event)
            await step(event)

        async def sure_together(events: list[Any]) -> None:
            assert together is not None
            if not gate.is_open(events[-1]):
                await gate.opened(events[-1])
            await together(events)

        def work(event: Any) -> Awaitable[None]:
            return stage.process(event, sure, exhausted)

        def batch(events: list[Any]) -> Awaitable[None]:
            return stage.process_together(events, sure_together, sure)

        async for event in source.events():
            await pool.submit(event, work, batch if together else None, in_order=in_order)

    channel = app.topic(*topics, key_serializer="raw", value_serializer="raw", maxsize=app.conf.stream_buffer_maxsize)
    app.agent(channel, name=stage.name)(agent)


class Gate:
    """What must be so before a step begins on an event; it is, for nearly every one."""

    def __init__(self, app: SignalApp, sealer: Sealer) -> None:
        self._app = app
        self._sealer = sealer
        self._ours = still_ours(app)

    def is_open(self, event: Any) -> bool:
        """Say whether a step may begin at once."""
        app = self._app
        return not app.handing_over and app.consumer.lease.held and self._sealer.is_ready(event.message.key)

    async def opened(self, event: Any) -> None:
        """Return once a step may begin. Raises Abandoned, and as ``Sealer.prepare``."""
        if self._app.handing_over:  # others wait for what has begun, and will do this anyway
            raise Abandoned
        await sealable(self._sealer, event.message.key)
        await until_held(self._app.consumer.lease, lambda: self._ours(event))


def still_ours(app: SignalApp) -> Callable[[Any], bool]:
    """Return a test of whether an event's partition is still this worker's, in the generation that delivered it.

    ``app.rebalancing`` would say no to the first records of a new generation: it falls a little after they flow.
    """

    def test(event: Any) -> bool:
        same: bool = event.message.generation_id == app.consumer_generation_id
        return same and not app.handing_over and not app.should_stop

    return test


def _tenant(event: Any) -> bytes:
    # Of any key, also of one that no part of this program writes: whoever sends such ones waits as one tenant.
    tenant: bytes = (event.message.key or b"").partition(b"/")[0]
    return tenant


def _ack(app: SignalApp) -> Callable[[Any], object]:
    def ack(event: Any) -> None:
        event.message.ack(app.consumer)

    return ack


def _abandon(app: SignalApp) -> Callable[[Any], None]:
    def abandon(event: Any) -> None:
        log.debug("record.abandoned", topic=event.message.topic, offset=event.message.offset)
        app.consumer.abandon(event.message)

    return abandon
