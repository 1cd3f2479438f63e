"""Faults from outside: the broker goes away, and what callers and orchestrators see of that is promised too."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos.probes import Probes, Seen, probing
from tests.chaos.scene import Faults, Scene
from tests.kafka.broker import KafkaBroker

PRODUCE_SECONDS = 5.0  # SIGNALSTREAM_PRODUCE_TIMEOUT_SECONDS
ANSWERED_SECONDS = PRODUCE_SECONDS + 1
READ_SECONDS = 5.0  # a question to the owner takes 3 s, one to the broker 2 s
NOTICED_SECONDS = 5.0  # until /ready is red: an answer of the broker is remembered for 1 s, a question takes 2 s
ACCEPTED_AGAIN_SECONDS = 10.0
READY_AGAIN_SECONDS = 30.0
TOLD = (503, True)  # and Retry-After says when to come again


@dataclass(frozen=True)
class Outage:
    """How the broker goes away and comes back, and how many seconds lie between."""

    away: Callable[[KafkaBroker], None]
    back: Callable[[KafkaBroker], None]
    seconds: float

    async def __call__(self, scene: Scene) -> None:
        loop = asyncio.get_running_loop()
        async with probing(scene.workers) as probes:
            await asyncio.sleep(2)
            await asyncio.to_thread(self.away, scene.broker)
            began = loop.time()
            try:
                await asyncio.sleep(self.seconds)
            finally:
                await asyncio.to_thread(self.back, scene.broker)
            over = loop.time()
            await scene.ready()
            await asyncio.sleep(2)
        for each in probes:
            _judge_posts(scene, each, began, over)
            _judge_reads(scene, each, began, over)


def _judge_posts(scene: Scene, probes: Probes, began: float, over: float) -> None:
    slowest = max(seen.seconds for seen in probes.seen["post"])
    scene.promise(slowest <= ANSWERED_SECONDS, f"a POST was answered after {slowest:.1f} s")
    told = probes.during("post", began, over - ANSWERED_SECONDS)
    scene.promise(len(told) > 1, "no POST was tried without the broker")
    wrong = [seen for seen in told if answer(seen) != (*TOLD, "urn:signalstream:problem:broker-unavailable")]
    scene.promise(not wrong, f"a POST without the broker was answered {wrong[:1]}")
    accepted = probes.first("post", 202, over)
    scene.times.accepted_after.append(float("inf") if accepted is None else accepted)
    scene.promise(scene.times.accepted_after[-1] <= ACCEPTED_AGAIN_SECONDS, f"POSTs are accepted after {accepted} s")


def _judge_reads(scene: Scene, probes: Probes, began: float, over: float) -> None:
    for kind in ("insights", "ready", "live"):
        slowest = max(seen.seconds for seen in probes.seen[kind])
        scene.promise(slowest <= READ_SECONDS, f"{kind} was answered after {slowest:.1f} s")
    dead = [seen for seen in probes.seen["live"] if seen.status != 200]
    scene.promise(not dead, f"/live would have had the worker restarted: {dead[:1]}")
    unread = [seen for seen in probes.during("insights", began) if seen.status != 200 and answer(seen)[:2] != TOLD]
    scene.promise(not unread, f"a GET was answered {unread[:1]}")
    noticed = probes.during("ready", began + NOTICED_SECONDS, over - NOTICED_SECONDS)
    scene.promise({answer(seen)[:2] for seen in noticed} == {TOLD}, "/ready was green without the broker")
    again = probes.first("ready", 200, over)
    scene.promise(again is not None and again <= READY_AGAIN_SECONDS, f"/ready is green after {again} s")


def answer(seen: Seen) -> tuple[int, bool, str | None]:
    """Return the status, whether it says when to come again, and the problem's type."""
    kind = seen.body.get("type") if isinstance(seen.body, dict) else None
    return seen.status, (seen.retry_after or "").isdigit(), kind


OUTSIDE: Faults = {
    "broker stopped": Outage(KafkaBroker.stop, KafkaBroker.start, 30.0),
    "broker frozen": Outage(KafkaBroker.pause, KafkaBroker.resume, 18.0),  # connections stay open, sessions run out
}
