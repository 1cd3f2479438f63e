from __future__ import annotations

import asyncio
import base64
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiokafka.errors import KafkaError

from signalstream.streaming.tokens import CommandToken, EndpointToken, FileToken, TokenError
from tests.gemini_fake.certificates import certificates


@dataclass
class Issuer:
    """A token endpoint: answers with ``answers`` in turn, and keeps what it was asked."""

    answers: list[tuple[int, Any]]
    asked: list[dict[str, str]] = field(default_factory=list)
    clients: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append({name: str(value) for name, value in (await request.post()).items()})
        self.clients.append(base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode())
        status, body = self.answers[min(len(self.asked), len(self.answers)) - 1]
        return web.json_response(body, status=status)


@asynccontextmanager
async def serving(issuer: Issuer, context: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/token", issuer.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        yield f"http{'s' if context else ''}://127.0.0.1:{runner.addresses[0][1]}/token"
    finally:
        await runner.cleanup()


async def test_a_file_is_read_anew_for_each_token(tmp_path: Path):
    file = tmp_path / "token"
    source = FileToken(file)
    file.write_text("first\n")
    assert await source.token() == "first"
    file.write_text("second\n")
    assert await source.token() == "second"
    file.unlink()
    with pytest.raises(TokenError, match="cannot be read") as refused:
        await source.token()
    assert refused.value.final


async def test_what_a_command_prints_is_the_token_and_no_shell_sees_it():
    assert await CommandToken(f"{sys.executable} -c 'print(1 + 1, \"; $HOME\")'").token() == "2 ; $HOME"


@pytest.mark.parametrize(
    ("command", "said", "final"),
    [
        ("/no/such/command", "cannot be run", True),
        (f"{sys.executable} -c 'raise SystemExit(3)'", "ended with code 3 and no token", False),
        (f"{sys.executable} -c ''", "ended with code 0 and no token", False),
    ],
)
async def test_a_command_without_a_token_says_so(command: str, said: str, final: bool):
    with pytest.raises(TokenError, match=said) as refused:
        await CommandToken(command).token()
    assert refused.value.final is final


async def test_an_endpoint_is_asked_by_client_credentials_and_again_before_the_token_expires():
    issuer = Issuer([(200, {"access_token": "one", "expires_in": 100}), (200, {"access_token": "two"})])
    now = 0.0
    async with serving(issuer) as url:
        source = EndpointToken(url, ("us", "p+ss"), "kafka", None, clock=lambda: now)
        assert [await source.token(), await source.token()] == ["one", "one"]
        now = 79.0
        assert await source.token() == "one"
        now = 81.0
        assert await source.token() == "two"
    assert issuer.asked == [{"grant_type": "client_credentials", "scope": "kafka"}] * 2
    assert issuer.clients == ["us:p%2Bss"] * 2  # RFC 6749, 2.3.1


async def test_several_event_loops_share_a_source():
    issuer = Issuer([(200, {"access_token": "one", "expires_in": 100})])
    async with serving(issuer) as url:
        source = EndpointToken(url, ("us", "secret"), None, None)
        elsewhere = await asyncio.to_thread(lambda: asyncio.run(source.token()))
        assert [elsewhere, await source.token()] == ["one", "one"]


@pytest.mark.parametrize(
    ("status", "body", "said", "final"),
    [
        (401, {"error": "invalid_client"}, "refused this client: 401 invalid_client", True),
        (503, {}, "refused this client: 503", False),
        (200, {"token": "elsewhere"}, "answered 200 without an access_token", True),
        (200, "text", "without an access_token", True),
    ],
)
async def test_an_endpoint_that_gives_no_token_is_quoted_without_the_secret(
    status: int, body: Any, said: str, final: bool
):
    async with serving(Issuer([(status, body)])) as url:
        with pytest.raises(TokenError, match=said) as refused:
            await EndpointToken(url, ("us", "hush-hush"), None, None).token()
    assert refused.value.final is final
    assert "hush-hush" not in str(refused.value)


async def test_an_endpoint_that_is_away_is_a_fault_of_kafkas_kind_so_that_clients_go_on_trying():
    with pytest.raises(KafkaError, match="gave no token"):
        await EndpointToken("http://127.0.0.1:1/token", ("us", "secret"), None, None).token()


async def test_an_endpoint_is_believed_by_its_authority_only(tmp_path: Path):
    pem = certificates()
    files = {"ca": pem.authority, "cert": pem.certificate, "key": pem.key}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "cert", tmp_path / "key")
    async with serving(Issuer([(200, {"access_token": "one"})]), context) as url:
        assert await EndpointToken(url, ("us", "secret"), None, tmp_path / "ca").token() == "one"
        with pytest.raises(TokenError, match="certificate verify failed"):
            await EndpointToken(url, ("us", "secret"), None, None).token()
