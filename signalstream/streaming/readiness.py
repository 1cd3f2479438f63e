"""Ready, live, healthy: what an orchestrator and a person at 3 a.m. want to know, and the difference between them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from signalstream import __version__
from signalstream.core.condition import Condition
from signalstream.core.progress import Position, ProgressWatch
from signalstream.streaming.application import SignalApp
from signalstream.streaming.ingest import KafkaIngest

BROKER_SECONDS = 2.0
REMEMBER_BROKER_SECONDS = 1.0
WAITING = "records wait and no offset has been committed; restart this worker"
NO_NEARER = "it joins no group and reads no changelog, and so comes no nearer to being ready; restart this worker"
Probe = Callable[[], Mapping[str, object]]


@dataclass
class WorkerCondition:
    """The condition of one worker: its apps, the broker, and whatever else has a probe."""

    apps: Sequence[SignalApp]
    ingest: KafkaIngest
    probes: Mapping[str, Probe]
    stall_seconds: float = 300.0
    hand_over_seconds: float = 60.0
    remember_broker_seconds: float = REMEMBER_BROKER_SECONDS
    _watches: dict[tuple[str, str], ProgressWatch] = field(default_factory=dict)
    _started: float = field(default_factory=time.monotonic)
    _broker: tuple[float, bool] = (-REMEMBER_BROKER_SECONDS, False)

    async def ready(self) -> Condition:
        """Ready: the broker answers and every app has joined its group and recovered its tables."""
        parts: dict[str, Mapping[str, object]] = {
            "broker": {"status": "ok" if await self._broker_answers() else "unreachable"}
        }
        parts |= {app.conf.id: app_part(app) for app in self.apps}
        return Condition(all(part["status"] == "ok" for part in parts.values()), parts)

    async def health(self) -> Condition:
        """Health: everything ready says, and every probe."""
        ready = await self.ready()
        parts = {**ready.parts, **{name: probe() for name, probe in self.probes.items()}}
        parts["worker"] = {
            "status": "ok",
            "version": __version__,
            "uptime_seconds": round(time.monotonic() - self._started, 1),
        }
        return Condition(all(part["status"] == "ok" for part in parts.values()), parts)

    async def live(self) -> Condition:
        """Live: no app has crashed or stopped, and none stands still while records wait or on its way to being ready.

        A join may wait for the others' whole hand-over, so the way to being ready may stand still for longer by that.
        Without its broker a worker stands still too; a restart would not help, so that time does not count.
        """
        parts = {app.conf.id: self._vitality(app) for app in self.apps}
        if any(part["status"] == "stalled" for part in parts.values()) and not await self._broker_answers():
            parts = {app.conf.id: self._vitality(app) for app in self.apps}
        return Condition(all(part["status"] == "ok" for part in parts.values()), parts)

    def _vitality(self, app: SignalApp) -> dict[str, object]:
        if app.should_stop:
            return {"status": "stopped"}
        work, way = (app.positions(), {}) if app.is_ready else ({}, app.way_to_ready())
        stalled = self._stalled(app, "work", work, self.stall_seconds)
        stuck = self._stalled(app, "way", way, self.stall_seconds + self.hand_over_seconds)
        if not stalled and not stuck:
            return {"status": "ok"}
        reason = WAITING if stalled else NO_NEARER
        return {"status": "stalled", "reason": reason, "seconds_by_partition": stalled or stuck}

    def _stalled(self, app: SignalApp, what: str, positions: Mapping[str, Position], seconds: float) -> dict[str, int]:
        watch = self._watches.setdefault((app.conf.id, what), ProgressWatch(seconds))
        return {name: round(stood) for name, stood in watch.stalled(positions, time.monotonic()).items()}

    async def _broker_answers(self) -> bool:
        at, answered = self._broker
        if time.monotonic() - at >= self.remember_broker_seconds:
            answered = await self.ingest.reachable(BROKER_SECONDS)
            self._broker = (time.monotonic(), answered)
        if not answered:
            self._watches.clear()
        return answered


def app_part(app: SignalApp) -> dict[str, object]:
    """Describe one app: its status, and how many partitions it has been given."""
    if app.is_ready:
        return {"status": "ok", "partitions": len(app.consumer.assignment())}
    if app.should_stop:
        return {"status": "stopping"}
    if app.rebalancing or app.ready_generation is None:
        return {"status": "joining"}
    return {"status": "recovering"}
