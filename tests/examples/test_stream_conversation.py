from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from signalstream.streaming.embedded import EmbeddedBroker, free_port
from tests.cli.fake_api import FakeApi, serving
from tests.examples.guide import REPOSITORY
from tests.workers import Worker

pytestmark = pytest.mark.slow

EXAMPLE = REPOSITORY / "examples" / "stream_conversation.py"
SETTINGS = {"SIGNALSTREAM_PARTITIONS": "2", "SIGNALSTREAM_SESSION_TIMEOUT_SECONDS": "6"}


async def example(url: str, seconds: float = 60) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, EXAMPLE, "--url", url, "--conversation", "example-1",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        said, _ = await asyncio.wait_for(process.communicate(), seconds)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, said.decode()


def test_the_example_is_short_enough_to_read() -> None:
    assert len(EXAMPLE.read_text().splitlines()) < 120


async def test_it_posts_each_message_once_and_ends_when_the_last_is_analysed() -> None:
    fake = FakeApi()
    async with serving(fake) as url:
        code, said = await example(url)
    assert code == 0, said
    assert len(fake.posted["example-1"]) == 3
    assert "message 3 complete: negative | angry | High | Refund Request | email" in said
    assert "in short: Wants the money back." in said


async def test_it_comes_back_after_a_broken_stream_and_resumes_where_it_was() -> None:
    fake = FakeApi(cut_after=2)
    async with serving(fake) as url:
        code, said = await example(url)
    assert code == 0, said
    assert fake.resumed[:1] == ["2"]
    assert "stream closed with 1001; again in" in said
    updates = [line for line in said.splitlines() if line.startswith("update")]
    assert len(updates) == len(set(updates)), "an update was printed twice"


async def test_a_post_that_meets_a_503_is_sent_again_as_the_same_message() -> None:
    fake = FakeApi(fail_posts=2)
    async with serving(fake) as url:
        code, said = await example(url)
    assert code == 0, said
    assert len(fake.posted["example-1"]) == 3


async def test_a_refusal_ends_it_with_the_reason() -> None:
    async with serving(FakeApi(refused="example-1")) as url:
        code, said = await example(url)
    assert code == 1
    assert "refused with 422" in said


async def test_a_server_that_is_not_there_is_waited_for() -> None:
    with pytest.raises(TimeoutError):
        await example(f"http://127.0.0.1:{free_port()}", seconds=2)


@pytest.mark.embedded
async def test_it_runs_against_a_worker(tmp_path: Path) -> None:
    with EmbeddedBroker(tmp_path / "broker.log") as broker, Worker(broker.bootstrap, tmp_path, SETTINGS) as worker:
        await asyncio.to_thread(worker.wait_ready)
        code, said = await example(worker.url)
    assert code == 0, said
    assert "message 3 complete: positive" in said
    assert "kim.osei@example.com" not in said
