"""Messages that keep coming: each writer posts its next message when the last was accepted, to any worker."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

import aiohttp

from tests.workers import Worker

RETRY_SECONDS = 0.2
MESSAGES_PER_CONVERSATION = 40  # fewer than a row keeps, so that every message can be looked for
TEXTS = (  # different enough that a picture tells which of its messages have been merged
    "where is my order {number}?",
    "thank you so much, order {number} has arrived, I am delighted",
    "order {number} is broken, this is unacceptable, I want my money back now",
    "I cannot log in, error {number}, please help me urgently",
)


@dataclass
class Load:
    """What was accepted: the message ids of each conversation, in the order of their 202.

    ``conversations`` go on at once; one that is full makes way for a new one, so the load never dries up.
    """

    workers: Sequence[Worker]
    random: random.Random
    conversations: int
    rate: float
    accepted: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    attempts: int = 0
    slowest_answer_seconds: float = 0.0
    _stopping: bool = False

    async def run(self, session: aiohttp.ClientSession) -> None:
        """Post until ``stop`` is called."""
        await asyncio.gather(*(self._write(session, number) for number in range(self.conversations)))

    def stop(self) -> None:
        """End after the messages that are under way; those are retried until they are accepted."""
        self._stopping = True

    @property
    def sent(self) -> int:
        """Return how many messages were accepted."""
        return sum(len(ids) for ids in self.accepted.values())

    async def _write(self, session: aiohttp.ClientSession, number: int) -> None:
        pause = self.conversations / self.rate
        await asyncio.sleep(self.random.uniform(0, pause))
        for round_ in count():
            name = conversation(number, round_)
            while len(self.accepted[name]) < MESSAGES_PER_CONVERSATION:
                await self.post(session, name)
                await asyncio.sleep(self.random.uniform(0.5, 1.5) * pause)
                if self._stopping:
                    return

    async def post(self, session: aiohttp.ClientSession, name: str, mark: str = "") -> None:
        """Post the next message of a conversation until it is accepted. ``mark`` is added to its text."""
        message_id = str(uuid.uuid4())
        number = len(self.accepted[name])
        body = {
            "conversation_id": name,
            "sender": "customer",
            "message": TEXTS[number % len(TEXTS)].format(number=number) + mark,
            "message_id": message_id,
        }
        while not await self._once(session, body):
            await asyncio.sleep(RETRY_SECONDS)
        self.accepted[name].append(message_id)

    async def _once(self, session: aiohttp.ClientSession, body: dict[str, str]) -> bool:
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


def conversation(writer: int, round_: int) -> str:
    """Return the name of a writer's conversation."""
    return f"chaos-{writer}-{round_}"
