"""Two workers that want credentials: a key opens both, and its revocation closes both within five seconds."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import aiohttp
import pytest

from tests.client import eventually
from tests.kafka.conftest import PARTITIONS, Deployment
from tests.kafka.test_keys import SECRET, command
from tests.security.issuer import AUDIENCE, ISSUER, Issuer, Signer, claims
from tests.workers import Worker

pytestmark = pytest.mark.kafka
SIGNER = Signer.make("ES256", "one")
REVOKED_SECONDS = 5.0


async def status_of(session: aiohttp.ClientSession, url: str, credential: str) -> int:
    async with session.get(url, headers={"Authorization": f"Bearer {credential}"}) as answer:
        return answer.status


async def test_a_key_and_a_token_open_both_workers_and_a_revocation_closes_both(
    on_kafka: Deployment, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    file = tmp_path / "keys.json"
    file.write_bytes(Issuer([SIGNER.jwk()]).document())
    workers = await two_workers(on_kafka, file)
    settings = {
        **on_kafka.names.environment(), "SIGNALSTREAM_KAFKA_BROKERS": on_kafka.bootstrap,
        "SIGNALSTREAM_PARTITIONS": str(PARTITIONS), "SIGNALSTREAM_AUTH_SECRET": SECRET,
    }  # fmt: skip
    scopes = ("--scope", "messages:write", "--scope", "insights:read")
    issued = await command(settings, tmp_path, "issue", "--tenant", "acme", *scopes, "--label", "shop", "--json")
    key = json.loads(issued.stdout)
    lists = [f"{worker.url}/v1/conversations" for worker in workers]

    async def both_open() -> bool | None:
        return [await status_of(session, url, key["key"]) for url in lists] == [200, 200] or None

    await eventually(both_open, "the new key on both workers", REVOKED_SECONDS)
    await a_message_is_read_on_both(session, workers, key["key"])

    async with session.ws_connect(
        f"{workers[0].url}/ws/conversations/any/stream", headers={"Authorization": f"Bearer {key['key']}"}
    ) as socket:
        assert (await socket.receive_json(timeout=5))["type"] == "connected"
        await command(settings, tmp_path, "revoke", key["key_id"])
        revoked = time.monotonic()
        for url in lists:
            while await status_of(session, url, key["key"]) != 401:
                assert time.monotonic() - revoked < REVOKED_SECONDS
                await asyncio.sleep(0.05)
        assert (await socket.receive(timeout=REVOKED_SECONDS)).data == 4410
        assert time.monotonic() - revoked < REVOKED_SECONDS

    async def used() -> bool | None:
        rows = json.loads((await command(settings, tmp_path, "list", "--json")).stdout)
        return rows[0]["last_used_at"] is not None or None

    await eventually(used, "the key's last use", 15)


async def two_workers(on_kafka: Deployment, keys_file: Path) -> list[Worker]:
    wanted = {
        "auth": "required", "auth_secret": SECRET, "jwt_issuer": ISSUER, "jwt_audience": AUDIENCE,
        "jwt_keys_file": str(keys_file), "health_details": "everyone", "analyst": "local",
    }  # fmt: skip
    workers = [on_kafka.start(**wanted)]
    await asyncio.to_thread(workers[0].wait_ready)
    workers.append(on_kafka.start(**wanted))
    for worker in reversed(workers):
        await asyncio.to_thread(worker.wait_ready)
    return workers


async def a_message_is_read_on_both(session: aiohttp.ClientSession, workers: list[Worker], key: str) -> None:
    """Post with the key, read with a token of the same tenant: one of the two workers has to ask the other."""
    now = int(time.time())
    token = SIGNER.sign(claims(iat=now, nbf=now, exp=now + 300))
    message = {"conversation_id": "c-1", "sender": "customer", "message": "where is my parcel?"}
    headers = {"Authorization": f"Bearer {key}"}
    async with session.post(f"{workers[0].url}/v1/messages", json=message, headers=headers) as answer:
        assert answer.status == 202
    for worker in workers:
        url = f"{worker.url}/v1/conversations/c-1"

        async def read(url: str = url) -> bool | None:
            return await status_of(session, url, token) == 200 or None

        await eventually(read, f"the conversation on {url}")
        other = SIGNER.sign(claims(iat=now, nbf=now, exp=now + 300, tenant_id="other"))
        assert await status_of(session, url, other) == 404
