from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import aiohttp
import pytest
from rich.console import Console

from signalstream.cli.api_client import Api
from signalstream.cli.demo import Pace, Played, Stage, verdict
from signalstream.cli.samples import load_samples
from signalstream.cli.screen import Screen
from tests.cli.fake_api import FakeApi, serving

FAST = Pace(between_starts=0, between_messages=0)


@asynccontextmanager
async def connected(fake: FakeApi) -> AsyncIterator[Api]:
    async with serving(fake) as url, aiohttp.ClientSession() as session:
        yield Api(session, url)


async def played(fake: FakeApi, count: int, pace: Pace = FAST) -> tuple[list[Played], str]:
    conversations = [Played(sample) for sample in load_samples()[:count]]
    said = io.StringIO()
    async with connected(fake) as api:
        await Stage(api, Screen(Console(file=said, width=200)), pace).play(conversations)
    return conversations, said.getvalue()


async def test_every_message_of_every_sample_is_posted_once_in_its_order() -> None:
    fake = FakeApi()
    conversations, _ = await played(fake, 14)
    for one in conversations:
        sent = [message.message for message in one.sample.messages]
        assert fake.posted[one.sample.conversation_id] == sent
        assert one.succeeded
        assert one.analysed == one.accepted == len(sent)
    assert verdict(conversations).startswith("60 of 60 messages became insights; POST to complete insight: median ")


async def test_conversations_interleave() -> None:
    _, said = await played(FakeApi(), 3, Pace(between_starts=0.01, between_messages=0.02))
    order = [line.split()[1] for line in said.splitlines() if line.startswith("accepted")]
    changes = sum(first != second for first, second in pairwise(order))
    assert changes > 3


async def test_a_pipe_hears_of_each_message_how_it_was_understood() -> None:
    conversations, said = await played(FakeApi(), 1)
    assert f"accepted  double-charge 1/{len(conversations[0].sample.messages)}" in said
    assert "negative, angry, High, Refund Request, email" in said


async def test_nothing_that_was_written_is_shown_as_it_was_written() -> None:
    conversations, said = await played(FakeApi(), 14)
    raw = [line for one in conversations for message in one.sample.messages for line in message.message.splitlines()]
    shown = said + "".join(one.last_message for one in conversations)
    assert [line for line in raw if line and line in shown] == []
    assert conversations[0].last_message == "redacted 5"


async def test_a_broker_that_is_not_there_yet_is_waited_for() -> None:
    conversations, _ = await played(FakeApi(fail_posts=3), 1)
    assert conversations[0].succeeded


async def test_a_post_that_keeps_failing_is_trouble() -> None:
    conversations, said = await played(FakeApi(fail_posts=1000), 2)
    assert not any(one.succeeded for one in conversations)
    assert "POST /v1/messages answered 503" in said


async def test_trouble_with_one_conversation_leaves_the_others_alone() -> None:
    conversations = [Played(sample) for sample in load_samples()[:2]]
    fake = FakeApi(refused=conversations[0].sample.conversation_id)
    async with connected(fake) as api:
        await Stage(api, Screen(Console(file=io.StringIO())), FAST).play(conversations)
    assert [one.succeeded for one in conversations] == [False, True]


async def test_a_stream_that_closes_is_trouble() -> None:
    conversations, said = await played(FakeApi(cut_after=1), 1)
    assert not conversations[0].succeeded
    assert "the WebSocket was closed (code 1001)" in said


async def test_an_agent_that_failed_is_not_a_success() -> None:
    conversations, _ = await played(FakeApi(agent_status="failed"), 1)
    assert conversations[0].analysed == len(conversations[0].sample.messages)
    assert not conversations[0].succeeded


async def test_a_message_without_a_complete_insight_keeps_the_demo_waiting() -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(played(FakeApi(silent=True), 1), 0.5)


def test_nothing_played_has_no_latency() -> None:
    assert verdict([Played(load_samples()[0])]) == "0 of 5 messages became insights"


async def test_readiness_names_what_is_waited_for() -> None:
    async with connected(FakeApi(ready_after=1)) as api:
        first, second = await api.readiness(), await api.readiness()
    assert (first.ready, first.detail) == (False, "tables")
    assert second.ready
