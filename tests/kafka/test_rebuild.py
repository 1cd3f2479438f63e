"""A rebuild on Apache Kafka: the next version is made while this one serves, comes out the same, and takes over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from signalstream.models.agents import AI_AGENTS
from tests.cli.command import COMMAND
from tests.client import Client, eventually
from tests.kafka.conftest import PARTITIONS, Deployment, client_of
from tests.kafka.direct import administering, ends, everything

pytestmark = pytest.mark.kafka
READ = ("messages.raw", *(f"ai.{agent}" for agent in AI_AGENTS))
COMMAND_SECONDS = 60
CUT = (0, 1)  # partitions whose first records retention takes
TEXTS = ("where is my order 4711?", "my card 4111 1111 1111 1111 was charged twice!", "thanks, that is great")


async def test_a_killed_and_resumed_rebuild_takes_over_with_the_same_pictures_while_messages_keep_coming(
    on_kafka: Deployment, session: aiohttp.ClientSession
) -> None:
    first = on_kafka.start()
    await asyncio.to_thread(first.wait_ready)
    client = client_of(session, first)
    quiet = {f"quiet-{number}": 8 for number in range(12)}
    lengthened = {f"lengthened-{number}": 6 for number in range(8)}
    await fill(client, quiet | lengthened)
    async with administering(on_kafka.bootstrap) as admin:
        await forget(admin, on_kafka)
        await fill(client, {f"later-{number}": 8 for number in range(12)})
        said = await updates(on_kafka, "quiet-")
        async with posting(client, list(lengthened)) as counts:
            await kill_a_rebuild_midway(admin, on_kafka)
            code, output = await rebuild(on_kafka)
            assert code == 0, output
            assert "Version 1 goes on serving" in output
        assert await updates(on_kafka, "quiet-") == said
        lengths = {**quiet, **{name: 6 + counts[name] for name in lengthened}}
        lengths |= {f"later-{number}": 8 for number in range(12)}
        before = await pictures(client, lengths)
        await committed_to_the_end(admin, on_kafka)
        assert await asyncio.to_thread(first.terminate) == 0

        code, output = await rebuild(on_kafka)
        assert code == 0, output
        assert "Version 2 is level with version 1" in output
        second = on_kafka.start(app_version="2")
        await asyncio.to_thread(second.wait_ready)
        client = client_of(session, second)
        after = await pictures(client, lengths)
        for name, each in before.items():
            assert after[name] == each, name

        await client.post("quiet-0", "and one more")
        assert (await complete(client, "quiet-0", 9))["last_seq"] == 9
        assert (await command(on_kafka, "rebuild", "--drop", "1", "--yes", app_version="2"))[0] == 0
        assert on_kafka.names.app_id not in {each[0] for each in await admin.list_consumer_groups()}
        changelogs = [each for each in await admin.list_topics() if each.startswith(on_kafka.names.app_id)]
        assert sorted(changelogs) == sorted(f"{on_kafka.names.app_id}-v2-{table}-changelog" for table in
                                            ("conversations", "erasures", "insights", "windows"))  # fmt: skip
        assert (await complete(client, "quiet-1", 8))["last_seq"] == 8


async def complete(client: Client, name: str, seq: int) -> dict[str, Any]:
    async def fetch() -> dict[str, Any] | None:
        status, insight = await client.insights(name)
        return (
            insight if status == 200 and (insight["last_seq"], insight["completeness"]) == (seq, "complete") else None
        )

    found: dict[str, Any] = await eventually(fetch, f"a complete insight of {name} for turn {seq}", seconds=60)
    return found


async def fill(client: Client, lengths: dict[str, int]) -> None:
    async def converse(name: str, length: int) -> None:
        for number in range(length):
            status, _ = await client.post(name, f"{TEXTS[number % 3]} ({number})")
            assert status == 202
        await complete(client, name, length)

    await asyncio.gather(*(converse(name, length) for name, length in lengths.items()))


@asynccontextmanager
async def posting(client: Client, names: Sequence[str]) -> AsyncIterator[dict[str, int]]:
    """Post to each conversation in turn, and read what was posted before, until the block ends."""
    counts = dict.fromkeys(names, 0)
    done = asyncio.Event()

    async def keep_posting() -> None:
        while not done.is_set():
            for name in names:
                status, _ = await client.post(name, "one more")
                assert status == 202
                counts[name] += 1
                assert (await client.insights(name))[0] == 200
                await asyncio.sleep(0.05)

    task = asyncio.create_task(keep_posting())
    try:
        yield counts
    finally:
        done.set()
        await task


async def pictures(client: Client, lengths: dict[str, int]) -> dict[str, tuple[Any, ...]]:
    """Return the state, the complete insight and the timeline of each conversation."""
    found = {}
    for name, length in lengths.items():
        insight = await complete(client, name, length)
        path = f"/v1/conversations/{quote(name)}"
        found[name] = (insight, await client.get(f"{path}?limit=500"), await client.get(f"{path}/timeline"))
    return found


def logs(deployment: Deployment, topics: Sequence[str], partitions: Sequence[int]) -> list[TopicPartition]:
    return [TopicPartition(deployment.topic(topic), number) for topic in topics for number in partitions]


async def forget(admin: AIOKafkaAdminClient, deployment: Deployment) -> None:
    """Remove all that some partitions hold so far, as retention does."""
    found = await ends(deployment.bootstrap, logs(deployment, READ, CUT))
    await committed_to_the_end(admin, deployment)
    await admin.delete_records({each: RecordsToDelete(end) for each, end in found.items()})


async def committed_to_the_end(admin: AIOKafkaAdminClient, deployment: Deployment) -> None:
    found = await ends(deployment.bootstrap, logs(deployment, READ, range(PARTITIONS)))

    async def level() -> bool | None:
        commits = await admin.list_consumer_group_offsets(deployment.names.app_id, partitions=list(found))
        return True if all(end == 0 or commits[each].offset == end for each, end in found.items()) else None

    await eventually(level, "commits of everything", seconds=30)


async def updates(deployment: Deployment, prefix: str) -> list[tuple[bytes, int]]:
    """Return the keys and offsets of the updates that were ever sent about some conversations."""
    about = f"demo-tenant/{prefix}".encode()
    told = await everything(deployment.bootstrap, logs(deployment, ["ai.aggregated"], range(PARTITIONS)))
    return sorted((each.key, each.offset) for each in told if each.key.startswith(about))


async def kill_a_rebuild_midway(admin: AIOKafkaAdminClient, deployment: Deployment) -> None:
    process = await start(deployment, "rebuild")
    group = f"{deployment.names.app_id}-v2"
    partitions = [TopicPartition(deployment.topic("messages.raw"), number) for number in range(PARTITIONS)]

    async def begun() -> bool | None:
        assert process.returncode is None, "it was over before it could be killed"
        commits = await admin.list_consumer_group_offsets(group, partitions=partitions)
        return True if any(each.offset >= 0 for each in commits.values()) else None

    await eventually(begun, "a first commit of the rebuild", seconds=60)
    process.kill()
    await process.communicate()
    commits = await admin.list_consumer_group_offsets(group, partitions=partitions)
    assert any(each.offset < 0 or each.metadata == "rebuilding" for each in commits.values())


async def start(deployment: Deployment, *words: str, **settings: str) -> asyncio.subprocess.Process:
    more = {f"SIGNALSTREAM_{name.upper()}": value for name, value in settings.items()}
    return await asyncio.create_subprocess_exec(
        COMMAND, *words, env=deployment.workers[0].environment() | more,
        cwd=deployment.directory, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip


async def command(deployment: Deployment, *words: str, **settings: str) -> tuple[int | None, str]:
    process = await start(deployment, *words, **settings)
    assert process.stdout is not None
    lines: list[str] = []
    try:
        async with asyncio.timeout(COMMAND_SECONDS):
            while line := await process.stdout.readline():
                lines.append(line.decode())
            return await process.wait(), "".join(lines)
    except TimeoutError:
        process.kill()
        raise AssertionError(f"{words} did not end within {COMMAND_SECONDS} s; it said: {''.join(lines)}") from None


async def rebuild(deployment: Deployment) -> tuple[int | None, str]:
    return await command(deployment, "rebuild")
