from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import grpc
import pytest

from tests.gemini_fake.server import FakeGemini

REPOSITORY = Path(__file__).parents[2]
SCHEMA = {"type": "OBJECT", "properties": {"sentiment": {"type": "STRING", "enum": ["negative", "positive"]}}}
REST = {
    "contents": [{"role": "user", "parts": [{"text": "This is great, thanks"}]}],
    "generationConfig": {"responseMimeType": "application/json", "responseSchema": SCHEMA},
}


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with FakeGemini() as fake, aiohttp.ClientSession(fake.base_url) as opened:
        yield opened


async def asked(session: aiohttp.ClientSession) -> tuple[int, Any]:
    async with session.post("/v1beta/models/m:generateContent", json=REST) as response:
        return response.status, await response.json()


async def told(session: aiohttp.ClientSession, path: str, what: Any) -> int:
    async with session.post(path, json=what) as response:
        return response.status


async def test_rest_answers_in_geminis_form(session: aiohttp.ClientSession) -> None:
    status, body = await asked(session)

    assert status == 200
    assert json.loads(body["candidates"][0]["content"]["parts"][0]["text"]) == {"sentiment": "positive"}
    assert body["candidates"][0]["finishReason"] == "STOP"
    assert body["usageMetadata"]["totalTokenCount"] > 0


async def test_rest_says_errors_in_googles_form(session: aiohttp.ClientSession) -> None:
    await told(session, "/__script", ["rate_limit retry_after=2.5", "safety_prompt"])

    status, body = await asked(session)
    _, blocked = await asked(session)

    assert (status, body["error"]["status"]) == (429, "RESOURCE_EXHAUSTED")
    assert body["error"]["details"][0]["retryDelay"] == "2.5s"
    assert blocked["promptFeedback"] == {"blockReason": "SAFETY"}
    assert "candidates" not in blocked


async def test_it_is_steered_and_looked_at_over_http(session: aiohttp.ClientSession) -> None:
    assert await told(session, "/__faults", {"rates": {"internal": 1.0}, "latency": [0, 0.01], "seed": 1}) == 200
    assert (await asked(session))[0] == 500
    assert await told(session, "/__faults", {"requests_per_minute": 2}) == 200
    assert await told(session, "/__script", {"say": "word for word"}) == 200
    _, body = await asked(session)
    assert body["candidates"][0]["content"]["parts"][0]["text"] == "word for word"

    async with session.get("/__stats") as response:
        stats = await response.json()
    async with session.get("/__received", params={"contains": "great"}) as response:
        received = await response.json()

    assert stats["counts"] == {"requests": 2, "conversations": 2, "internal": 1, "ok": 1}
    assert (stats["in_flight"], stats["most_in_flight"], stats["most_in_window"]) == (0, 1, 2)
    assert received == {"kept": 2, "with": 2}


async def test_a_reset_forgets_counts_script_and_faults(session: aiohttp.ClientSession) -> None:
    await told(session, "/__faults", {"rates": {"internal": 1.0}})
    await told(session, "/__script", ["unavailable"])

    assert await told(session, "/__reset", {}) == 200

    assert (await asked(session))[0] == 200
    async with session.get("/__stats") as response:
        assert (await response.json())["counts"] == {"requests": 1, "conversations": 1, "ok": 1}


async def test_a_wish_for_an_unknown_fault_is_refused(session: aiohttp.ClientSession) -> None:
    assert await told(session, "/__faults", {"rates": {"tired": 1.0}}) == 400
    assert await told(session, "/__faults", {"moods": 1}) == 400
    assert await told(session, "/__script", ["tired"]) == 400


def test_a_process_of_its_own_prints_its_ports_and_then_what_it_saw(tmp_path: Path) -> None:
    authority = tmp_path / "authority.pem"
    command = [sys.executable, "-m", "tests.gemini_fake", "--ca-out", str(authority), "--rpm", "5", "--lifetime", "0.5"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=True)

    ports, stats = [json.loads(line) for line in done.stdout.splitlines()]

    assert sorted(ports) == ["grpc", "grpc_tls", "http"]
    assert all(ports.values())
    assert stats["counts"] == {}
    assert authority.read_bytes().startswith(b"-----BEGIN CERTIFICATE-----")
    assert done.stderr == ""


async def test_it_listens_again_on_the_same_ports() -> None:
    async with FakeGemini() as fake:
        before = fake.ports
        await fake.restart()
        assert fake.ports == before
        async with grpc.aio.insecure_channel(f"127.0.0.1:{before.grpc}") as channel:
            await channel.channel_ready()
