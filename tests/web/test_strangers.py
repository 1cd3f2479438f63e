from __future__ import annotations

import json

import pytest
from aiohttp.test_utils import TestClient

from signalstream.security.issuing import revoke
from tests.web.limited import Limited, limited_settings

LIST, STREAM = "/v1/conversations", "/ws/conversations/c-1/stream"
WRONG = {"Authorization": "Bearer ss_wrong"}


def world_of(**changes: object) -> Limited:
    return Limited(settings=limited_settings(**({"refused_credentials_per_minute": 3} | changes)))


async def statuses(client: TestClient, times: int, headers: dict[str, str], path: str = LIST) -> list[int]:
    found = []
    for _ in range(times):
        async with client.get(path, headers=headers) as answer:
            found.append(answer.status)
    return found


@pytest.mark.parametrize("headers", [{}, WRONG, {"Authorization": "Basic eDp5"}])
async def test_an_address_without_a_good_credential_is_told_429_after_a_while(headers: dict[str, str]) -> None:
    world = world_of()
    async with world.served() as client:
        assert await statuses(client, 4, headers) == [401, 401, 401, 429]
        async with client.get(LIST, headers=headers) as answer:
            assert (await answer.json())["type"] == "urn:signalstream:problem:too-many-refusals"
            assert answer.headers["Retry-After"] == "20"

        world.now += 20
        assert await statuses(client, 2, headers) == [401, 429]


async def test_nobody_tries_keys_out_a_good_one_that_is_new_here_is_not_looked_at_either() -> None:
    world = world_of()
    new = world.key()
    async with world.served() as client:
        await statuses(client, 3, WRONG)

        assert await statuses(client, 1, new) == [429]
        assert await statuses(client, 1, new, "/health") == [200]
        async with client.get("/health", headers=world.key("admin")) as answer:
            assert (await answer.json())["parts"] == {}  # nor is /health a place to try keys out at


async def test_who_was_let_in_lately_is_not_locked_out_by_a_neighbour_behind_the_same_address() -> None:
    world = world_of()
    known = world.key()
    async with world.served() as client:
        await statuses(client, 1, known)
        assert (await statuses(client, 20, WRONG))[-1] == 429

        assert await statuses(client, 3, known) == [200] * 3


async def test_a_known_credential_that_was_revoked_is_still_refused() -> None:
    world = world_of()
    issued, record = world.keys.issue(tenant="acme")
    headers = {"Authorization": f"Bearer {issued.text}"}
    async with world.served() as client:
        assert await statuses(client, 1, headers) == [200]
        world.keys.write(revoke(record, world.keys.clock.now()))

        assert await statuses(client, 5, headers) == [401] * 5


async def test_tries_at_health_count_and_probes_without_a_credential_do_not() -> None:
    world = world_of()
    async with world.served() as client:
        await statuses(client, 20, {}, "/health")
        assert await statuses(client, 1, WRONG) == [401]

        await statuses(client, 3, WRONG, "/health")
        assert await statuses(client, 1, WRONG) == [429]


async def test_behind_a_proxy_that_is_trusted_each_client_counts_for_itself() -> None:
    world = world_of(trusted_proxies="127.0.0.0/8")
    async with world.served() as client:
        first, second = ({**WRONG, "X-Forwarded-For": address} for address in ("203.0.113.1", "203.0.113.2"))

        assert await statuses(client, 4, first) == [401, 401, 401, 429]
        assert await statuses(client, 1, second) == [401]


async def test_without_a_trusted_proxy_the_header_gains_nobody_anything() -> None:
    async with world_of().served() as client:
        found = [await statuses(client, 1, {**WRONG, "X-Forwarded-For": f"203.0.113.{n}"}) for n in range(4)]

        assert found == [[401], [401], [401], [429]]


async def test_zero_is_no_limit() -> None:
    async with world_of(refused_credentials_per_minute=0).served() as client:
        assert await statuses(client, 30, WRONG) == [401] * 30


@pytest.mark.parametrize("bound", ["unauthenticated_websockets", "unauthenticated_websockets_per_address"])
async def test_sockets_that_have_yet_to_authenticate_are_bounded_and_others_come_in(bound: str) -> None:
    world = world_of(**{bound: 2})
    async with world.served() as client:
        waiting = [await client.ws_connect(STREAM) for _ in range(2)]
        async with client.get(STREAM, headers=UPGRADE) as refused:
            problem = await refused.json()
            assert (refused.status, problem["type"]) == (429, "urn:signalstream:problem:too-many-websockets")
        async with client.ws_connect(STREAM, headers=world.key()) as known:
            assert (await known.receive_json(timeout=2))["type"] == "connected"

        await waiting[0].send_str(
            json.dumps({"type": "authenticate", "token": world.key(tenant="b")["Authorization"].split()[1]})
        )
        assert (await waiting[0].receive_json(timeout=2))["type"] == "connected"
        async with client.ws_connect(STREAM):  # the one that is known takes no such place any more
            pass


async def test_frames_with_wrong_credentials_count_as_requests_do() -> None:
    world = world_of()
    async with world.served() as client:
        codes = []
        for _ in range(4):
            socket = await client.ws_connect(STREAM)
            await socket.send_str(json.dumps({"type": "authenticate", "token": "ss_wrong"}))
            codes.append((await socket.receive(timeout=2)).data)

        assert codes == [4401, 4401, 4401, 4429]


UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
