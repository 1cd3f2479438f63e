"""Clients that listen all along: they come back after each break, to any worker, with the last id they heard."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import quote

import aiohttp

from tests.client import Client, Json
from tests.workers import Worker

AGAIN_SECONDS = 0.3
LISTEN_SECONDS = (2.0, 15.0)  # then a listener goes away by itself
SILENCE = (aiohttp.ClientError, ConnectionError, TimeoutError)


@dataclass
class Listeners:
    """One client for each of ``names``. ``heard`` holds the insights of each conversation in the order of arrival."""

    workers: Sequence[Worker]
    random: random.Random
    names: Sequence[str]
    heard: dict[str, list[Json]] = field(default_factory=dict)
    connections: int = 0

    async def run(self, session: aiohttp.ClientSession) -> None:
        """Listen until cancelled."""
        self.heard = {name: [] for name in self.names}
        async with asyncio.TaskGroup() as group:
            for name in self.names:
                group.create_task(self._listen(session, name))

    async def _listen(self, session: aiohttp.ClientSession, name: str) -> None:
        while True:
            heard = self.heard[name]
            query = f"?last_event_id={quote(str(heard[-1]['revision']))}" if heard else ""
            client = Client(session, self.random.choice(self.workers).url)
            with suppress(*SILENCE):
                async with asyncio.timeout(self.random.uniform(*LISTEN_SECONDS)):
                    await self._hear(client, name, query)
            await asyncio.sleep(AGAIN_SECONDS)

    async def _hear(self, client: Client, name: str, query: str) -> None:
        async with client.listen(name, query) as socket:
            self.connections += 1
            async for frame in socket:
                update = frame.json()
                if update["type"] == "intelligence_update":
                    self.heard[name].append(update["data"])
