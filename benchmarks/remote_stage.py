"""Where the rows of the remote model are run, and what is the same for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from benchmarks.remote_counting import Counting
from benchmarks.remote_evidence import gathered
from benchmarks.remote_figures import Seen
from benchmarks.remote_load import Posts
from benchmarks.remote_scene import Scene
from benchmarks.stand_in import StandIn

QUOTA = 1_000
SETTLE_SECONDS = 45.0
MIXED_FAULTS = MappingProxyType(
    {
        "unavailable": 0.04,
        "rate_limit": 0.03,
        "hang": 0.02,
        "reset": 0.02,
        "deadline": 0.02,
        "safety": 0.02,
        "malformed": 0.02,
        "wrong_schema": 0.02,
        "max_tokens": 0.01,
    }
)
"""A fifth of all requests."""


@dataclass
class Stage:
    """Where rows are run: a broker, its process, a directory; ``minutes`` for rows that are asked for other ones."""

    brokers: str
    broker_pid: int
    directory: Path
    run: str
    minutes: float | None

    def seconds(self, minutes: float) -> float:
        """Return the length of a row that takes so many ``minutes`` by default."""
        return 60 * (minutes if self.minutes is None else self.minutes)

    def scene(self, name: str, quota: int | None = QUOTA, *, faults: Mapping[str, float] | None = None) -> Scene:
        """Return a scene that is not started yet; the stand-in enforces the quota that workers are told."""
        directory = self.directory / name
        told = {} if quota is not None else {"SIGNALSTREAM_REMOTE_REQUESTS_PER_MINUTE": "100000"}
        stand_in = StandIn(directory / "stand-in", quota, faults or {})
        return Scene(self.brokers, self.broker_pid, directory, f"gemini-{self.run}-{name}", stand_in, told)


async def seen_of(name: str, scene: Scene, posts: Posts, counting: Counting) -> Seen:
    """Return what became of a load, once every message's end is known or the time for it is up."""
    counted = await counting.counted()
    names = [post.message_id for post in posts.accepted]
    return Seen(name, posts, await gathered(scene.brokers, scene.prefix, names, SETTLE_SECONDS), counted)
