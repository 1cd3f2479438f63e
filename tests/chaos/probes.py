"""What a client and an orchestrator see of a worker while something around it is broken, asked again and again."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.workers import Worker

PAUSE_SECONDS = 0.25
LONGEST_SECONDS = 20.0


@dataclass(frozen=True)
class Seen:
    """One answer: when it was asked for (the loop's time), how long it took, and what it said (status 0: nothing)."""

    asked: float
    seconds: float
    status: int
    retry_after: str | None
    body: Any


@dataclass
class Probes:
    """Every answer of one worker, by what was asked of it: ``post``, ``insights``, ``ready``, ``live``."""

    worker: Worker
    conversation: str
    seen: dict[str, list[Seen]] = field(default_factory=lambda: {"post": [], "insights": [], "ready": [], "live": []})
    accepted: list[str] = field(default_factory=list)
    _finishing: bool = False

    def during(self, kind: str, start: float, end: float = float("inf")) -> list[Seen]:
        """Return the answers of a kind that were asked for within a span of the loop's time."""
        return [seen for seen in self.seen[kind] if start <= seen.asked < end]

    def first(self, kind: str, status: int, start: float) -> float | None:
        """Return how many seconds after ``start`` the first such answer had come, or None."""
        found = (seen for seen in self.during(kind, start) if seen.status == status)
        return next((seen.asked + seen.seconds - start for seen in found), None)

    async def ask(self, session: aiohttp.ClientSession) -> None:
        """Ask until ``finish``: every kind by itself, so that a slow answer of one hides nothing of the others.

        A message that was not accepted is posted again under its id, as a client should.
        """
        paths = {"insights": f"/v1/conversations/{self.conversation}/insights", "ready": "/ready", "live": "/live"}
        asking = [self._repeat(session, kind, "GET", path) for kind, path in paths.items()]
        await asyncio.gather(self._post(session), *asking)

    def finish(self) -> None:
        """End after the questions that are under way; a message among them is posted until it is accepted."""
        self._finishing = True

    async def _repeat(self, session: aiohttp.ClientSession, kind: str, method: str, path: str) -> None:
        while not self._finishing:
            self.seen[kind].append(await _asked(session, method, self.worker.url + path))
            await asyncio.sleep(PAUSE_SECONDS)

    async def _post(self, session: aiohttp.ClientSession) -> None:
        body = {"conversation_id": self.conversation, "sender": "customer", "message": "is anyone there?"}
        while not self._finishing:
            message_id = str(uuid.uuid4())
            while not await self._accepted(session, body | {"message_id": message_id}):
                await asyncio.sleep(PAUSE_SECONDS)
            self.accepted.append(message_id)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _accepted(self, session: aiohttp.ClientSession, body: dict[str, str]) -> bool:
        self.seen["post"].append(await _asked(session, "POST", f"{self.worker.url}/v1/messages", body))
        return self.seen["post"][-1].status == 202


@asynccontextmanager
async def probing(workers: Sequence[Worker]) -> AsyncIterator[list[Probes]]:
    """Ask all of ``workers`` until the block ends."""
    probes = [Probes(worker, f"probe-{number}") for number, worker in enumerate(workers)]
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=LONGEST_SECONDS)) as session:
        asking = [asyncio.create_task(each.ask(session)) for each in probes]
        try:
            yield probes
            for each in probes:
                each.finish()
            await asyncio.gather(*asking)
        finally:
            for task in asking:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)


async def _asked(session: aiohttp.ClientSession, method: str, url: str, body: object = None) -> Seen:
    loop = asyncio.get_running_loop()
    asked = loop.time()
    try:
        async with session.request(method, url, json=body) as answer:
            found = await answer.json(content_type=None)
            return Seen(asked, loop.time() - asked, answer.status, answer.headers.get("Retry-After"), found)
    except (aiohttp.ClientError, TimeoutError) as error:
        return Seen(asked, loop.time() - asked, 0, None, repr(error))
