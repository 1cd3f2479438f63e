"""What is there to be judged when the faults are over: asked of every worker, of the topics and of the listeners."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import aiohttp

from signalstream.models.intelligence import Insight
from tests.chaos.ledger import Ledger
from tests.client import Client, Json

AT_ONCE = 8


def plain(insight: Json) -> Json:
    """Return an insight in one form, whichever way it travelled: the topic leaves out what is not set."""
    return Insight.model_validate(insight).model_dump(mode="json")


class Pictures(NamedTuple):
    """What one worker answers for one conversation; None for what it does not answer with 200."""

    state: Json | None
    insight: Json | None
    timeline: Json | None


@dataclass(frozen=True)
class Evidence:
    """All of it. ``pictures``: conversation -> each worker's answers; ``updates`` and ``heard``: conversation ->
    insights in the order of the topic and of the listener; ``lag``: group -> records; ``unwell``: what /ready and
    /live said that was not 200.
    """

    accepted: Mapping[str, Sequence[str]]
    pictures: Mapping[str, Sequence[Pictures]]
    updates: Mapping[str, Sequence[Json]]
    heard: Mapping[str, Sequence[Json]]
    dead_letters: int = 0
    lag: Mapping[str, int] = field(default_factory=dict)
    unwell: Sequence[str] = ()


async def gather(
    session: aiohttp.ClientSession,
    urls: Sequence[str],
    accepted: Mapping[str, Sequence[str]],
    heard: Mapping[str, Sequence[Json]],
    ledger: Ledger,
) -> Evidence:
    """Ask everyone once."""
    clients = [Client(session, url) for url in urls]
    slots = asyncio.Semaphore(AT_ONCE)

    async def ask(name: str) -> list[Pictures]:
        async with slots:
            return [await _pictures(client, name) for client in clients]

    names = [name for name, ids in accepted.items() if ids]
    answers = await asyncio.gather(*map(ask, names))
    await ledger.catch_up()
    return Evidence(
        accepted={name: accepted[name] for name in names},
        pictures=dict(zip(names, answers, strict=True)),
        updates={name: [plain(insight) for insight in ledger.updates.get(name, ())] for name in names},
        heard={name: [plain(insight) for insight in insights] for name, insights in heard.items()},
        dead_letters=await ledger.dead_letters(),
        lag=await ledger.lag(),
        unwell=[unwell for client in clients for unwell in await _unwell(client)],
    )


async def _pictures(client: Client, name: str) -> Pictures:
    path = f"/v1/conversations/{name}"
    found = [await client.get(path + rest) for rest in ("?limit=500", "/insights", "/timeline")]
    state, insight, timeline = (body if status == 200 else None for status, body in found)
    return Pictures(state, insight and plain(insight), timeline)


async def _unwell(client: Client) -> list[str]:
    found = [(path, *await client.get(path)) for path in ("/ready", "/live")]
    return [f"{client.url}{path} said {status}: {body}" for path, status, body in found if status != 200]
