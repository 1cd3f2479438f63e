"""A noisy neighbour, a process of its own: ``python -m benchmarks.flood SPEC RESULT`` (two paths of JSON files).

It posts at its rate until its time is over, whatever the answers are, and counts them.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from pathlib import Path

import aiohttp

from benchmarks import workload
from signalstream.models.base import Model

REQUEST_SECONDS = 10.0
CONVERSATIONS = 50


class FloodSpec(Model):
    """Where to, as whom, how many a second, for how long."""

    url: str
    credential: str
    rate: float
    seconds: float


class Answers(Model):
    """How many answers there were of each status; 0 is none at all. ``seconds`` is how long it took to send."""

    counts: dict[int, int]
    seconds: float


async def run(spec: FloodSpec) -> Answers:
    """Post and count."""
    counts: Counter[int] = Counter()
    loop = asyncio.get_running_loop()
    headers = {"Authorization": f"Bearer {spec.credential}"}
    timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(spec.url, connector=connector, headers=headers, timeout=timeout) as session:
        start = loop.time()
        async with asyncio.TaskGroup() as requests:
            for number in range(int(spec.rate * spec.seconds)):
                await asyncio.sleep(max(0.0, start + number / spec.rate - loop.time()))
                requests.create_task(_post(session, number, counts))
            sent = loop.time() - start
    return Answers(counts=dict(sorted(counts.items())), seconds=round(sent, 3))


async def _post(session: aiohttp.ClientSession, number: int, counts: Counter[int]) -> None:
    body = {
        "conversation_id": f"noise-{number % CONVERSATIONS}",
        "sender": "customer",
        "message": workload.text_of(number),
    }
    try:
        async with session.post("/v1/messages", json=body) as answer:
            await answer.read()
            counts[answer.status] += 1
    except (aiohttp.ClientError, TimeoutError):
        counts[0] += 1


def main(spec_path: str, result_path: str) -> None:
    """Read the specification, run, write the counts."""
    spec = FloodSpec.model_validate_json(Path(spec_path).read_bytes())
    Path(result_path).write_text(asyncio.run(run(spec)).model_dump_json())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
