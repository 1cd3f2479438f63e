"""Ready, live, healthy: what an orchestrator and a person at 3 a.m. want to know, and the difference between them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from signalstream import __version__
from signalstream.core.condition import Condition
from signalstream.core.progress import ProgressWatch
from signalstream.streaming.application import SignalApp
from signalstream.streaming.ingest import KafkaIngest

BROKER_SECONDS = 2.0
REMEMBER_BROKER_SECONDS = 1.0
Probe = Callable[[], Mapping[str, object]]


@dataclass
class WorkerCondition:
    """The condition of one worker: its apps, the broker, and whatever else has a probe."""

    apps: Sequence[SignalApp]
    ingest: KafkaIngest
    probes: Mapping[str, Probe]
    stall_seconds: float = 300.0
    remember_broker_seconds: float = REMEMBER_BROKER_SECONDS
    _watches: dict[str, ProgressWatch] = field(default_factory=dict)
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
        """Live: no app has crashed or stopped, and none stands still while records wait for it.

        Without its broker a worker stands still too; a restart would not help, so that time does not count.
        """
        parts = {app.conf.id: self._vitality(app) for app in self.apps}
        if any(part["status"] == "stalled" for part in parts.values()) and not await self._broker_answers():
            parts = {app.conf.id: self._vitality(app) for app in self.apps}
        return Condition(all(part["status"] == "ok" for part in parts.values()), parts)

    def _vitality(self, app: SignalApp) -> dict[str, object]:
        if app.should_stop:
            return {"status": "stopped"}
        watch = self._watches.setdefault(app.conf.id, ProgressWatch(self.stall_seconds))
        stalled = watch.stalled(app.positions() if app.is_ready else {}, time.monotonic())
        if not stalled:
            return {"status": "ok"}
        return {
            "status": "stalled",
            "reason": "records wait and no offset has been committed; restart this worker",
            "seconds_by_partition": {name: round(seconds) for name, seconds in stalled.items()},
        }

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
