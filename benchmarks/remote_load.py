"""The load of the remote model's rows, a process of its own: ``python -m benchmarks.remote_load SPEC RESULT``.

Open loop, as in ``load``: message k is due at start + k / rate. What became of it is read from the topics afterwards,
so that nothing is read while it is measured.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.load import REQUEST_SECONDS, post_warm_up
from benchmarks.workload import text_of
from signalstream.models.base import Model


class RemoteLoad(Model):
    """What to post and where. Messages are dealt in turn to workers, to tenants, and to conversations."""

    urls: tuple[str, ...]
    per_minute: float
    seconds: float
    tenants: int
    conversations: int


class Post(Model):
    """One message: its id, when it was due (seconds since 1970), and the milliseconds from then until it was accepted.

    ``late_ms`` is what the generator itself was late.
    """

    message_id: str
    due: float
    late_ms: float
    accepted_ms: float


class Posts(Model):
    """Every accepted message in the order of acceptance, and why others were not."""

    accepted: tuple[Post, ...]
    failures: tuple[str, ...]


def body_of(load: RemoteLoad, number: int) -> dict[str, str]:
    """Return message ``number``. No two texts are the same: what is remembered of a text is of no use for the next."""
    conversation = number % load.conversations
    return {
        "tenant_id": f"bench-{conversation % load.tenants}",
        "conversation_id": f"remote-{conversation}",
        "sender": "customer",
        "message": f"{text_of(number)} This is about parcel {number}.",
    }


async def run(load: RemoteLoad) -> Posts:
    """Post everything."""
    accepted: list[Post] = []
    failures: list[str] = []
    loop = asyncio.get_running_loop()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def post(number: int, due: float) -> None:
            late = loop.time() - due
            try:
                async with asyncio.timeout(REQUEST_SECONDS):
                    name = await _posted(session, load.urls[number % len(load.urls)], body_of(load, number))
            except Exception as error:  # noqa: BLE001 - whatever it is, the request failed and the run goes on and says so
                failures.append(f"{type(error).__name__}: {error}")
            else:
                accepted.append(
                    Post(
                        message_id=name,
                        due=since_1970 + due,
                        late_ms=late * 1000,
                        accepted_ms=(loop.time() - due) * 1000,
                    )
                )

        for url in load.urls:
            async with aiohttp.ClientSession(url) as warm:
                await post_warm_up(warm)
        since_1970 = time.time() - loop.time()
        await _open_loop(load, post)
    return Posts(accepted=tuple(accepted), failures=tuple(failures))


async def _open_loop(load: RemoteLoad, post: Callable[[int, float], Coroutine[Any, Any, None]]) -> None:
    loop = asyncio.get_running_loop()
    start, rate = loop.time() + 0.5, load.per_minute / 60
    async with asyncio.TaskGroup() as requests:
        for number in range(int(load.seconds * rate)):
            due = start + number / rate
            await asyncio.sleep(max(0.0, due - loop.time()))
            requests.create_task(post(number, due))


async def _posted(session: aiohttp.ClientSession, url: str, body: dict[str, str]) -> str:
    async with session.post(f"{url}/v1/messages", json=body) as answer:
        if answer.status != 202:
            raise RuntimeError(f"POST /v1/messages answered {answer.status}")
        return str((await answer.json())["message_id"])


def main(spec_path: str, result_path: str) -> None:
    """Read the specification, run, write what was posted."""
    load = RemoteLoad.model_validate_json(Path(spec_path).read_bytes())
    Path(result_path).write_text(asyncio.run(run(load)).model_dump_json())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
