"""Fixtures of the adapters' tests: the stand-in with certificates made for this run, and adapters that ask it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from signalstream.ai.gemini import Gemini
from signalstream.ai.remote.openai import OpenAI
from tests.ai.remote.contract import Connect, to_gemini, to_openai
from tests.gemini_fake.certificates import Certificates, certificates
from tests.gemini_fake.server import FakeGemini


@pytest.fixture(scope="session")
def tls() -> Certificates:
    """Give an authority that no machine trusts and a server's certificate of it."""
    return certificates()


@pytest.fixture(scope="session")
def authority(tls: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the file of that authority."""
    path = tmp_path_factory.mktemp("tls") / "authority.pem"
    path.write_bytes(tls.authority)
    return path


@pytest.fixture
async def fake(tls: Certificates) -> AsyncIterator[FakeGemini]:
    """Give a stand-in that answers over gRPC with TLS and over HTTP."""
    async with FakeGemini(tls=tls) as server:
        yield server


@pytest.fixture(params=[to_gemini, to_openai], ids=["gemini", "openai"])
def connect(request: pytest.FixtureRequest) -> Connect:
    """Give each way to make an adapter in turn."""
    return request.param  # type: ignore[no-any-return]  # one of the two above


@pytest.fixture
async def provider(connect: Connect, fake: FakeGemini, authority: Path) -> AsyncIterator[Gemini | OpenAI]:
    """Give each adapter in turn, started."""
    made = connect(fake, authority)
    await made.start()
    yield made
    await made.stop()
