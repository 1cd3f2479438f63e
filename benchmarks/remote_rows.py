"""The rows of the remote model, each a scene of its own that can be run alone."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from collections.abc import Callable, Coroutine, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from benchmarks.figures import percentile, settled
from benchmarks.remote_counting import Counting
from benchmarks.remote_evidence import REMOTE, Evidence
from benchmarks.remote_figures import Found, Seen, at_least, below, insight_seconds, none_of, p99, wholly_answered
from benchmarks.remote_load import Post
from benchmarks.remote_scene import Scene, scene_of
from benchmarks.remote_stage import MIXED_FAULTS, Stage, seen_of
from signalstream.ai.remote.prompts import PROMPTS

BUSY_TENANTS = 5
MANY_TENANTS = 100


async def throughput(stage: Stage) -> Found:
    """Give one worker more messages than it must analyse: how many get all four answers of the model itself."""
    warm, measured = 30.0, stage.seconds(1.5)
    async with (
        scene_of(stage.scene("throughput"), 1) as scene,
        scene.loaded(
            per_minute=4_300, seconds=warm + measured, tenants=BUSY_TENANTS, conversations=1_000, straight=True
        ) as posting,
    ):
        await asyncio.sleep(warm)
        since = time.time()
        counting = await Counting.begun(scene)
        await asyncio.sleep(measured - 1.0)
        until = time.time()
        counted = await counting.counted()
        seen = await seen_of("one worker, 4,300 messages a minute of 5 tenants", scene, await posting, counting)
    seen.counted = counted  # what came after the load was over is no steady state
    ends = wholly_answered(seen.evidence, seen.posts.accepted)
    rate = 60 * sum(since <= end < until for end in ends) / (until - since)
    figures = [
        at_least("messages a minute with all four answers of the model", 4_000, rate),
        below("refused by the quota, one worker", 0.5, 100 * counted.refused_share, "%", 2),
    ]
    return Found(figures, seen)


async def quota(stage: Stage) -> Found:
    """Give three workers messages that can share few requests, so that all want more than there is."""
    warm, measured = 45.0, stage.seconds(1.5)
    async with (
        scene_of(stage.scene("quota"), 3) as scene,
        scene.loaded(per_minute=400, seconds=warm + measured, tenants=MANY_TENANTS) as posting,
    ):
        await asyncio.sleep(warm)
        counting = await Counting.begun(scene)
        await asyncio.sleep(measured - 1.0)
        counted = await counting.counted()
        seen = await seen_of("three workers, 400 messages a minute of 100 tenants", scene, await posting, counting)
    seen.counted = counted
    figure = below("refused by the quota, three workers", 0.5, 100 * counted.refused_share, "%", 2)
    return Found([figure], seen)


async def post(stage: Stage) -> Found:
    """Post as many messages, with no quota in their way, as keep all places in flight taken all the time."""
    warm, measured = 15.0, stage.seconds(1)
    async with (
        scene_of(stage.scene("post", None), 1) as scene,
        scene.loaded(per_minute=480, seconds=warm + measured, tenants=BUSY_TENANTS) as posting,
    ):
        counting = await Counting.begun(scene)
        await asyncio.sleep(warm)
        since = time.time()
        in_flight = await _in_flight(scene, measured - 2.0)
        until = time.time()
        seen = await seen_of("POST, 480 messages a minute", scene, await posting, counting)
    measured_posts = [each for each in seen.posts.accepted if since <= each.due < until]
    taken = percentile(in_flight, 0.5)
    accepted = p99([each.accepted_ms for each in measured_posts])
    return Found([below(f"POST, p99, with {taken:.0f} calls in flight", 10, accepted, "ms")], seen)


async def _in_flight(scene: Scene, seconds: float) -> list[int]:
    until, found = time.monotonic() + seconds, []
    while time.monotonic() < until:
        found.append(int((await scene.stand_in.stats())["in_flight"]))
        await asyncio.sleep(1.0)
    return found


async def idle(stage: Stage) -> Found:
    """Post a message each half second: from an agent's taking the turn to its question's arrival at the model."""
    async with scene_of(stage.scene("idle"), 1) as scene:
        counting = await Counting.begun(scene)
        async with scene.loaded(per_minute=120, seconds=stage.seconds(1), tenants=1) as posting:
            seen = await seen_of("idle, 120 messages a minute", scene, await posting, counting)
        added = [ms for task in REMOTE for ms in await _added(scene, seen, task)]
    return Found([below("from a turn to its question at the model when idle, p99", 20, p99(added), "ms")], seen)


async def _added(scene: Scene, seen: Seen, task: str) -> Sequence[float]:
    since_1970 = time.time() - time.monotonic()
    arrivals = [since_1970 + at for at in await scene.stand_in.arrivals(PROMPTS[task].instructions[-80:])]
    return settled(added_milliseconds(seen.evidence, seen.posts.accepted, task, arrivals))


def added_milliseconds(evidence: Evidence, posts: Sequence[Post], task: str, arrivals: Sequence[float]) -> list[float]:
    """Return the milliseconds from the beginning of each analysis of a task to the first question that came after it.

    Analyses begin half a second apart, so that question is its own. One that is told to the millisecond may seem to
    begin up to one too late; arrivals that much earlier still count.
    """
    begun = (evidence.analyses.get(each.message_id, {}).get(task) for each in posts)
    found = []
    for analysed in begun:
        place = bisect_left(arrivals, analysed.began - 0.001) if analysed is not None else len(arrivals)
        if analysed is not None and place < len(arrivals):
            found.append(max(0.0, 1000 * (arrivals[place] - analysed.began)))
    return found


async def faults(stage: Stage) -> Found:
    """Let a fifth of all requests meet a fault of nine kinds."""
    async with scene_of(stage.scene("faults", faults=MIXED_FAULTS), 1) as scene:
        counting = await Counting.begun(scene)
        async with scene.loaded(per_minute=300, seconds=stage.seconds(1), tenants=BUSY_TENANTS) as posting:
            seen = await seen_of("20 % faults, 300 messages a minute", scene, await posting, counting)
    figures = [
        none_of("20 % mixed faults: messages lost", len(seen.lost)),
        none_of("20 % mixed faults: analyses without a result or a stated reason", seen.evidence.unexplained()),
    ]
    return Found(figures, seen)


async def outage(stage: Stage) -> Found:
    """Let the model fall silent in a steady load, and come back: connections stay open all the time."""
    before, silent, after = 20.0, stage.seconds(5), 60.0
    async with scene_of(stage.scene("outage"), 1) as scene:
        counting = await Counting.begun(scene)
        length = before + silent + after
        async with scene.loaded(per_minute=300, seconds=length, tenants=BUSY_TENANTS) as posting:
            await asyncio.sleep(before)
            began = time.time()
            scene.stand_in.freeze()
            await asyncio.sleep(silent)
            scene.stand_in.thaw()
            ended = time.time()
            seen = await seen_of(
                f"{silent / 60:g} minutes of silence, 300 messages a minute", scene, await posting, counting
            )
    during = [each for each in seen.posts.accepted if began <= each.due < ended]
    figures = [
        below(
            f"{silent / 60:g} minutes of silence: complete insight, p99",
            5,
            p99(insight_seconds(seen.evidence, during)),
            "s",
        ),
        below("from the silence's end to the model's first answer", 60, _first_answer(seen.evidence, ended), "s"),
    ]
    return Found(figures, seen)


def _first_answer(evidence: Evidence, since: float) -> float | None:
    of_model = (found[task] for found in evidence.analyses.values() for task in REMOTE if task in found)
    ends = [each.ended for each in of_model if each.status == "ok" and each.ended >= since]
    return min(ends) - since if ends else None


Row = Callable[[Stage], Coroutine[Any, Any, Found]]
ROWS: Mapping[str, Row] = MappingProxyType(
    {"idle": idle, "throughput": throughput, "quota": quota, "post": post, "faults": faults, "outage": outage}
)
