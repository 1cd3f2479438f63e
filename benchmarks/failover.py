"""Failover: how long a conversation cannot be read, and a new message not analysed, when its worker goes or comes.

A round takes one worker of a deployment and reads a fixed sample of its conversations from the others, ten times a
second each, from before the event until all of them are served again and a new message of some, posted at the event,
has its complete insight. Afterwards every conversation of that worker must show the picture that it had. A worker that
went comes back, which is an event of its own: SIGTERM and return, one worker after another, is a rolling restart.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from benchmarks.availability import Readers, complete_after, outages, served_after
from benchmarks.deployment import Deployment, post
from tests.workers import Worker

KILL = "kill -9"
TERM = "SIGTERM"
JOIN = "a worker joins"
EVENTS = (TERM, KILL, JOIN)
SAMPLE, POSTED = 12, 4  # conversations that are read, and those of them that get a new message
CALM_SECONDS = 1.0
SETTLE_SECONDS = 2.0
LIMIT_SECONDS = 60.0
REQUEST_SECONDS = 5.0
Say = Callable[[str], None]
Step = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class FailoverPlan:
    """How much is measured: rounds of going and coming back after each signal, for each number of workers."""

    rounds: int = 10
    workers: Sequence[int] = (2, 3)
    conversations: int = 3_000
    seed: int = field(default_factory=lambda: random.SystemRandom().randrange(1_000_000))


QUICK_FAILOVER = FailoverPlan(rounds=1, workers=(2,), conversations=300)


@dataclass(frozen=True)
class Takeover:
    """One event, in seconds from it; ``unreadable`` is the longest outage of any conversation of the sample.

    ``complete`` is when the last of the new messages had its insight, None when one never had. ``outdated`` counts
    answers that were older than what was known, ``wrong`` the conversations whose picture had changed afterwards.
    """

    event: str
    workers: int
    first_served: float
    all_served: float
    complete: float | None
    unreadable: float
    outdated: int
    wrong: int


async def run_failover(plan: FailoverPlan, brokers: str, directory: Path, say: Say) -> list[Takeover]:
    """Run all rounds. Raises WorkerError or RuntimeError when a deployment does not come up."""
    found: list[Takeover] = []
    timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS)
    for workers in plan.workers:
        prefix = f"failover-{workers}-{plan.seed}"
        deployment = Deployment(brokers, directory / prefix, prefix)
        try:
            async with aiohttp.ClientSession(timeout=timeout) as session:
                scene = _Scene(deployment, session, random.Random(plan.seed + workers))
                await scene.begin(workers, plan.conversations)
                for number in range(plan.rounds):
                    for event in (TERM, KILL):
                        say(f"failover {number + 1} of {plan.rounds}, seed {plan.seed}: {event}, {workers} workers")
                        for each in await scene.leave_and_return(event):
                            say(told(each))
                            found.append(each)
        except Exception as error:
            error.add_note("\n".join(worker.log(30) for worker in deployment.workers))
            raise
        finally:
            await asyncio.to_thread(deployment.stop)
    return found


def told(each: Takeover) -> str:
    """Return a takeover in one line."""
    insight = "no new insight" if each.complete is None else f"new insight after {each.complete:.1f} s"
    return (
        f"  {each.event}: all served after {each.all_served:.1f} s, {insight}, "
        f"unreadable for {each.unreadable:.1f} s, {each.outdated} outdated, {each.wrong} wrong"
    )


@dataclass
class _Scene:
    """A deployment, and the chance that chooses who goes and who is looked at."""

    deployment: Deployment
    session: aiohttp.ClientSession
    chance: random.Random

    async def begin(self, workers: int, conversations: int) -> None:
        for _ in range(workers):
            self.deployment.add()
        await self.deployment.all_ready()
        await self.deployment.converse(self.session, conversations)

    async def leave_and_return(self, event: str) -> list[Takeover]:
        worker, owned = await self._owner()

        async def go() -> None:
            os.kill(worker.pid, signal.SIGKILL if event == KILL else signal.SIGTERM)

        async def gone() -> None:
            code = await asyncio.to_thread(worker.wait_ended, LIMIT_SECONDS)
            if event == TERM and code != 0:
                raise RuntimeError(f"the worker on {worker.url} ended with code {code} after SIGTERM; see its log")

        async def come() -> None:
            worker.start()

        urls = [other.url for other in self.deployment.workers if other is not worker]
        left = await self._observe(event, urls, owned, go, gone)
        return [left, await self._observe(JOIN, urls, owned, come, self.deployment.all_ready)]

    async def _owner(self) -> tuple[Worker, list[str]]:
        for worker in self.chance.sample(self.deployment.workers, len(self.deployment.workers)):
            owned = await self.deployment.owned_by(self.session, worker)
            if owned:
                return worker, owned
        raise RuntimeError("no worker holds a conversation; look at /health of each")

    async def _observe(self, event: str, urls: list[str], owned: list[str], begin: Step, settle: Step) -> Takeover:
        pictures = self.deployment.pictures
        sample = self.chance.sample(owned, min(SAMPLE, len(owned)))
        due = {name: pictures[name]["last_seq"] + 1 for name in sample[:POSTED]}
        async with Readers(self.session, urls, {name: pictures[name] for name in sample}) as readers:
            await asyncio.sleep(CALM_SECONDS + self.chance.random() * 3)
            since = asyncio.get_running_loop().time()
            await begin()
            await asyncio.gather(settle(), *(post(self.session, urls[0], name, seq) for name, seq in due.items()))
            await _until_served(readers, due)
        await self.deployment.remember(self.session, urls[0], list(due))
        wrong = await self.deployment.wrong(self.session, urls[0], owned)
        return takeover(event, len(self.deployment.workers), readers, due, since=since, wrong=len(wrong))


async def _until_served(readers: Readers, due: dict[str, int]) -> None:
    clock = asyncio.get_running_loop().time
    settled = clock()
    while clock() < settled + LIMIT_SECONDS:
        if clock() > settled + SETTLE_SECONDS and readers.served_since(settled) and readers.complete_to(due):
            return
        await asyncio.sleep(0.05)


def takeover(event: str, workers: int, readers: Readers, due: dict[str, int], *, since: float, wrong: int) -> Takeover:
    """Return what the reads say; ``due`` is conversation id -> the turn that was posted at ``since``."""
    served = [served_after(reads, since) for reads in readers.reads.values()]
    completed = [complete_after(readers.reads[name], seq, since) for name, seq in due.items()]
    return Takeover(
        event=event,
        workers=workers,
        first_served=min(served),
        all_served=max(served),
        complete=max((each for each in completed if each is not None), default=None) if None not in completed else None,
        unreadable=max((gap.seconds for reads in readers.reads.values() for gap in outages(reads)), default=0.0),
        outdated=sum(read.outdated for reads in readers.reads.values() for read in reads),
        wrong=wrong,
    )
