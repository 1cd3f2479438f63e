from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from signalstream.core.keys import ConversationKey
from signalstream.models.intelligence import Summary
from signalstream.models.live import Update
from signalstream.web.site import build_web_application
from tests.machine import browser_command
from tests.web.conftest import World
from tests.web.insights import KEY, update

HOSTILE = "<img src=x onerror=alert(1)>"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--virtual-time-budget=3000",
    "--disable-popup-blocking",
    "--dump-dom",
)

# Opens the page in a window, waits until it shows the conversation, has it erased, and shows what became of the page.
WATCHING = """<!doctype html><body><script type="module">
const page = open("/#c-1");
const shows = (text) => page.document.body && page.document.body.textContent.includes(text);
const until = async (seen) => { for (let i = 0; i < 60 && !seen(); i += 1) await fetch("/pause"); };
await until(() => shows("Live: revision 4") && page.document.querySelector('[data-conversation="c-1"]'));
document.body.append(page.document.body.cloneNode(true), "and then");
await fetch("/erase");
await until(() => shows("was erased") && !page.document.querySelector('[data-conversation="c-1"]'));
document.body.append(page.document.body.cloneNode(true));
</script></body>"""

pytestmark = pytest.mark.browser


async def drawn(url: URL, profile: Path) -> str:
    """Return what a browser makes of a page, as markup."""
    browser = await asyncio.create_subprocess_exec(
        browser_command(),
        *FLAGS,
        f"--user-data-dir={profile}",
        str(url),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        output, _ = await asyncio.wait_for(browser.communicate(), 60)
    finally:
        if browser.returncode is None:
            browser.kill()
            await browser.wait()
    return output.decode()


async def test_the_page_lists_conversations_and_shows_one_live(
    world: World, client: TestClient, tmp_path: Path
) -> None:
    key = ConversationKey("demo-tenant", f"{HOSTILE} 50% a/b")
    world.live.apply(update(1, ConversationKey("demo-tenant", "another")))
    world.live.apply(update(4, key, summary=Summary(tldr=f"late parcel {HOSTILE}", customer_issue="late")))
    page = await drawn(client.make_url("/").with_fragment(key.conversation_id), tmp_path)
    assert "Live: revision 4" in page
    assert "negative · angry" in page
    assert page.count("late parcel &lt;img") == 2
    assert 'data-conversation="another"' in page
    assert re.search("<img|<b>", page) is None


async def test_a_conversation_that_is_erased_leaves_the_page_that_shows_it(world: World, tmp_path: Path) -> None:
    world.live.apply(update(4, KEY, summary=Summary(tldr="late parcel", customer_issue="late")))
    world.live.apply(update(4, ConversationKey("demo-tenant", "another")))

    async def answer(request: web.Request) -> web.Response:
        if request.path == "/watching":
            return web.Response(text=WATCHING, content_type="text/html")
        if request.path == "/erase":
            world.live.apply(Update(kind="erased", **KEY._asdict(), emitted_at=world.clock.now(), generation=5))
        await asyncio.sleep(0.05)  # while it waits for an answer the browser's virtual time stands still
        return web.Response()

    application = build_web_application(world.services(), world.settings, clock=world.clock)
    for path in ("/watching", "/erase", "/pause"):
        application.router.add_get(path, answer)
    async with TestClient(TestServer(application)) as client:
        page = await drawn(client.make_url("/watching"), tmp_path)

    before, _, after = page.rpartition("</script>")[2].partition("and then")
    assert before.count("late parcel") == 2
    assert "This conversation was erased." in after
    assert "late parcel" not in after
    assert 'data-conversation="c-1"' not in after
    assert 'data-conversation="another"' in after


async def test_the_docs_show_every_operation(client: TestClient, tmp_path: Path) -> None:
    page = await drawn(client.make_url("/docs"), tmp_path)
    assert "Take in a message" in page
    assert "/v1/conversations/{conversation_id}/insights" in page.replace("<wbr>", "").replace("\u200b", "")
    assert "Failed to load" not in page
