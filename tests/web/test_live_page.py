from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient
from yarl import URL

from signalstream.core.keys import ConversationKey
from signalstream.models.intelligence import Summary
from tests.machine import browser_command
from tests.web.conftest import World
from tests.web.insights import update

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


async def test_the_docs_show_every_operation(client: TestClient, tmp_path: Path) -> None:
    page = await drawn(client.make_url("/docs"), tmp_path)
    assert "Take in a message" in page
    assert "/v1/conversations/{conversation_id}/insights" in page.replace("<wbr>", "").replace("\u200b", "")
    assert "Failed to load" not in page
