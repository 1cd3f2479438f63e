from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from signalstream.errors import AuthenticationUnavailableError
from signalstream.security.key_fetch import MOST_BYTES, FromAddress, FromFile
from signalstream.security.key_set import MOST_KEYS, KeySetCache, read_key_set
from tests.security.issuer import Issuer, Signer

ONE, OTHER = Signer.make("ES256", "one"), Signer.make("EdDSA", "other")


class Time:
    """A monotonic clock that is set."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def cache(fetch: Any, now: Time) -> KeySetCache:
    return KeySetCache(fetch, now, refresh_seconds=600, retry_seconds=30, outage_seconds=3600)


def test_keys_that_must_not_check_a_token_are_left_out():
    short, fine = Signer.make("RS256", "short", bits=1024), Signer.make("RS256", "fine")
    listed = [
        fine.jwk(alg="RS256", use="sig", x5c=["ignored"]),
        short.jwk(),
        ONE.jwk(use="enc"),
        OTHER.jwk() | {"crv": "X25519"},
        ONE.jwk() | {"crv": "P-384"},
        ONE.jwk() | {"x": "AAAA"},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "secret"},
        {"kty": "RSA"},
        "no key",
        ONE.jwk() | {"kid": 7},
    ]

    found = read_key_set(json.dumps({"keys": listed}).encode())

    assert len(found) == 1
    assert found.find("RSA", "fine") is not None


def test_a_private_key_in_the_set_is_taken_as_its_public_half():
    found = read_key_set(json.dumps({"keys": [ONE.jwk() | {"d": ONE.jwk()["x"]}]}).encode()).find("EC", "one")

    assert found is not None
    assert not found.is_private


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"keys":{}}', b'{"keys":[]}', b"\xff", b"<html>"])
def test_a_document_without_a_usable_key_is_no_key_set(body: bytes):
    with pytest.raises(ValueError):  # noqa: PT011  # json's, unicode's and our own say different things
        read_key_set(body)


def test_a_set_of_too_many_keys_is_refused():
    with pytest.raises(ValueError, match=f"at most {MOST_KEYS}"):
        read_key_set(json.dumps({"keys": [ONE.jwk()] * (MOST_KEYS + 1)}).encode())


async def test_a_new_key_is_fetched_at_once_and_an_unknown_one_at_most_every_so_often():
    issuer, now = Issuer([ONE.jwk()]), Time()
    async with issuer.served() as url:
        keys = cache(FromAddress(url), now)
        assert await keys.find("EC", "one")
        issuer.keys.append(OTHER.jwk())
        assert await keys.find("OKP", "other") is None
        now.seconds = 30
        assert await keys.find("OKP", "other")
        assert issuer.fetches == 2

        for guess in range(50):
            assert await keys.find("EC", f"guess-{guess}") is None
        assert issuer.fetches == 2


async def test_many_who_wait_for_the_first_keys_cause_one_fetch():
    issuer = Issuer([ONE.jwk()])
    async with issuer.served() as url:
        keys = cache(FromAddress(url), Time())
        assert all(await asyncio.gather(*(keys.find("EC", "one") for _ in range(50))))
    assert issuer.fetches == 1


async def test_who_gives_up_waiting_does_not_end_the_fetch_for_the_others():
    gate = asyncio.Event()

    async def fetch() -> bytes:
        await gate.wait()
        return Issuer([ONE.jwk()]).document()

    keys = cache(fetch, Time())
    leaving, staying = asyncio.create_task(keys.find("EC", "one")), asyncio.create_task(keys.find("EC", "one"))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.sleep(0)
    gate.set()

    assert await staying


async def test_an_outage_of_the_issuer_is_survived_for_a_bounded_time_and_then_said():
    issuer, now = Issuer([ONE.jwk()]), Time()
    async with issuer.served() as url:
        keys = cache(FromAddress(url), now)
        await keys.find("EC", "one")
        issuer.status = 500
        for now.seconds in (599, 700, 1_300, 4_200):
            assert await keys.find("EC", "one")
            await asyncio.sleep(0.05)
        assert keys.health()["status"] == "degraded"
        assert issuer.fetches > 1

        now.seconds = 4_201
        with pytest.raises(AuthenticationUnavailableError, match="Ask again"):
            await keys.find("EC", "one")
        issuer.status = 200
        now.seconds = 4_300
        assert await keys.find("EC", "one")
        assert keys.health()["status"] == "ok"


async def test_a_key_that_the_issuer_withdrew_is_gone_with_the_next_fetch():
    issuer, now = Issuer([ONE.jwk(), OTHER.jwk()]), Time()
    async with issuer.served() as url:
        keys = cache(FromAddress(url), now)
        assert await keys.find("EC", "one")
        issuer.keys.remove(ONE.jwk())
        now.seconds = 601
        await keys.find("EC", "one")
        await asyncio.sleep(0.2)
        assert await keys.find("EC", "one") is None
        await keys.stop()


@pytest.mark.parametrize("fault", ["redirect", "huge", "silent", "not keys"])
async def test_an_issuer_that_misbehaves_is_an_outage(fault: str):
    issuer = Issuer([ONE.jwk()])
    issuer.status = {"redirect": 302, "silent": 204}.get(fault, 200)
    issuer.body = {"huge": b" " * (MOST_BYTES + 1), "not keys": b'{"keys": "none"}'}.get(fault)
    async with issuer.served() as url:
        keys = cache(FromAddress(url), Time())
        with pytest.raises(AuthenticationUnavailableError):
            await keys.find("EC", "one")
        assert issuer.fetches == 1
        assert keys.health() == {"status": "degraded", "keys": 0}


async def test_a_file_is_read_anew_when_it_is_due(tmp_path: Path):
    file, now = tmp_path / "keys.json", Time()
    file.write_bytes(Issuer([ONE.jwk()]).document())
    keys = cache(FromFile(file), now)
    assert await keys.find("EC", "one")

    file.write_bytes(Issuer([OTHER.jwk()]).document())
    now.seconds = 30
    assert await keys.find("OKP", "other")


async def test_a_file_that_is_too_large_is_not_read_whole(tmp_path: Path):
    file = tmp_path / "keys.json"
    file.write_bytes(b" " * (MOST_BYTES + 1))

    with pytest.raises(ValueError, match="more than"):
        await FromFile(file)()
