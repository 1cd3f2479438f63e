"""Messages that keep coming: each conversation posts its next one when the last was accepted, to any worker."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import aiohttp

from tests.workers import Worker

RETRY_SECONDS = 0.2
MESSAGES_PER_CONVERSATION = 40  # fewer than a row keeps, so that every message can be looked for


@dataclass
class Load:
    """What was accepted: the message ids of each conversation, in the order of their 202."""

    workers: Sequence[Worker]
    random: random.Random
    conversations: int
    rate: float
    accepted: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    attempts: int = 0
    slowest_answer_seconds: float = 0.0
    _stopping: bool = False

    async def run(self, session: aiohttp.ClientSession) -> None:
        """Post until ``stop`` is called or every conversation is full."""
        names = [f"chaos-{number}" for number in range(self.conversations)]
        await asyncio.gather(*(self._converse(session, name) for name in names))

    def stop(self) -> None:
        """End after the messages that are under way; those are retried until they are accepted."""
        self._stopping = True

    @property
    def sent(self) -> int:
        """Return how many messages were accepted."""
        return sum(len(ids) for ids in self.accepted.values())

    async def _converse(self, session: aiohttp.ClientSession, name: str) -> None:
        pause = self.conversations / self.rate
        await asyncio.sleep(self.random.uniform(0, pause))
        while not self._stopping and len(self.accepted[name]) < MESSAGES_PER_CONVERSATION:
            await self._until_accepted(session, name)
            await asyncio.sleep(self.random.uniform(0.5, 1.5) * pause)

    async def _until_accepted(self, session: aiohttp.ClientSession, name: str) -> None:
        message_id = str(uuid.uuid4())
        body = {
            "conversation_id": name,
            "sender": "customer",
            "message": "where is my order?",
            "message_id": message_id,
        }
        while not await self._post(session, body):
            await asyncio.sleep(RETRY_SECONDS)
        self.accepted[name].append(message_id)

    async def _post(self, session: aiohttp.ClientSession, body: dict[str, str]) -> bool:
        self.attempts += 1
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            url = self.random.choice(self.workers).url
            async with session.post(f"{url}/v1/messages", json=body) as answer:
                return answer.status == 202
        except (aiohttp.ClientError, TimeoutError):
            return False
        finally:
            self.slowest_answer_seconds = max(self.slowest_answer_seconds, loop.time() - started)
