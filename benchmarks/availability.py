"""What a reader sees while workers come and go: reads of fixed conversations, and the outages among them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

READ_EVERY_SECONDS = 0.1
Json = dict[str, Any]


@dataclass(frozen=True)
class Read:
    """One GET of an insight. Times are of the loop's clock, in seconds; ``served`` is a 200 that is not outdated."""

    sent: float
    answered: float
    served: bool
    complete_to: int = 0
    outdated: bool = False


@dataclass(frozen=True)
class Outage:
    """From the sending of the first read that was not served to the answer of the first one after that was."""

    began: float
    ended: float

    @property
    def seconds(self) -> float:
        """Return how long it lasted."""
        return self.ended - self.began


def outages(reads: Sequence[Read]) -> list[Outage]:
    """Return the outages in the reads of a conversation, in order. One that never ended lasts to the last answer."""
    found: list[Outage] = []
    began: float | None = None
    for read in reads:
        if not read.served:
            began = read.sent if began is None else began
        elif began is not None:
            found.append(Outage(began, read.answered))
            began = None
    return found if began is None else [*found, Outage(began, reads[-1].answered)]


def served_after(reads: Sequence[Read], since: float) -> float:
    """Return the seconds from ``since`` to the end of the last outage; 0 when every read was served."""
    found = outages(reads)
    return max(0.0, found[-1].ended - since) if found else 0.0


def complete_after(reads: Sequence[Read], seq: int, since: float) -> float | None:
    """Return the seconds from ``since`` to the first answer that is complete to turn ``seq``, or None."""
    return next((read.answered - since for read in reads if read.served and read.complete_to >= seq), None)


@dataclass
class Readers:
    """Reads each of ``pictures`` (conversation id -> its insight) every tenth of a second, the ``urls`` in turn."""

    session: aiohttp.ClientSession
    urls: Sequence[str]
    pictures: Mapping[str, Json]
    reads: dict[str, list[Read]] = field(default_factory=dict)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def __aenter__(self) -> Readers:
        self.reads.update({name: [] for name in self.pictures})
        self._tasks.extend(asyncio.create_task(self._read(number, name)) for number, name in enumerate(self.pictures))
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def served_since(self, since: float) -> bool:
        """Say whether the newest read of each conversation was sent after ``since`` and served."""
        return all(reads and reads[-1].sent > since and reads[-1].served for reads in self.reads.values())

    def complete_to(self, seqs: Mapping[str, int]) -> bool:
        """Say whether each conversation of ``seqs`` was seen complete to its turn."""
        return all(complete_after(self.reads[name], seq, 0.0) is not None for name, seq in seqs.items())

    async def _read(self, number: int, name: str) -> None:
        await asyncio.sleep(READ_EVERY_SECONDS * number / len(self.pictures))
        turn = number
        while True:
            self.reads[name].append(await self._once(self.urls[turn % len(self.urls)], name))
            turn += 1
            await asyncio.sleep(READ_EVERY_SECONDS)

    async def _once(self, url: str, name: str) -> Read:
        clock = asyncio.get_running_loop().time
        sent = clock()
        status, insight = await insight_of(self.session, url, name)
        if status != 200:
            return Read(sent, clock(), served=False)
        outdated = insight["revision"] < self.pictures[name]["revision"]
        complete_to = insight["last_seq"] if insight["completeness"] == "complete" else 0
        return Read(sent, clock(), not outdated, complete_to, outdated)


async def insight_of(
    session: aiohttp.ClientSession, url: str, name: str, headers: Mapping[str, str] | None = None
) -> tuple[int, Json]:
    """Return status and body of a conversation's insight; status 0 when nobody answers in time."""
    try:
        async with session.get(f"{url}/v1/conversations/{name}/insights", headers=headers) as answer:
            return answer.status, await answer.json(content_type=None)
    except (aiohttp.ClientError, TimeoutError):
        return 0, {}
