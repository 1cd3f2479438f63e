"""The checks of open streams' credentials: each for itself, however many there are."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from signalstream.errors import AuthenticationUnavailableError, CredentialError
from signalstream.web.standing import CHECKED_AT_ONCE, StandingChecks


class Holders:
    """Whose credentials hold: a request's path says what is raised for it."""

    def __init__(self) -> None:
        self.asked = 0
        self.errors: dict[str, Exception] = {}

    def still_holds(self, request: web.Request) -> None:
        self.asked += 1
        if request.path in self.errors:
            raise self.errors[request.path]


@pytest.fixture
def holders() -> Holders:
    return Holders()


async def test_a_refusal_ends_its_own_stream_alone_and_later_streams_are_checked_too(holders: Holders) -> None:
    checks = StandingChecks(holders.still_holds)
    requests = [make_mocked_request("GET", f"/{number}") for number in range(CHECKED_AT_ONCE + 2)]
    streams = [asyncio.create_task(checks.refusal(each)) for each in requests]
    holders.errors = {
        "/0": AuthenticationUnavailableError("the broker is silent"),
        "/1": CredentialError("revoked", "credential-revoked"),
        "/2": ValueError("nobody foresaw it"),
        f"/{CHECKED_AT_ONCE + 1}": CredentialError("expired", "credential-expired"),
    }

    ended, others = await asyncio.wait(streams, timeout=1.5)

    assert ended == {streams[1], streams[2], streams[-1]}
    assert (streams[1].result().word, streams[-1].result().word) == ("credential-revoked", "credential-expired")
    assert isinstance(streams[2].exception(), ValueError)
    for each in others:
        each.cancel()
    await asyncio.wait(others)
    assert (checks._waiting, checks._rounds) == ({}, None)

    again = asyncio.create_task(checks.refusal(requests[1]))
    assert (await asyncio.wait_for(again, 1.5)).word == "credential-revoked"
