"""The live page where credentials are wanted, in a real browser, under the policy that it is served with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from signalstream.core.keys import ConversationKey
from signalstream.models.intelligence import Summary
from signalstream.web.site import build_web_application
from tests.web.guarded import Guarded
from tests.web.insights import update
from tests.web.test_live_page import drawn

pytestmark = pytest.mark.browser
OWN = ConversationKey("acme", "c-1")
# Opens the page in a window, types into its form as a person would, and shows what became of it. A fetch holds the
# browser's virtual time still, so that the pauses are real ones.
TYPING = """<!doctype html><body><script type="module">
const page = open("/#c-1");
const pause = () => fetch("/pause");
const form = () => page.document.getElementById("key-form");
while (!form() || form().hidden) await pause();
page.document.getElementById("key").value = "%s";
form().requestSubmit();
for (let i = 0; i < 40 && !page.document.body.textContent.includes("%s"); i += 1) await pause();
document.body.append(page.document.body.cloneNode(true), page.location.href);
</script></body>"""


@asynccontextmanager
async def served(world: Guarded, typed: str, awaited: str) -> AsyncIterator[TestClient]:
    async def type_it(_request: web.Request) -> web.Response:
        return web.Response(text=TYPING % (typed, awaited), content_type="text/html")

    async def pause(_request: web.Request) -> web.Response:
        await asyncio.sleep(0.1)
        return web.Response()

    application = build_web_application(world.services(), world.settings, clock=world.clock)
    application.router.add_get("/typing", type_it)
    application.router.add_get("/pause", pause)
    async with TestClient(TestServer(application)) as client:
        yield client


@pytest.fixture
def world() -> Guarded:
    world = Guarded()
    world.live.apply(update(4, OWN, summary=Summary(tldr="late parcel", customer_issue="late")))
    world.live.apply(update(9, ConversationKey("other", "theirs")))
    return world


async def test_without_a_credential_the_page_asks_for_one_and_shows_nothing(world: Guarded, tmp_path: Path) -> None:
    async with world.served() as client:
        page = await drawn(client.make_url("/"), tmp_path)
    assert "This deployment wants a credential." in page
    assert '<form id="key-form" class="ask">' in page
    assert "late parcel" not in page


async def test_a_key_typed_into_the_page_opens_its_tenants_list_and_stream(world: Guarded, tmp_path: Path) -> None:
    key = world.key("insights:read")["Authorization"].removeprefix("Bearer ")
    async with served(world, key, "Live: revision 4") as client:
        page = await drawn(client.make_url("/typing"), tmp_path)
    shown = page.rpartition("</script>")[2]
    assert "Live: revision 4" in shown
    assert "late parcel" in shown
    assert "theirs" not in shown
    assert key not in shown
    assert '<form id="key-form" class="ask" hidden="">' in shown


async def test_a_key_that_does_not_hold_is_asked_for_again_with_the_reason(world: Guarded, tmp_path: Path) -> None:
    async with served(world, "signalstream_guess", "This is no API key") as client:
        page = await drawn(client.make_url("/typing"), tmp_path)
    shown = page.rpartition("</script>")[2]
    assert "This is no API key" in shown
    assert "late parcel" not in shown
