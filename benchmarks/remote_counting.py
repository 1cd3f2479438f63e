"""What happens during a row of the remote model: what the stand-in sees, and where the CPU time goes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from benchmarks.stand_in import StandIn


@dataclass(frozen=True)
class Cpu:
    """Seconds of CPU time; those of the machine are of everything that runs on it."""

    workers: float = 0.0
    broker: float = 0.0
    stand_in: float = 0.0
    machine: float = 0.0

    def __sub__(self, before: Cpu) -> Cpu:
        """Return what was used since."""
        return Cpu(
            self.workers - before.workers,
            self.broker - before.broker,
            self.stand_in - before.stand_in,
            self.machine - before.machine,
        )

    @property
    def others(self) -> float:
        """Return what the rest of the machine used, the load's generator included."""
        return max(0.0, self.machine - self.workers - self.broker - self.stand_in)


class Counts(Protocol):
    """What is needed of a scene."""

    stand_in: StandIn

    def cpu(self) -> Cpu:
        """Return the CPU time that each part has used so far."""
        ...


@dataclass(frozen=True)
class Counted:
    """What the stand-in counted between two moments, ``seconds`` apart, and the CPU time of each part.

    ``until`` is the later moment in seconds since 1970.
    """

    seconds: float
    until: float
    cpu: Cpu
    requests: int
    refused: int
    turns: int

    @property
    def refused_share(self) -> float:
        """Return which share of the requests its quota refused, 0..1; 0 when there were none."""
        return self.refused / self.requests if self.requests else 0.0

    @property
    def per_minute(self) -> float:
        """Return the requests a minute."""
        return 60 * self.requests / self.seconds

    @property
    def cores(self) -> float:
        """Return how many cores the workers kept busy."""
        return self.cpu.workers / self.seconds

    @property
    def turns_each(self) -> float:
        """Return how many turns a request that was not refused held."""
        return self.turns / max(1, self.requests - self.refused)


@dataclass
class Counting:
    """Counts what the stand-in sees of a scene, and the CPU time, from its making on."""

    scene: Counts
    before: Mapping[str, Any]
    cpu_before: Cpu
    since: float

    @classmethod
    async def begun(cls, scene: Counts) -> Counting:
        """Return a counting from now on."""
        return cls(scene, (await scene.stand_in.stats())["counts"], scene.cpu(), time.monotonic())

    async def counted(self) -> Counted:
        """Return what was counted until now."""
        after = (await self.scene.stand_in.stats())["counts"]
        requests, refused, turns = (
            after.get(name, 0) - self.before.get(name, 0) for name in ("requests", "quota", "conversations")
        )
        used = self.scene.cpu() - self.cpu_before
        return Counted(time.monotonic() - self.since, time.time(), used, requests, refused, turns)
